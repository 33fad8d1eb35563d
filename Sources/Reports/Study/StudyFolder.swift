internal import JobFiles
internal import JobKit
internal import Results
internal import Study

/// Where the files of a study lie below a directory: in it (`admix study … --output`), in a job's tree of outputs, or
/// in the stages of a pipeline.
struct StudyFolder {
  let directory: String
  let result: JSONNode?

  private struct Place {
    let directory: String
    let path: String
    let result: JSONNode?
  }

  /// The directory itself and, of a pipeline, its stages in the order of its file.
  private var places: [Place] {
    var places = [Place(directory: directory, path: "", result: result)]
    for stage in result?["stages"]?.members ?? [] where !stage.key.contains("/") && !stage.key.hasPrefix(".") {
      let path = "stages/\(stage.key)"
      places.append(Place(directory: "\(directory)/\(path)", path: path, result: stage.value))
    }
    return places
  }

  /// Trees of outputs that hold a study's files.
  private static let trees = ["", "/study", "/answer", "/recommendation", "/transfer", "/verification", "/sweep"]

  private func find(_ name: String, among places: [Place]) -> String? {
    for place in places {
      for tree in Self.trees where readText("\(place.directory)\(tree)/\(name)") != nil {
        return "\(place.directory)\(tree)/\(name)"
      }
    }
    return nil
  }

  private func json(_ path: String?) -> JSONNode? { path.flatMap { readText($0) }.flatMap(JSONNode.init(parsing:)) }

  /// Nil when there is no answer below the directory.
  func record() -> StudyRecord? {
    let places = places
    guard let answerPath = find("answer.json", among: places), let answer = json(answerPath) else { return nil }
    let folder = String(answerPath.dropLast("/answer.json".count))
    guard var record = StudyRecord(answer: answer, surfaces: surfaces(in: folder, answer: answer)) else { return nil }
    // What lies beside the answer counts before what lies elsewhere.
    let own = places.filter { folder.hasPrefix($0.directory) && !$0.path.isEmpty }
    let others = own + places
    record.transfer = json(find("transfer.json", among: others)).flatMap(StudyRecord.Transfer.init)
    record.verification = json(find("verification.json", among: others)).flatMap(StudyRecord.Verification.init)
    (record.cells, record.tableProblem) = table("cells.csv", .runs, folder: folder, places: others)
    // The answer's residuals hold what was measured in the cells of its fit.
    if record.cells == nil, let cells = CellTable(record.residuals, record: record) {
      record.cells = cells
      // A table that is there and cannot be read is still said.
      if find("cells.csv", among: others) == nil { record.tableProblem = nil }
    }
    record.curves = table("curves.csv", .evaluations, folder: folder, places: others).table
    if let name = result?["name"]?.string, !name.isEmpty {
      record.name = name
      record.isNamed = true
    }
    record.stages = places.compactMap { place in
      guard let result = place.result, !(place.path.isEmpty && places.count > 1) else { return nil }
      return StageRecord(directory: place.directory, path: place.path, result: result)
    }
    if let plan = json("\(directory)/plan.json"), let seconds = plan["total_seconds"]?.double, seconds > 0 {
      let unpriced = (plan["jobs"]?.elements ?? []).filter { $0["priced"]?.boolean == false }
      record.planned = (seconds / 3600, unpriced.compactMap { $0["name"]?.string })
    }
    record.largeRun = largeRun(record, places: places)
    return record
  }

  private func table(
    _ name: String, _ rows: CellTable.Rows, folder: String, places: [Place]
  ) -> (table: CellTable?, problem: String?) {
    let beside = "\(folder)/\(name)"
    guard let path = readText(beside) != nil ? beside : find(name, among: places), let text = readText(path) else {
      return (nil, "there is no \(name) here: measured cells cannot be shown")
    }
    do {
      return (try CellTable(csv: Array(text.utf8), name: name, rows: rows, lossColumns: []), nil)
    } catch {
      return (nil, "\(error)")
    }
  }

