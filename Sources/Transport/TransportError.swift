public import WireProtocol

/// Why something could not be opened, reached, started or sent.
public enum TransportError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Text that is no address.
  case badAddress(String, expected: String)
  case unresolvable(host: String, reason: String)
  /// Someone else listens there.
  case addressInUse(Endpoint)
  /// No port of the range is free.
  case portsInUse(host: String, ports: ClosedRange<UInt16>)
  case cannotListen(Endpoint, reason: String)
  /// Nobody listens there.
  case refused(Endpoint)
  case timedOut(Endpoint, after: Duration)
  case unreachable(Endpoint, reason: String)
  case cannotSpawn(executable: String, reason: String)
  /// The outgoing queue is at its limit; try again at `onWritable`.
  case queueFull(queuedBytes: Int, limit: Int)
  case closed(CloseReason)
  /// A message that its peer would have to refuse.
  case unsendable(WireError)
  /// The system has no more descriptors, memory, …
  case system(call: String, reason: String)

  public var description: String {
    switch self {
    case .badAddress(let text, let expected): "\"\(text)\" is no address: expected \(expected)"
    case .unresolvable(let host, let reason): "host \(host) is not known here: \(reason)"
    case .addressInUse(let endpoint):
      "\(endpoint) is already in use: stop the process that listens there (ss -lptx shows it), or take another"
    case .portsInUse(let host, let ports):
      "no port of \(host):\(ports.lowerBound)-\(ports.upperBound) is free: give a wider range"
    case .cannotListen(let endpoint, let reason): "cannot listen on \(endpoint): \(reason)"
    case .refused(let endpoint): "nothing listens on \(endpoint): is it started, and is the address right?"
    case .timedOut(let endpoint, let duration): "\(endpoint) did not answer within \(duration.inSeconds) s"
    case .unreachable(let endpoint, let reason): "\(endpoint) cannot be reached: \(reason)"
    case .cannotSpawn(let executable, let reason): "cannot start \(executable): \(reason)"
    case .queueFull(let queued, let limit): "the outgoing queue is full: \(queued) of \(limit) bytes"
    case .closed(let reason): "the connection is closed: \(reason)"
    case .unsendable(let error): "a message cannot be sent: \(error)"
    case .system(let call, let reason): "\(call): \(reason)"
    }
  }
}
