/// Why bytes from the wire were not taken: what field, where, what was found and what was expected.
///
/// Wire input is always the user's, so every decoder throws this and none traps.
public struct WireError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kind of failure. Static values rather than an enum, so that one can be added without breaking a `switch`.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }

    public static let magic = Code("not an Admix frame")
    public static let version = Code("wire version not spoken here")
    public static let headerChecksum = Code("frame header is damaged")
    public static let header = Code("frame header is malformed")
    public static let unknownType = Code("message type is unknown")
    public static let unexpectedType = Code("message type is not accepted here")
    public static let tooLarge = Code("beyond its limit")
    public static let bodyChecksum = Code("frame body is damaged")
    public static let compression = Code("compressed body does not unpack")
    public static let truncated = Code("ends too early")
    public static let trailingBytes = Code("bytes are left over")
    public static let invalidValue = Code("value is not allowed")
    public static let invalidText = Code("text is not UTF-8")
    public static let flowControl = Code("flow control was broken")
  }

  public var code: Code
  /// The field as `SPEC.md` names it; nested fields are written with dots.
  public var field: String
  /// Offset in bytes from the start of the header (for header fields) or of the body (for all others).
  public var offset: Int
  public var found: String
  public var expected: String

  public init(_ code: Code, field: String, offset: Int, found: String, expected: String) {
    self.code = code
    self.field = field
    self.offset = offset
    self.found = found
    self.expected = expected
  }

  public var description: String {
    "\(code.description): \(field) at byte \(offset): found \(found), expected \(expected)"
  }
}
