/// How the documents of a corpus file are found.
public struct DocumentOptions: Codable, Hashable, Sendable {
  /// What one document of a plain text file is.
  public enum Boundary: String, Codable, Hashable, Sendable, CaseIterable {
    case line
    case file
    case blankLines = "blank_lines"
  }

  /// The JSON field that holds the text (.jsonl).
  public var textField: String
  /// Ignored for .jsonl, where a document is a line.
  public var documents: Boundary
  /// The longest line, and the longest document, in bytes.
  public var documentBytesMax: Int

  public init(textField: String = "text", documents: Boundary = .line, documentBytesMax: Int = 256 << 20) {
    self.textField = textField
    self.documents = documents
    self.documentBytesMax = documentBytesMax
  }
}

/// Streams the documents of a .jsonl or .txt file, plain or compressed (.gz, .zst). Documents without text (an empty
/// string, a blank line) are passed over and counted. Not shared between threads.
///
/// Text documents: with `line`, every line that is not blank; with `blank_lines`, every run of lines that are not
/// blank, joined by line feeds; with `file`, the whole file. A carriage return before a line feed belongs to the line
/// end (except with `file`, which leaves the text as it is but for one last line feed).
public struct DocumentReader {
  private enum Format { case jsonLines, text }

  public let path: String
  public let options: DocumentOptions
  /// Documents that had no text.
  public private(set) var emptyCount = 0
  /// Line on which the last document began, from 1.
  public private(set) var documentLine = 0
  private let format: Format
  private let field: [UInt8]
  private var lines: LineReader
  private var line: [UInt8] = []
  private var isDone = false
  private var documentCount = 0

  /// - Throws: `CorpusError` when the file is missing, unreadable, empty, or of a format that cannot be read.
  public init(path: String, options: DocumentOptions = DocumentOptions()) throws {
    self.path = path
    self.options = options
    self.field = Array(options.textField.utf8)
    let (format, compression) = try Self.format(of: path)
    self.format = format
    self.lines = try LineReader(path: path, compression: compression, lineBytesMax: options.documentBytesMax)
  }

  /// Bytes of the file.
  public var inputByteCount: Int { lines.input.byteCount }
  /// Bytes of the file read so far.
  public var inputPosition: Int { lines.input.position }
  /// SHA-256 of the file as it lies on disk, once `next` has returned false.
  public var inputSHA256: [UInt8] { lines.input.sha256 }

  /// Replaces `text` by the next document's UTF-8 bytes; false at the end.
  /// - Throws: `CorpusError` with file and line. A file without a single document is an error, too.
  public mutating func next(into text: inout [UInt8]) throws -> Bool {
    while !isDone {
      let found =
        switch (format, options.documents) {
        case (.jsonLines, _): try nextJSON(into: &text)
        case (.text, .line): try nextLine(into: &text)
        case (.text, .blankLines): try nextParagraph(into: &text)
        case (.text, .file): try wholeFile(into: &text)
        }
      guard found else {
        isDone = true
        break
      }
      if text.isEmpty {
        emptyCount += 1
        continue
      }
      documentCount += 1
      return true
    }
    guard documentCount > 0 else {
      throw CorpusError(.empty, "there is no document with text in it", file: path)
    }
    return false
  }

  private mutating func nextJSON(into text: inout [UInt8]) throws -> Bool {
    repeat {
      guard try lines.next(into: &line) else { return false }
    } while Self.isBlank(line)
    documentLine = lines.lineNumber
    do {
      try line.withUnsafeBufferPointer { try JSONLine.read(field, from: $0, into: &text) }
      return true
    } catch let failure as JSONLine.Failure {
      throw Self.error(failure, field: options.textField, path: path, line: documentLine)
    }
  }

  private mutating func nextLine(into text: inout [UInt8]) throws -> Bool {
    guard try lines.next(into: &line) else { return false }
    documentLine = lines.lineNumber
    text.removeAll(keepingCapacity: true)
    if !Self.isBlank(line) { text.append(contentsOf: withoutCarriageReturn(line)) }
    return true
  }

  private mutating func nextParagraph(into text: inout [UInt8]) throws -> Bool {
    text.removeAll(keepingCapacity: true)
    while try lines.next(into: &line) {
      if Self.isBlank(line) {
        if text.isEmpty { continue }
        return true
      }
      if text.isEmpty { documentLine = lines.lineNumber } else { text.append(0x0A) }
      try append(withoutCarriageReturn(line), to: &text)
    }
    return !text.isEmpty
  }

  private mutating func wholeFile(into text: inout [UInt8]) throws -> Bool {
    guard lines.lineNumber == 0 else { return false }
    documentLine = 1
    text.removeAll(keepingCapacity: true)
    var isFirst = true
    while try lines.next(into: &line) {
      if !isFirst { text.append(0x0A) }
      isFirst = false
      try append(line[...], to: &text)
    }
    if Self.isBlank(text) { text.removeAll() }
    return true
  }

  private func append(_ line: ArraySlice<UInt8>, to text: inout [UInt8]) throws {
    guard text.count + line.count <= options.documentBytesMax else {
      throw CorpusError(
        .tooLong,
        "the document that starts on line \(documentLine) is longer than \(options.documentBytesMax) bytes; "
          + "use documents: line or blank_lines", file: path)
    }
    text.append(contentsOf: line)
  }

  private func withoutCarriageReturn(_ line: [UInt8]) -> ArraySlice<UInt8> {
    line.last == 0x0D ? line.dropLast() : line[...]
  }

  private static func isBlank(_ line: [UInt8]) -> Bool {
    line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A || $0 == 0x0C }
  }

  private static func format(of path: String) throws -> (Format, Compression) {
    let name = path.lowercased()
    let compression = Compression.allCases.last { name.hasSuffix($0.rawValue) } ?? .none
    let stem = name.dropLast(compression.rawValue.count)
    if stem.hasSuffix(".jsonl") { return (.jsonLines, compression) }
    if stem.hasSuffix(".txt") { return (.text, compression) }
    let known = "a name ending in .jsonl or .txt, with .gz or .zst after it if it is compressed, expected"
    if name.hasSuffix(".parquet") {
      let output = (path.split(separator: "/").last ?? "").dropLast(8) + ".jsonl"
      throw CorpusError(
        .unsupportedFormat,
        "Parquet files are not read; convert it with `python3 -c \"import pandas; "
          + "pandas.read_parquet('\(path)').to_json('\(output)', orient='records', lines=True, "
          + "force_ascii=False)\"` (pip install pandas pyarrow)", file: path)
    }
    throw CorpusError(.unsupportedFormat, "unknown kind of file; \(known)", file: path)
  }

  private static func error(_ failure: JSONLine.Failure, field: String, path: String, line: Int) -> CorpusError {
    switch failure {
    case .malformed(let message, let offset):
      CorpusError(.malformedJSON, "not JSON: \(message)", file: path, line: line, offset: offset)
    case .notAnObject(let found):
      CorpusError(.malformedJSON, "\(found) found; a JSON object expected", file: path, line: line)
    case .missingField(let present):
      CorpusError(
        .missingField,
        "no field \"\(field)\"; "
          + (present.isEmpty ? "the object is empty" : "fields here: \(present.joined(separator: ", "))")
          + " (text_field names the one to read)", file: path, line: line)
    case .wrongType(let found):
      CorpusError(.missingField, "field \"\(field)\" is \(found); a string expected", file: path, line: line)
    }
  }
}
