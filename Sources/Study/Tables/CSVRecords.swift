/// Records of comma-separated text as RFC 4180 has them: fields in double quotes may hold commas, line ends and doubled
/// quotes; lines end in LF or CRLF; a byte order mark in front is skipped. The first record is the header, and every
/// other must have as many fields.
public struct CSVRecords: Sendable {
  public struct Record: Sendable {
    /// Where it begins, from 1.
    public let line: Int
    public let fields: [String]
  }

  /// The file's name, for messages.
  public let name: String
  public let header: [String]
  public let records: [Record]

  /// A table of cells has some hundred lines, one of curves some thousand.
  static let bytesLimit = 64 << 20
  static let columnsLimit = 1000

  /// - Throws: `StudyError` with the line for a quote out of place, one that is never closed, a record with another
  ///   number of fields than the header, text that is not UTF-8, or semicolons in place of commas.
  public init(_ bytes: [UInt8], name: String) throws(StudyError) {
    guard bytes.count <= Self.bytesLimit else {
      throw StudyError(.notCSV, name, found: "\(bytes.count) bytes", expected: "at most \(Self.bytesLimit)")
    }
    var scanner = CSVScanner(bytes: bytes, name: name)
    guard let header = try scanner.next() else {
      throw StudyError(
        .notCSV, name, found: "an empty file", expected: "a header line such as almr,learning_rate,loss_new,loss_old")
    }
    let names = header.fields.map(trimmed)
    if names.count == 1, names[0].contains(";") || names[0].contains("\t") {
      throw StudyError(
        .notCSV, "\(name) line \(header.line)",
        found: names[0].contains(";") ? "semicolons between the columns" : "tabs between the columns",
        expected: "commas", wayOut: "export it as comma-separated with a dot as the decimal sign")
    }
    guard names.count <= Self.columnsLimit else {
      throw StudyError(.notCSV, name, found: "\(names.count) columns", expected: "at most \(Self.columnsLimit)")
    }
    for (index, column) in names.enumerated() where !column.isEmpty {
      if names[..<index].contains(column) {
        throw StudyError(
          .notCSV, "\(name) line \(header.line)", found: "column \(quoted(column)) twice", expected: "each column once")
      }
    }
    var records: [Record] = []
    while let record = try scanner.next() {
      // A line that is empty or of spaces only.
      if record.fields.count == 1, trimmed(record.fields[0]).isEmpty { continue }
      guard record.fields.count == names.count else {
        throw StudyError(
          .notCSV, "\(name) line \(record.line)", found: "\(record.fields.count) fields",
          expected: "\(names.count), as in the header",
          wayOut: record.fields.count > names.count
            ? "a number written with a decimal comma splits in two: write a dot" : "is the line cut short?")
      }
      records.append(record)
    }
    self.name = name
    self.header = names
    self.records = records
  }
}

/// Reads one record after another.
private struct CSVScanner {
  let bytes: [UInt8]
  let name: String
  private var place: Int
  private var line = 1

  init(bytes: [UInt8], name: String) {
    self.bytes = bytes
    self.name = name
    place = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }

  /// Nil at the end.
  mutating func next() throws(StudyError) -> CSVRecords.Record? {
    guard place < bytes.count else { return nil }
    let start = line
    var fields: [String] = []
    while true {
      fields.append(try field())
      guard place < bytes.count else { break }
      let byte = bytes[place]
      place += 1
      if byte == UInt8(ascii: ",") {
        continue
      }
      // field() stops only at a comma or at the end of the line.
      if byte == UInt8(ascii: "\r"), place < bytes.count, bytes[place] == UInt8(ascii: "\n") { place += 1 }
      line += 1
      break
    }
    return CSVRecords.Record(line: start, fields: fields)
  }

  private mutating func field() throws(StudyError) -> String {
    let isQuoted = place < bytes.count && bytes[place] == UInt8(ascii: "\"")
    return isQuoted ? try quotedField() : try plainField()
  }

  private mutating func plainField() throws(StudyError) -> String {
    let start = place
    while place < bytes.count, !isSeparator(bytes[place]) {
      if bytes[place] == UInt8(ascii: "\"") {
        throw StudyError(
          .notCSV, "\(name) line \(line)", found: "a quote within a field", expected: "quotes around whole fields")
      }
      place += 1
    }
    return try text(Array(bytes[start..<place]))
  }

  private mutating func quotedField() throws(StudyError) -> String {
    let startLine = line
    place += 1
    var content: [UInt8] = []
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      if byte == UInt8(ascii: "\"") {
        guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else {
          guard place == bytes.count || isSeparator(bytes[place]) else {
            throw StudyError(
              .notCSV, "\(name) line \(line)", found: "text after a closing quote", expected: "a comma or a line's end")
          }
          return try text(content)
        }
        place += 1
      } else if byte == UInt8(ascii: "\n") {
        line += 1
      }
      content.append(byte)
    }
    throw StudyError(.notCSV, "\(name) line \(startLine)", found: "a quote that is never closed", expected: "its end")
  }

  private func isSeparator(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
  }

  private func text(_ content: [UInt8]) throws(StudyError) -> String {
    guard let text = String(validating: content, as: UTF8.self) else {
      throw StudyError(.notCSV, "\(name) line \(line)", found: "bytes that are not UTF-8", expected: "text in UTF-8")
    }
    return text
  }
}

func trimmed(_ text: String) -> String {
  let isSpace = { (scalar: Unicode.Scalar) in scalar == " " || scalar == "\t" || scalar == "\u{A0}" }
  let scalars = text.unicodeScalars
  guard let first = scalars.firstIndex(where: { !isSpace($0) }), let last = scalars.lastIndex(where: { !isSpace($0) })
  else { return "" }
  return String(scalars[first...last])
}

/// A field as RFC 4180 writes it: in quotes where it holds a comma, a quote or a line's end.
func csvField(_ text: String) -> String {
  let needsQuotes = text.unicodeScalars.contains { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r" }
  guard needsQuotes else { return text }
  var quoted = "\""
  for scalar in text.unicodeScalars {
    if scalar == "\"" { quoted.unicodeScalars.append(scalar) }
    quoted.unicodeScalars.append(scalar)
  }
  return quoted + "\""
}
