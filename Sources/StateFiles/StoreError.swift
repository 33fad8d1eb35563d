internal import Glibc

/// Why a file of a state directory could not be read, written or trusted. `description` names host and path.
public struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Static values rather than an enum, so that one can be added without breaking a `switch`.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }

    /// No space or no quota is left.
    public static let full = Code("full")
    /// The blob is not there.
    public static let missing = Code("missing")
    /// The content is not what its name says.
    public static let corrupt = Code("corrupt")
    /// A path that would leave its directory, or that no file can have.
    public static let unsafePath = Code("unsafePath")
    /// Another process holds the directory.
    public static let locked = Code("locked")
    /// A transfer that does not go on where the store is.
    public static let outOfOrder = Code("outOfOrder")
    /// The system refused.
    public static let system = Code("system")
  }

  public let code: Code
  public let path: String
  public let problem: String

  public init(_ code: Code, path: String, problem: String) {
    self.code = code
    self.path = path
    self.problem = problem
  }

  /// What `operation` on `path` left in `errno`.
  static func system(_ operation: String, _ path: String, errno number: Int32 = errno) -> StoreError {
    switch number {
    case ENOSPC, EDQUOT:
      StoreError(.full, path: path, problem: "\(operation): no space is left on host \(hostName()); make room there")
    default:
      StoreError(.system, path: path, problem: "\(operation): \(String(cString: strerror(number))) (on \(hostName()))")
    }
  }

  public var description: String { "\(path): \(problem)" }
}

/// This host's name, for messages that are read on another one.
public func hostName() -> String {
  var name = [CChar](repeating: 0, count: 256)
  guard gethostname(&name, name.count - 1) == 0 else { return "this host" }
  return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
