public import WireProtocol

/// Why a connection is no more, and whose it was.
public struct CloseReason: Sendable, Equatable, CustomStringConvertible {
  public enum Cause: Sendable, Equatable {
    /// We closed it; the sentence says why.
    case local(String)
    /// The peer closed it in order, after GOODBYE's sentence if it said one.
    case ended(goodbye: String?)
    /// The connection broke.
    case broken(String)
    /// The peer sent what no peer may send.
    case malformed(WireError)
    case handshake(HandshakeFailure)
    /// The peer does not read: so many bytes wait for it.
    case peerTooSlow(queuedBytes: Int)
    /// The loop ended.
    case loopEnded
  }

  public var peer: Endpoint
  public var cause: Cause

  public init(peer: Endpoint, cause: Cause) {
    self.peer = peer
    self.cause = cause
  }

  public var description: String {
    switch cause {
    case .local(let sentence): "closed towards \(peer): \(sentence)"
    case .ended(nil): "\(peer) closed the connection"
    case .ended(let goodbye?): "\(peer) closed the connection: \(goodbye)"
    case .broken(let reason): "connection to \(peer) broke: \(reason)"
    case .malformed(let error): "\(peer) sent what is not understood: \(error)"
    case .handshake(let failure): "\(peer) did not take this side: \(failure)"
    case .peerTooSlow(let bytes): "\(peer) does not read: \(bytes) bytes wait for it"
    case .loopEnded: "connection to \(peer) closed with its loop"
    }
  }
}
