/// Streams the JSON values of a file of rows: the lines of a `.jsonl`, or all of a `.json` as one value, plain or
/// compressed (.gz, .zst). It looks for no more than where a value begins and ends. Not shared between threads.
public struct RecordReader {
  public let path: String
  /// Whether a record is a line; else there is one, the file.
  public let isLines: Bool
  /// Line on which the last record began, from 1.
  public private(set) var recordLine = 0
  private var lines: LineReader
  private var isDone = false
  /// The longest line, and the longest `.json`, in bytes.
  static let recordBytesMax = 256 << 20

  /// - Throws: `CorpusError` when the file is missing, unreadable, empty, or of a format that cannot be read.
  public init(path: String) throws {
    self.path = path
    let name = path.lowercased()
    let compression = Compression.allCases.last { name.hasSuffix($0.rawValue) } ?? .none
    let stem = name.dropLast(compression.rawValue.count)
    guard stem.hasSuffix(".jsonl") || stem.hasSuffix(".json") else {
      throw CorpusError(
        .unsupportedFormat,
        "unknown kind of file; a name ending in .jsonl or .json, with .gz or .zst after it if it is compressed, "
          + "expected", file: path)
    }
    isLines = stem.hasSuffix(".jsonl")
    lines = try LineReader(path: path, compression: compression, lineBytesMax: Self.recordBytesMax)
  }

  /// Bytes of the file as it lies on disk, and how many were read.
  public var inputByteCount: Int { lines.input.byteCount }
  public var inputPosition: Int { lines.input.position }

  /// Replaces `record` by the next one's bytes; false at the end. Blank lines are passed over.
  /// - Throws: `CorpusError` with file and line.
  public mutating func next(into record: inout [UInt8]) throws -> Bool {
    record.removeAll(keepingCapacity: true)
    if isDone { return false }
    if isLines {
      repeat {
        guard try lines.next(into: &record) else {
          isDone = true
          return false
        }
      } while record.allSatisfy { [0x20, 0x09, 0x0D].contains($0) }
      recordLine = lines.lineNumber
      return true
    }
    isDone = true
    recordLine = 1
    var line: [UInt8] = []
    while try lines.next(into: &line) {
      guard record.count + line.count < Self.recordBytesMax else {
        throw CorpusError(
          .tooLong, "longer than \(Self.recordBytesMax) bytes; write one row a line, as .jsonl", file: path)
      }
      record += line
      record.append(0x0A)
    }
    return true
  }
}
