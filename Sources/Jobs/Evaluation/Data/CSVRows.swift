import Templates

/// Reads RFC 4180 with a header line: quoted fields may hold commas, line ends and doubled quotes. Every field is text,
/// whatever it looks like: an option `3.60` is not the option `3.6`.
struct CSVRows {
  private var bytes: ArraySlice<UInt8>
  private let file: String
  private var line = 1

  /// The rows in order, each with the columns of the header. A column without a name (an index that a spreadsheet
  /// wrote) is called `Unnamed: N`, as pandas has it.
  /// - Throws: `EvaluationError` with the line.
  static func read(_ bytes: [UInt8], file: String) throws -> [TemplateDictionary] {
    var reader = CSVRows(bytes: bytes[...], file: file)
    if reader.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.bytes.removeFirst(3) }
    guard let header = try reader.record() else {
      throw EvaluationError(file, problem: "the file has no header line", remedy: "Take the benchmark's own CSV files")
    }
    let names = header.enumerated().map { $1.isEmpty ? "Unnamed: \($0)" : $1 }
    var rows: [TemplateDictionary] = []
    while true {
      let start = reader.line
      guard let fields = try reader.record() else { return rows }
      guard fields.count == names.count else {
        throw EvaluationError(
          file, line: start, problem: "found \(fields.count) fields, expected \(names.count) as in the header",
          remedy: "Put fields that hold commas or line ends in double quotes")
      }
      var row = TemplateDictionary()
      for (name, field) in zip(names, fields) { row[name] = .string(field) }
      rows.append(row)
    }
  }

  /// The next record; nil at the end. Blank lines are skipped.
  private mutating func record() throws -> [String]? {
    while let first = bytes.first, first == 0x0A || first == 0x0D {
      if first == 0x0A { line += 1 }
      bytes.removeFirst()
    }
    guard !bytes.isEmpty else { return nil }
    var fields: [String] = []
    while true {
      fields.append(try field())
      guard let next = bytes.first else { return fields }
      bytes.removeFirst()
      switch next {
      case UInt8(ascii: ","): continue
      case 0x0D:
        if bytes.first == 0x0A { bytes.removeFirst() }
        line += 1
        return fields
      default:
        line += 1
        return fields
      }
    }
  }

  private mutating func field() throws -> String {
    guard bytes.first == UInt8(ascii: "\"") else {
      let end = bytes.firstIndex { $0 == UInt8(ascii: ",") || $0 == 0x0A || $0 == 0x0D } ?? bytes.endIndex
      defer { bytes = bytes[end...] }
      return try text(bytes[..<end])
    }
    let start = line
    var content: [UInt8] = []
    bytes.removeFirst()
    while let byte = bytes.popFirst() {
      if byte == 0x0A { line += 1 }
      guard byte == UInt8(ascii: "\"") else {
        content.append(byte)
        continue
      }
      guard bytes.first == byte else {
        // What follows a closing quote belongs to the field, as Python's csv has it.
        let end = bytes.firstIndex { $0 == UInt8(ascii: ",") || $0 == 0x0A || $0 == 0x0D } ?? bytes.endIndex
        content += bytes[..<end]
        bytes = bytes[end...]
        return try text(content[...])
      }
      bytes.removeFirst()
      content.append(byte)
    }
    throw EvaluationError(file, line: start, problem: "a quoted field is never closed", remedy: "")
  }

  private func text(_ bytes: ArraySlice<UInt8>) throws -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw EvaluationError(file, line: line, problem: "the line is not UTF-8", remedy: "Save the file as UTF-8")
    }
    return text
  }
}