  /// From `surface-SET.csv` beside the answer, where the answer itself has none.
  private func surfaces(in folder: String, answer: JSONNode) -> [StudyRecord.Surface] {
    let sets = (answer["recommendation"]?["losses"]?.elements ?? []).compactMap { $0["set"]?.string }
    return sets.filter { !$0.contains("/") }.compactMap { set in
      guard let text = readText("\(folder)/surface-\(set).csv"),
        let grid = FittedSurface(csv: text)
      else { return nil }
      return StudyRecord.Surface(set: set, grid: grid)
    }
  }

  private func largeRun(_ record: StudyRecord, places: [Place]) -> LargeRun? {
    let setting = record.transfer?.chosen ?? record.recommendation.setting
    let sweeps = places.filter { $0.result?["kind"]?.string == "sweep" }
    // Where the carried setting was checked, the cells of the check are the large model's.
    let isChecked = record.verification != nil && sweeps.count > 1
    guard let place = (isChecked ? sweeps.last : sweeps.first) ?? places.first(where: \.path.isEmpty),
      let specification = StageSpecification.find(
        directory: place.directory, name: place.result?["name"]?.string ?? "")
    else { return nil }
    var model = record.transfer.flatMap { $0.large.name.contains("/") ? $0.large.name : nil }
    if isChecked, let written = specification["model"]?.scalar?.text { model = earlierModel(written) ?? written }
    return LargeRun(
      specification, name: record.isNamed ? "\(record.name)-large" : "large", setting: setting, model: model)
  }

  /// Where the model of an earlier stage lies, from the folder that holds the pipeline's output.
  private func earlierModel(_ reference: String) -> String? {
    guard reference.hasPrefix("${"), reference.hasSuffix(".model}") else { return nil }
    return "\(directory)/stages/\(reference.dropFirst(2).dropLast(".model}".count))/model"
  }
}

extension CellTable {
  /// Of the residuals' measured losses; nil without any.
  fileprivate init?(_ residuals: [StudyRecord.Residual], record: StudyRecord) {
    let sets = record.recommendation.losses.map(\.set)
    var cells: [Cell] = []
    for residual in residuals {
      guard let set = sets.firstIndex(of: residual.set) else { continue }
      let place = cells.firstIndex {
        $0.ratio == residual.setting.almr && $0.learningRate == residual.setting.learningRate
          && $0.seed == residual.seed && $0.losses[set] == nil
      }
      if let place {
        cells[place].losses[set] = residual.observed
      } else {
        var losses = [Double?](repeating: nil, count: sets.count)
        losses[set] = residual.observed
        cells.append(
          Cell(
            ratio: residual.setting.almr, learningRate: residual.setting.learningRate, seed: residual.seed,
            status: residual.treatment == "bound" ? .earlyStopped : .completed, losses: losses))
      }
    }
    guard !cells.isEmpty else { return nil }
    self.init(
      name: record.table, validationSets: sets, initialLosses: record.recommendation.losses.map(\.before), cells: cells)
  }
}

extension FittedSurface {
  /// From a table with a line a crossing: `almr`, `learning_rate`, and the value in a column of any other name.
  init?(csv text: String) {
    guard let records = try? CSVRecords(Array(text.utf8), name: "surface"),
      let ratio = records.header.firstIndex(of: "almr"), let rate = records.header.firstIndex(of: "learning_rate"),
      let place = records.header.indices.first(where: { $0 != ratio && $0 != rate })
    else { return nil }
    var values: [Double: [Double: Double]] = [:]
    for record in records.records {
      guard let almr = Double(record.fields[ratio]), let eta = Double(record.fields[rate]),
        let value = Double(record.fields[place])
      else { return nil }
      values[eta, default: [:]][almr] = value
    }
    let rates = values.keys.sorted()
    let almrs = (values.values.first?.keys.sorted()) ?? []
    self.init(
      almrs: almrs, learningRates: rates, values: rates.map { rate in almrs.map { values[rate]?[$0] ?? .nan } })
  }
}
