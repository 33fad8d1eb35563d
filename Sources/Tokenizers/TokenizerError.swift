/// What is wrong with a tokenizer's files, and where.
public struct TokenizerError: Error, Equatable, CustomStringConvertible {
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    private init(_ description: String) { self.description = description }

    public static let missing = Code("missing")
    public static let unreadable = Code("unreadable")
    public static let malformed = Code("malformed")
    public static let unsupported = Code("unsupported")
    public static let vocabularyMismatch = Code("vocabularyMismatch")
    public static let unknownToken = Code("unknownToken")
  }

  public var code: Code
  public var message: String
  /// The file, once it is known.
  public var file: String?
  /// Byte offset in the file at which reading failed.
  public var offset: Int?
  /// Field of the model, such as `pieces[17].score`.
  public var field: String?

  public init(_ code: Code, _ message: String, file: String? = nil, offset: Int? = nil, field: String? = nil) {
    self.code = code
    self.message = message
    self.file = file
    self.offset = offset
    self.field = field
  }

  public var description: String {
    var text = ""
    if let file { text += "\(file): " }
    if let field { text += "\(field): " }
    text += message
    if let offset { text += " (at byte \(offset))" }
    return text
  }

  func inFile(_ path: String) -> TokenizerError {
    var error = self
    error.file = path
    return error
  }
}
