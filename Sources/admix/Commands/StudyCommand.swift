import ArgumentParser
import Foundation
import Results
import Study

struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract:
      "Chooses mixture ratio and learning rate from a sweep's tables, and carries the choice to a larger model.",
    discussion: """
      plan        the cells to begin with
      fit         laws of the loss, with their error on cells they have not seen
      recommend   ratio and learning rate with intervals, under the limit on what may be forgotten
      transfer    the choice on a larger model: a band of learning rates
      verify      whether it held there

      Tables are CSV with columns almr, learning_rate and loss_NAME for each validation set; `sweep` jobs write them.
      """,
    subcommands: [
      StudyPlanCommand.self, StudyFitCommand.self, StudyRecommendCommand.self, StudyTransferCommand.self,
      StudyVerifyCommand.self,
    ])
}

/// Which losses count for what.
struct StudySets: ParsableArguments {
  @Option(
    name: .customLong("new"), parsing: .upToNextOption,
    help: "Validation sets of the added language, as NAME or NAME=WEIGHT.")
  var new: [String] = []
  @Option(parsing: .upToNextOption, help: "Sets of what the model was good at, independent of the replay text.")
  var retained: [String] = []
  @Option(parsing: .upToNextOption, help: "Sets of what the model was good at that come from the replay text.")
  var replayed: [String] = []
  @Option(parsing: .upToNextOption, help: "Losses before training that the table does not have, as NAME=LOSS.")
  var initial: [String] = []
  @Option(help: "How far a retained loss may rise, as a share of the loss before training.")
  var maxRetainedRise = 0.03
  @Flag(help: "Choose by weighted loss, whatever is forgotten.") var noConstraint = false
  @Option(help: "The new loss's share of the weighted sum.") var newLossWeight = 0.5

  func options() throws -> StudyOptions {
    let newSets = try new.map { text in
      let (name, weight) = try pair(text, option: "--new", needsNumber: false)
      return StudyOptions.NewSet(name, weight: weight ?? 1)
    }
    guard !newSets.isEmpty else {
      throw CommandFailure(
        .usage, "no validation set of the added language is named: give --new NAME (loss_NAME in the table)")
    }
    var options = StudyOptions(
      newSets: newSets,
      retainedSets: retained.map { StudyOptions.RetainedSet(plain($0), isIndependent: true) }
        + replayed.map { StudyOptions.RetainedSet(plain($0), isIndependent: false) })
    for text in initial {
      let (name, loss) = try pair(text, option: "--initial", needsNumber: true)
      options.initialLosses[name] = loss
    }
    options.maximumRetainedRise = noConstraint ? nil : maxRetainedRise
    options.newLossWeight = newLossWeight
    return options
  }

  /// Columns that the options name as sets, whether they begin with `loss_` or not.
  var columns: [String] { new.map { String($0.prefix { $0 != "=" }) } + retained + replayed }

  private func plain(_ name: String) -> String { name.hasPrefix("loss_") ? String(name.dropFirst(5)) : name }

  private func pair(_ text: String, option: String, needsNumber: Bool) throws -> (String, Double?) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 || !needsNumber, let name = parts.first, !name.isEmpty else {
      throw CommandFailure(.usage, "\(option) is `\(printable(text))`, expected NAME=NUMBER")
    }
    guard parts.count == 2 else { return (plain(String(name)), nil) }
    guard let value = Double(parts[1]), value.isFinite, value > 0 else {
      throw CommandFailure(.usage, "\(option) is `\(printable(text))`, expected NAME=NUMBER with a number above 0")
    }
    return (plain(String(name)), value)
  }
}

/// Tables as files.
enum StudyFiles {
  static func table(_ path: String, rows: CellTable.Rows, columns: [String]) throws -> CellTable {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CommandFailure(
        .usage, "\(printable(path)): there is no such file, or it cannot be read; expected a table of cells (CSV)")
    }
    return try CellTable(csv: [UInt8](data), name: path, rows: rows, lossColumns: columns)
  }

  /// Prints the JSON or the text, and leaves the files in the directory where one is named.
  static func deliver(
    json: String, text: String, files: [(name: String, text: String)], asJSON: Bool, output: String?
  ) throws {
    if let output {
      let directory = Machine.absolute(output)
      do {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      } catch {
        throw CommandFailure(.usage, "\(printable(output)): the directory cannot be made; name another with --output")
      }
      for file in files { try replaceFile("\(directory)/\(file.name)", with: file.text) }
    }
    let shown = asJSON ? json : text
    Console.shared.print(shown.hasSuffix("\n") ? String(shown.dropLast()) : shown)
  }

  /// A setting from what an earlier command wrote, or from options.
  static func setting(
    file: String?, option: String, almr: Double?, learningRate: Double?
  ) throws -> (setting: Setting, node: JSONNode?) {
    if let file {
      guard let text = readText(file), let node = JSONNode(parsing: text), let ratio = node["almr"]?.double,
        let rate = node["learning_rate"]?.double
      else {
        throw CommandFailure(
          .usage,
          "\(printable(file)): found no JSON with almr and learning_rate, expected what `admix study` wrote with --output"
        )
      }
      return (Setting(ratio: almr ?? ratio, learningRate: learningRate ?? rate), node)
    }
    guard let almr, let learningRate else {
      throw CommandFailure(
        .usage, "no setting is given: name a file with \(option), or give --almr and --learning-rate")
    }
    return (Setting(ratio: almr, learningRate: learningRate), nil)
  }

  /// `2B`, `500M`, `1e9`.
  static func tokens(_ text: String, option: String) throws -> Double {
    let powers: [Character: Double] = ["k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12]
    let power = text.last.flatMap { powers[$0] }
    guard let value = Double(power == nil ? text : String(text.dropLast())), value > 0, value.isFinite else {
      throw CommandFailure(.usage, "\(option) is `\(printable(text))`, expected tokens such as 500M or 2B")
    }
    return value * (power ?? 1)
  }
}
