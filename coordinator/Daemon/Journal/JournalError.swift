internal import GRDB
internal import StateFiles

/// Why the journal cannot be opened, or can no longer be written. After a failed write the coordinator stops: what it
/// would acknowledge from then on would not be true.
public struct JournalError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Static values rather than an enum, so that one can be added without breaking a `switch`.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }

    /// Another coordinator works on this state directory.
    public static let locked = Code("locked")
    /// Written by a later release.
    public static let newerSchema = Code("newerSchema")
    /// A database, but none of ours.
    public static let foreign = Code("foreign")
    /// The disk is full.
    public static let full = Code("full")
    /// The disk, or what is on it, is damaged.
    public static let damaged = Code("damaged")
    /// A value that no row can hold.
    public static let unstorable = Code("unstorable")
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

  public var description: String { "\(path): \(problem)" }

  init(_ error: any Error, path: String) {
    switch error {
    case let error as JournalError: self = error
    case let error as StoreError:
      self.init(
        error.code == .full ? .full : error.code == .locked ? .locked : .system, path: path, problem: error.problem)
    case let error as DatabaseError:
      switch error.resultCode {
      case .SQLITE_FULL:
        self.init(
          .full, path: path, problem: "the journal cannot grow, the disk of \(hostName()) is full; make room there")
      case .SQLITE_NOTADB:
        self.init(.foreign, path: path, problem: "is no SQLite database; choose another --state directory")
      case .SQLITE_IOERR, .SQLITE_CORRUPT:
        self.init(
          .damaged, path: path, problem: "\(error.message ?? "damaged") (\(error.extendedResultCode), on \(hostName()))"
        )
      case .SQLITE_BUSY, .SQLITE_LOCKED:
        self.init(.locked, path: path, problem: "another process has the journal open (on \(hostName()))")
      default:
        self.init(
          .system, path: path,
          problem: "\(error.message ?? "SQLite error") (\(error.extendedResultCode), on \(hostName()))")
      }
    default: self.init(.system, path: path, problem: "\(error)")
    }
  }
}
