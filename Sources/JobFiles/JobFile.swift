import Glibc
public import JobKit

/// A job file as it stands on disk: its text and what it says, every value with its line.
public struct JobFile: Sendable {
  public let path: String
  public let text: String
  public let specification: SpecMapping

  /// A megabyte is a thousand times what a long job file has; more is a file given by mistake.
  public static let byteCountMax = 1 << 20

  /// Throws `SpecError` for a file that is missing, unreadable, too big, empty, not UTF-8 or not one YAML mapping.
  public init(readingFrom path: String) throws {
    let bytes: [UInt8]
    do {
      bytes = try readWholeFile(path, byteCountMax: Self.byteCountMax)
    } catch let failure as FileFailure {
      throw SpecError(
        position: nil, path: "", problem: "\(path): \(failure.reason)",
        remedy: failure.code == ENOENT ? "Give the path of a job file, such as `admix run job.yaml`" : "")
    }
    try self.init(bytes: bytes, path: path)
  }

  /// As above, for contents that are at hand. `path` is what errors name.
  public init(bytes: [UInt8], path: String) throws {
    self.path = path
    self.text = try decodedText(bytes, path: path)
    self.specification = try readYAML(text, file: path)
  }
}

/// A YAML text that a job file names, such as a task of an evaluation; it may say `!function NAME`. Throws `SpecError`.
public func readDocument(_ text: String, name: String) throws -> SpecMapping {
  try readYAML(text, file: name, kind: .companion)
}

/// The same for a file, which may be the path of a companion file. Positions name it by its path as given.
public func readDocument(at path: SpecScalar) throws -> SpecMapping {
  do {
    return try readDocument(
      try decodedText(try readWholeFile(path.text, byteCountMax: JobFile.byteCountMax), path: path.text),
      name: path.text)
  } catch let failure as FileFailure {
    throw SpecError(
      position: path.position, path: path.path, problem: "\(path.text): \(failure.reason)", remedy: "")
  }
}

/// UTF-8 with or without a byte-order mark; names the line of the first byte that is not.
func decodedText(_ bytes: [UInt8], path: String) throws -> String {
  let body = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
  if let text = String(validating: body, as: UTF8.self) { return text }
  if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
    throw SpecError(
      position: nil, path: "", problem: "\(path): the file is UTF-16, expected UTF-8", remedy: "Save it as UTF-8")
  }
  var line = 1
  for piece in body.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
    if String(validating: piece, as: UTF8.self) == nil { break }
    line += 1
  }
  throw SpecError(
    position: SpecPosition(file: path, line: line, column: 1), path: "",
    problem: "the line has bytes that are not UTF-8", remedy: "Save the file as UTF-8")
}
