// Reading of cells.csv and curves.csv: the same columns, a row a run or a row an evaluation.

extension CellTable {
  public enum Rows: Sendable {
    /// A row is a run; two with one ratio, rate, seed and size are duplicates.
    case runs
    /// A row is an evaluation of a run; `step` or `tokens` tells them apart. Rows of step 0 give the losses before
    /// training.
    case evaluations
  }

  static let knownColumns = [
    "almr", "learning_rate", "seed", "step", "tokens", "parameters", "status", "config_hash",
  ]

  /// Reads a table. Needed are `almr`, `learning_rate` and one column of losses a validation set, called `loss_NAME`
  /// or any name in `lossColumns`. Optional: `seed`, `step`, `tokens`, `parameters`, `status`, `config_hash`,
  /// `initial_NAME` (the loss before training). Other columns are ignored with a note.
  ///
  /// - Throws: `StudyError` with line and column.
  public init(csv bytes: [UInt8], name: String, rows: Rows, lossColumns: [String] = []) throws(StudyError) {
    let records = try CSVRecords(bytes, name: name)
    let columns = try CellColumns(records, lossColumns: lossColumns)
    var notes = columns.notes
    var cells: [Cell] = []
    var initials = [[Double]](repeating: [], count: columns.sets.count)
    for record in records.records {
      let fields = CellFields(record: record, table: name)
      let cell = try columns.cell(fields)
      for (set, column) in columns.initial.enumerated() {
        if let column, let value = try fields.optionalNumber(column, "initial_\(columns.sets[set])") {
          guard value.isFinite, value > 0 else {
            throw fields.error("initial_\(columns.sets[set])", "\(value)", "a loss above 0")
          }
          initials[set].append(value)
        }
      }
      if case .evaluations = rows, cell.step == 0 || (cell.step == nil && cell.tokens == 0) {
        for (set, loss) in cell.losses.enumerated() { if let loss, loss.isFinite { initials[set].append(loss) } }
      }
      cells.append(cell)
    }
    guard !cells.isEmpty else {
      throw StudyError(.notCSV, name, found: "a header and no line below it", expected: "a line a cell")
    }
    if columns.seed == nil { Self.numberRepeats(&cells, rows, &notes) }
    try Self.resolveDuplicates(&cells, rows, name, &notes)
    notes += Self.describeLeftOut(cells, columns.sets, rows)
    self.init(
      name: name, validationSets: columns.sets,
      initialLosses: initials.map { $0.isEmpty ? nil : median($0) }, cells: cells, notes: notes)
  }

  /// Without a column of seeds, equal settings are repeats in the order of their lines.
  private static func numberRepeats(_ cells: inout [Cell], _ rows: Rows, _ notes: inout [String]) {
    guard case .runs = rows else { return }
    var seen: [Cell.Key: Int64] = [:]
    for index in cells.indices {
      cells[index].seed = seen[cells[index].key, default: 0]
      seen[cells[index].key, default: 0] += 1
    }
    if seen.values.contains(where: { $0 > 1 }) {
      notes.append("no column seed: lines with equal almr and learning_rate are taken as repeats")
    }
  }

  private struct Place: Hashable {
    let key: Cell.Key
    let seed: Int64
    let step: Int?
    let tokens: Double?
  }

  /// A line that says the same as one before it is dropped with a note; one that contradicts it is an error.
  private static func resolveDuplicates(
    _ cells: inout [Cell], _ rows: Rows, _ name: String, _ notes: inout [String]
  ) throws(StudyError) {
    var first: [Place: Cell] = [:]
    var kept: [Cell] = []
    for cell in cells {
      let isCurve = if case .evaluations = rows { true } else { false }
      let place = Place(
        key: cell.key, seed: cell.seed, step: isCurve ? cell.step : nil, tokens: isCurve ? cell.tokens : nil)
      guard let earlier = first[place] else {
        first[place] = cell
        kept.append(cell)
        continue
      }
      var copy = cell
      copy.line = earlier.line
      guard copy.saysTheSame(as: earlier) else {
        let setting = "almr \(cell.ratio), learning_rate \(cell.learningRate), seed \(cell.seed)"
        let isLater = !isCurve && cell.step != nil && cell.step != earlier.step
        throw StudyError(
          .duplicateCells, "\(name) line \(cell.line)",
          found: "\(setting) again, and line \(earlier.line) says otherwise",
          expected: isCurve ? "one row an evaluation" : "one row a run",
          wayOut: isLater
            ? "a table with several steps of each run is one of curves: give it as --curves"
            : "give repeats seeds of their own, or remove the line that is wrong")
      }
      notes.append("line \(cell.line) repeats line \(earlier.line): left out")
    }
    cells = kept
  }

  private static func describeLeftOut(_ cells: [Cell], _ sets: [String], _ rows: Rows) -> [String] {
    if case .evaluations = rows {
      let count = cells.filter { $0.status == .diverged || $0.status == .failed }.count
      return count == 0 ? [] : ["\(count) rows of runs that diverged or failed: left out of the fits"]
    }
    return cells.compactMap { cell in
      let setting = "almr \(cell.ratio), learning_rate \(cell.learningRate), seed \(cell.seed)"
      let place = cell.line > 0 ? "line \(cell.line) (\(setting))" : setting
      switch cell.status {
      case .diverged: return "\(place) diverged: kept in the table, left out of the fits"
      case .failed: return "\(place) failed: left out"
      case .completed, .earlyStopped:
        let missing = sets.indices.filter { cell.losses[$0] == nil }.map { sets[$0] }
        return missing.isEmpty ? nil : "\(place) has no loss of \(missing.joined(separator: ", ")): left out there"
      }
    }
  }
}

extension Cell {
  /// Equal in everything; losses that are not numbers count as equal.
  fileprivate func saysTheSame(as other: Cell) -> Bool {
    var a = self
    var b = other
    for index in losses.indices where a.losses[index]?.isNaN == true && b.losses[index]?.isNaN == true {
      a.losses[index] = nil
      b.losses[index] = nil
    }
    return a == b
  }
}
