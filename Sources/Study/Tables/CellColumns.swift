/// Which column of a table holds what.
struct CellColumns {
  let sets: [String]
  /// Columns of losses and, where there are, of losses before training, by set.
  let losses: [Int]
  let initial: [Int?]
  let ratio: Int
  let learningRate: Int
  let seed: Int?
  let step: Int?
  let tokens: Int?
  let parameters: Int?
  let status: Int?
  let configHash: Int?
  let notes: [String]

  init(_ records: CSVRecords, lossColumns: [String]) throws(StudyError) {
    func place(_ name: String) -> Int? { records.header.firstIndex(of: name) }
    func needed(_ name: String, known: [String]) throws(StudyError) -> Int {
      if let place = place(name) { return place }
      let other = known.first { place($0) != nil }
      throw StudyError(
        .missingColumn, "\(records.name) line 1", found: "no column \(name) among \(Self.listed(records.header))",
        expected: "columns almr, learning_rate and loss_NAME for each validation set",
        wayOut: other.map { "is \($0) meant? Then rename it to \(name)" } ?? "")
    }
    ratio = try needed("almr", known: ["ratio", "r", "ALMR", "mixture_ratio", "mix", "zh_ratio"])
    learningRate = try needed("learning_rate", known: ["lr", "LR", "learning-rate", "eta", "peak_lr", "max_lr"])
    (seed, step, tokens) = (place("seed"), place("step"), place("tokens"))
    (parameters, status, configHash) = (place("parameters"), place("status"), place("config_hash"))
    for name in lossColumns where place(name) == nil && place("loss_\(name)") == nil {
      throw StudyError(
        .missingColumn, "\(records.name) line 1",
        found: "no column \(name) nor loss_\(name) among "
          + Self.listed(records.header), expected: "a column of losses for each set that is named")
    }
    var sets: [String] = []
    var losses: [Int] = []
    var ignored: [String] = []
    for (index, name) in records.header.enumerated() {
      if name.hasPrefix("loss_"), name.count > 5 {
        sets.append(String(name.dropFirst(5)))
        losses.append(index)
      } else if lossColumns.contains(name), !CellTable.knownColumns.contains(name) {
        sets.append(name)
        losses.append(index)
      } else if !CellTable.knownColumns.contains(name), !name.hasPrefix("initial_") {
        ignored.append(name)
      }
    }
    guard !sets.isEmpty else {
      throw StudyError(
        .missingColumn, "\(records.name) line 1", found: "no column of losses among \(Self.listed(records.header))",
        expected: "a column loss_NAME for each validation set",
        wayOut: "rename the columns, or name them with --new and --retained")
    }
    self.sets = sets
    self.losses = losses
    initial = sets.map { place("initial_\($0)") }
    notes = ignored.isEmpty ? [] : ["columns that are not used: \(Self.listed(ignored))"]
  }

  private static func listed(_ names: [String]) -> String {
    names.prefix(20).map { String($0.prefix(40)) }.joined(separator: ", ") + (names.count > 20 ? ", …" : "")
  }

  func cell(_ fields: CellFields) throws(StudyError) -> Cell {
    let almr = try fields.number(ratio, "almr")
    guard almr >= 0, almr <= 1 else {
      throw fields.error(
        "almr", "\(almr)", "a share from 0 to 1",
        almr > 1 && almr <= 100 ? "write percent as a share: \(almr / 100)" : "")
    }
    let rate = try fields.number(learningRate, "learning_rate")
    guard rate > 0, rate < 1e3 else { throw fields.error("learning_rate", "\(rate)", "a number above 0") }
    var values: [Double?] = []
    for (set, column) in zip(sets, losses) {
      let value = try fields.optionalNumber(column, "loss_\(set)")
      if let value, value.isFinite, value <= 0 { throw fields.error("loss_\(set)", "\(value)", "a loss above 0") }
      values.append(value)
    }
    return Cell(
      ratio: almr, learningRate: rate,
      seed: try fields.optionalInteger(seed, "seed") ?? 0,
      step: try fields.optionalInteger(step, "step", atLeast: 0).map(Int.init),
      tokens: try fields.optionalPositive(tokens, "tokens", orZero: true),
      parameters: try fields.optionalPositive(parameters, "parameters", orZero: false),
      status: try fields.status(status, losses: values),
      configHash: configHash.map { trimmed(fields.record.fields[$0]) } ?? "", losses: values, line: fields.record.line)
  }
}
