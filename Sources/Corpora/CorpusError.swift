/// What is wrong with a corpus, a shard or a mixture, and where.
public struct CorpusError: Error, Equatable, CustomStringConvertible {
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    private init(_ description: String) { self.description = description }

    public static let missing = Code("missing")
    public static let unreadable = Code("unreadable")
    public static let empty = Code("empty")
    public static let unsupportedFormat = Code("unsupportedFormat")
    public static let halfGzipped = Code("halfGzipped")
    public static let corruptGzip = Code("corruptGzip")
    public static let corruptZstd = Code("corruptZstd")
    public static let notUTF8 = Code("notUTF8")
    public static let malformedJSON = Code("malformedJSON")
    public static let malformedHTML = Code("malformedHTML")
    public static let missingField = Code("missingField")
    public static let tooLong = Code("tooLong")
    public static let unwritable = Code("unwritable")
    public static let corruptShard = Code("corruptShard")
    public static let corruptIndex = Code("corruptIndex")
    public static let mismatch = Code("mismatch")
    public static let tooSmall = Code("tooSmall")
    public static let mixture = Code("mixture")
    public static let cancelled = Code("cancelled")
  }

  public var code: Code
  public var message: String
  public var file: String?
  /// Line in the (decompressed) text, from 1.
  public var line: Int?
  /// Byte offset in the file, or in the line where a line is given.
  public var offset: Int?

  public init(_ code: Code, _ message: String, file: String? = nil, line: Int? = nil, offset: Int? = nil) {
    self.code = code
    self.message = message
    self.file = file
    self.line = line
    self.offset = offset
  }

  public var description: String {
    var text = ""
    if let file { text += "\(file): " }
    if let line { text += "line \(line): " }
    text += message
    if let offset { text += line == nil ? " (at byte \(offset))" : " (at byte \(offset) of the line)" }
    return text
  }
}
