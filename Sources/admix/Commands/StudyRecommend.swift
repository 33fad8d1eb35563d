import ArgumentParser
import Reports
import Results
import Study

/// What fits and choices share.
struct StudyFitting: ParsableArguments {
  @Option(help: "Of every interval.") var confidence = 0.9
  @Option(help: "Bootstrap replicates.") var bootstrap = 1000
  @Option(help: "Of every draw: the same seed gives the same answer.") var seed: UInt64 = 1
  @Option(
    name: .customLong("law"), parsing: .upToNextOption,
    help: "Laws to fit: mixing, d-cpt, cross-lingual, annealing-shift, critical-mixture (default: all that apply).")
  var laws: [String] = []
  @Option(help: "The law that predicts (default: by its error on cells left out).") var predictor: String?
  @Option(help: "Schedule of the learning rate, for annealing-shift: constant, cosine, linear or wsd.")
  var schedule: String?
  @Option(help: "With --schedule: steps of a cell.") var steps: Int?
  @Option(help: "With --schedule: steps of warm-up.") var warmupSteps = 0

  func apply(to options: inout StudyOptions) throws {
    options.confidence = confidence
    options.bootstrapCount = bootstrap
    options.seed = seed
    options.laws = laws.isEmpty ? nil : laws
    options.predictor = predictor
    guard let schedule else { return }
    guard let shape = LearningRateSchedule.Shape(rawValue: schedule) else {
      throw CommandFailure(.usage, "--schedule is `\(schedule)`, expected constant, cosine, linear or wsd")
    }
    guard let steps, (1...100_000_000).contains(steps), (0...steps).contains(warmupSteps) else {
      throw CommandFailure(.usage, "--schedule needs --steps, the steps of a cell, and --warmup-steps below it")
    }
    options.schedule = LearningRateSchedule(shape: shape, warmupSteps: warmupSteps, steps: steps)
  }
}

struct StudyRecommendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recommend", abstract: "Ratio and learning rate with intervals, and what stands behind them.")

  @Argument(help: "A table with a row a run (cells.csv).", completion: .file(extensions: ["csv"])) var cells: String
  @Option(help: "A table with a row an evaluation (curves.csv): shorter pilots' drift, critical mixture ratio.")
  var curves: String?
  @OptionGroup var sets: StudySets
  @OptionGroup var fitting: StudyFitting
  @Option(help: "Tokens that the next cells may cost, such as 10B.") var budget: String?
  @Option(help: "Write report.html, answer.json, answer.md and the plots' tables here.", completion: .directory)
  var output: String?
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    var options = try sets.options()
    try fitting.apply(to: &options)
    options.budgetTokens = try budget.map { try StudyFiles.tokens($0, option: "--budget") }
    let table = try StudyFiles.table(cells, rows: .runs, columns: sets.columns)
    let curves = try curves.map { try StudyFiles.table($0, rows: .evaluations, columns: sets.columns) }
    let answer = try StudyAnswer(cells: table, curves: curves, options: options)
    let files = [(name: "answer.json", text: answer.json), (name: "answer.md", text: answer.markdown)]
    try StudyFiles.deliver(
      json: answer.json, text: answer.markdown, files: files + answer.csvFiles + tables(table, curves), asJSON: json,
      output: output)
    if let output { try StudyReportFile.write(directory: Machine.absolute(output)) }
  }

  /// What the answer was made of, so that a report can be made of the directory alone; a file of that name stays.
  private func tables(_ cells: CellTable, _ curves: CellTable?) -> [(name: String, text: String)] {
    guard let output else { return [] }
    let directory = Machine.absolute(output)
    let tables = [("cells.csv", cells.csv)] + (curves.map { [("curves.csv", $0.csv)] } ?? [])
    return tables.filter { readText("\(directory)/\($0.0)") == nil }
  }
}

struct StudyFitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit", abstract: "Laws of the loss: parameters with intervals, and their error on cells left out.")

  @Argument(help: "A table with a row a run (cells.csv).", completion: .file(extensions: ["csv"])) var cells: String
  @Option(help: "A table with a row an evaluation (curves.csv), for laws of the length.")
  var curves: String?
  @OptionGroup var sets: StudySets
  @OptionGroup var fitting: StudyFitting
  @Option(help: "Write fit.json and fit.md here.", completion: .directory) var output: String?
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    var options = try sets.options()
    try fitting.apply(to: &options)
    let fit = try StudyFit(
      cells: try StudyFiles.table(cells, rows: .runs, columns: sets.columns),
      curves: try curves.map { try StudyFiles.table($0, rows: .evaluations, columns: sets.columns) }, options: options)
    try StudyFiles.deliver(
      json: fit.json, text: fit.markdown, files: [("fit.json", fit.json), ("fit.md", fit.markdown)], asJSON: json,
      output: output)
  }
}

struct StudyPlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "The cells that a study should begin with, for a budget.")

  @Option(help: "The lowest ratio.") var lowestRatio = 0.1
  @Option(help: "The highest ratio.") var highestRatio = 0.7
  @Option(help: "The lowest learning rate.") var lowestRate: Double
  @Option(help: "The highest learning rate.") var highestRate: Double
  @Option(help: "Training tokens of a cell, such as 2B.") var cellTokens: String
  @Option(help: "Training tokens of all cells, such as 50B.") var budget: String?
  @Option(help: "Seeds of each cell.") var repeats = 1
  @Option(help: "Write plan.json and plan.md here.", completion: .directory) var output: String?
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    guard lowestRatio < highestRatio, lowestRate < highestRate else {
      throw CommandFailure(
        .usage,
        "the lowest ratio and learning rate must be below the highest: found \(lowestRatio) to \(highestRatio), "
          + "\(lowestRate) to \(highestRate)")
    }
    var request = StudyPlan.Request(
      learningRates: lowestRate...highestRate, cellTokens: try StudyFiles.tokens(cellTokens, option: "--cell-tokens"))
    request.ratios = lowestRatio...highestRatio
    request.budgetTokens = try budget.map { try StudyFiles.tokens($0, option: "--budget") }
    request.repeats = repeats
    let plan = try StudyPlan(request)
    try StudyFiles.deliver(
      json: plan.json, text: plan.markdown, files: [("plan.json", plan.json), ("plan.md", plan.markdown)],
      asJSON: json, output: output)
  }
}
