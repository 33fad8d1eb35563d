public import WireProtocol

/// Why the coordinator could not be asked, or did not do what was asked. `description` is a sentence for a person, with
/// the way out.
public struct ClientError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Static values rather than an enum, so that one can be added without breaking a `switch`.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }

    /// The address given is none.
    public static let address = Code("address")
    /// Nobody listens there, or the name is unknown (exit code 3).
    public static let unreachable = Code("unreachable")
    /// The coordinator turned this client away: versions, cluster, role (exit code 4). `refusal` says which.
    public static let refused = Code("refused")
    /// No answer within the time allowed (exit code 5).
    public static let timedOut = Code("timedOut")
    /// The connection broke and could not be made again.
    public static let connectionLost = Code("connectionLost")
    /// The coordinator answered that it cannot meet the request. `requestFailure` says why.
    public static let requestFailed = Code("requestFailed")
    /// The store failed a transfer: a blob it does not have, no space, a digest that does not fit.
    public static let transfer = Code("transfer")
    /// A local file could not be read or written, or changed while it was read.
    public static let file = Code("file")
    /// The caller asked to stop.
    public static let cancelled = Code("cancelled")
    /// What came back is not what the protocol allows.
    public static let malformedAnswer = Code("malformedAnswer")
  }

  public let code: Code
  public let sentence: String
  /// With `.refused`.
  public let refusal: Refusal.Reason?
  /// With `.requestFailed`; `.notFound` is exit code 6.
  public let requestFailure: RequestFailed.Reason?

  public init(
    _ code: Code, _ sentence: String, refusal: Refusal.Reason? = nil, requestFailure: RequestFailed.Reason? = nil
  ) {
    self.code = code
    self.sentence = sentence
    self.refusal = refusal
    self.requestFailure = requestFailure
  }

  public var description: String { sentence }
}
