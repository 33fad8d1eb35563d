import GradientExchange
import Transport
import WireProtocol

/// One other runner of the gang, as seen from here: the connection to it while there is one, and what it is to be sent.
final class PeerLink {
  /// What waits to be sent; payloads are looked up and encoded when their turn comes.
  enum Outgoing {
    case node(NodeKey)
    case root(NodeKey)
    case request(StateRequest)
    case stateChunk(StateChunk)
  }

  let peer: AssignmentID
  /// Where it listens; nil until a plan says so.
  var address: String?
  var connection: Connection?
  /// Counts connections: what was prepared for one is not sent on the next.
  private(set) var number = 0
  var outgoing: ArraySlice<Outgoing> = []
  /// Frames being encoded for this link.
  var encoding = 0

  // MARK: Reaching it
  var isWanted = false
  var isDialing = false
  var wantedSince = MonotonicTime.zero
  var hasComplained = false
  var lastFailure = "no attempt was answered"
  var timer: LoopTimer?

  /// Encoded frames that may wait for the connection to be writable, so that the outbox costs keys and not payloads.
  static let encodingLimit = 4

  init(peer: AssignmentID) { self.peer = peer }

  func attach(_ connection: Connection) {
    self.connection = connection
    number += 1
    outgoing = []
    encoding = 0
    isWanted = false
    isDialing = false
    hasComplained = false
    timer?.cancel()
    timer = nil
  }

  func detach() {
    connection = nil
    number += 1
    outgoing = []
    encoding = 0
  }
}
