import Corpora
import Foundation
import Templates

/// The rows of a benchmark's file.
enum DataFile {
  enum Format: String, Codable {
    /// RFC 4180 with a header; every field is text.
    case csv
    /// JSON lines, a JSON array of objects, or an object whose members are the rows.
    case json
  }

  static let byteCountMax = 1 << 30

  /// Rows in the file's order. `name` is what errors call it.
  /// - Throws: `EvaluationError` or `CorpusError`, with the line.
  static func rows(at path: String, format: Format, name: String) throws -> [TemplateDictionary] {
    let rows: [TemplateDictionary]
    switch format {
    case .csv: rows = try CSVRows.read(try contents(path, name), file: name)
    case .json:
      let isLines = path.contains(".jsonl")
      rows = isLines ? try lines(path, name) : try document(path, name)
    }
    guard !rows.isEmpty else {
      throw EvaluationError(name, problem: "the file has no rows", remedy: "Take the benchmark's own file again")
    }
    return rows
  }

  private static func contents(_ path: String, _ name: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw EvaluationError(name, problem: "the file is missing or cannot be read", remedy: "")
    }
    guard data.count <= byteCountMax else {
      throw EvaluationError(name, problem: "the file has \(data.count) bytes, more than any benchmark", remedy: "")
    }
    return [UInt8](data)
  }

  private static func lines(_ path: String, _ name: String) throws -> [TemplateDictionary] {
    let lines: [[UInt8]]
    do {
      lines = try readLines(of: path, lineBytesMax: 64 << 20)
    } catch var error as CorpusError {
      error.file = name
      throw error
    }
    var rows: [TemplateDictionary] = []
    for (index, line) in lines.enumerated() where !line.allSatisfy({ $0 <= 0x20 }) {
      rows.append(try row(value(line, name, line: index + 1), name, line: index + 1))
    }
    return rows
  }

  private static func document(_ path: String, _ name: String) throws -> [TemplateDictionary] {
    switch try value(try contents(path, name), name, line: nil) {
    case .list(let elements):
      return try elements.enumerated().map { try row($1, name, line: nil, number: $0 + 1) }
    case .dictionary(let members):
      return try members.entries.enumerated().map { try row($1.value, name, line: nil, number: $0 + 1) }
    default:
      throw EvaluationError(
        name, problem: "found a single value, expected a list of rows", remedy: "Write JSON lines: an object a line")
    }
  }

  private static func value(_ bytes: [UInt8], _ name: String, line: Int?) throws -> TemplateValue {
    do {
      return try TemplateValue(json: bytes)
    } catch {
      throw EvaluationError(name, line: line ?? error.line, problem: error.problem, remedy: "")
    }
  }

  private static func row(
    _ value: TemplateValue, _ name: String, line: Int?, number: Int? = nil
  ) throws -> TemplateDictionary {
    if case .dictionary(let row) = value { return row }
    let place = number.map { "row \($0): " } ?? ""
    throw EvaluationError(
      name, line: line, problem: "\(place)found something else than an object", remedy: "A row is `{\"field\": value}`")
  }
}

/// A row of a benchmark: its fields in order.
typealias TemplateRow = TemplateDictionary
