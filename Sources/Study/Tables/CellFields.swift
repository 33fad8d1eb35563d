/// One record's fields as numbers and words, with the place in every message.
struct CellFields {
  let record: CSVRecords.Record
  let table: String

  func error(_ column: String, _ found: String, _ expected: String, _ wayOut: String = "") -> StudyError {
    StudyError(
      .badField, "\(table) line \(record.line), column \(column)", found: found, expected: expected, wayOut: wayOut)
  }

  func number(_ place: Int, _ column: String) throws(StudyError) -> Double {
    guard let value = try optionalNumber(place, column) else { throw error(column, "nothing", "a number") }
    guard value.isFinite else { throw error(column, "\(value)", "a number") }
    return value
  }

  /// Nil for an empty field; NaN and infinity as they stand.
  func optionalNumber(_ place: Int, _ column: String) throws(StudyError) -> Double? {
    let text = trimmed(record.fields[place])
    if text.isEmpty { return nil }
    switch text.lowercased() {
    case "nan", "-nan", "na", "n/a", "null", "none": return .nan
    case "inf", "+inf", "infinity", "+infinity": return .infinity
    case "-inf", "-infinity": return -.infinity
    default: break
    }
    let isPlain = text.utf8.allSatisfy { byte in
      (48...57).contains(byte) || byte == 43 || byte == 45 || byte == 46 || byte == 69 || byte == 101
    }
    if isPlain, let value = Double(text) { return value }
    guard !text.contains(",") else {
      let dotted = text.filter { $0 != "." }.map { $0 == "," ? "." : String($0) }.joined()
      let isOneComma = text.filter { $0 == "," }.count == 1 && Double(dotted) != nil
      throw error(
        column, quoted(text), "a number",
        isOneComma ? "a comma is no decimal sign here: write \(dotted)" : "write numbers without commas")
    }
    throw error(column, quoted(text), "a number")
  }

  func optionalInteger(_ place: Int?, _ column: String, atLeast least: Int64 = .min) throws(StudyError) -> Int64? {
    guard let place, let value = try optionalNumber(place, column) else { return nil }
    guard let whole = Int64(exactly: value), abs(value) <= 0x1p53, whole >= least else {
      throw error(
        column, quoted(trimmed(record.fields[place])), "a whole number" + (least == 0 ? " of at least 0" : ""))
    }
    return whole
  }

  func optionalPositive(_ place: Int?, _ column: String, orZero: Bool) throws(StudyError) -> Double? {
    guard let place, let value = try optionalNumber(place, column) else { return nil }
    guard value.isFinite, orZero ? value >= 0 : value > 0 else {
      throw error(column, quoted(trimmed(record.fields[place])), "a number " + (orZero ? "of at least 0" : "above 0"))
    }
    return value
  }

  /// A loss that is not a number makes a run diverged, whatever its status says.
  func status(_ place: Int?, losses: [Double?]) throws(StudyError) -> Cell.Status {
    let word = place.map { trimmed(record.fields[$0]).lowercased() } ?? ""
    let status: Cell.Status
    switch word {
    case "", "completed", "done", "ok", "finished": status = .completed
    case "early_stopped", "stopped", "pruned": status = .earlyStopped
    case "diverged", "nan": status = .diverged
    case "failed", "cancelled", "error": status = .failed
    default:
      throw error(
        "status", quoted(word), "one of \(Cell.Status.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    if losses.contains(where: { $0.map { !$0.isFinite } ?? false }) { return .diverged }
    if status == .completed, losses.allSatisfy({ $0 == nil }) { return .failed }
    return status
  }
}
