import GradientExchange
import Transport
import WireProtocol

/// The data connections of a runner: one per pair of runners, used both ways. Belongs to the loop.
///
/// Who dials: the lower assignment number, at once; the higher one only after half a second without a connection,
/// because the lower may not know that it is wanted (a joiner copies from it) or may not get through. A HELLO that
/// comes while the own attempt is under way is refused by the lower and taken by the higher, so one of two survives. A
/// HELLO from a peer that seems connected replaces the connection: the peer would not dial if it had one.
final class PeerLinks {
  private let own: AssignmentID
  private let hello: Hello
  private let settings: RunnerSettings
  private let loop: EventLoop
  private(set) var links: [AssignmentID: PeerLink] = [:]
  private var isStopped = false

  /// Connections, disconnections, unreachable peers.
  var onEvent: ((RoundEvent) -> Void)?
  var onFrame: ((Frame, PeerLink) -> Void)?
  /// The link may have room for more.
  var onWritable: ((PeerLink) -> Void)?

  /// How long the higher number waits for the lower to dial.
  private static let courtesy = Duration.milliseconds(500)

  init(own: AssignmentID, hello: Hello, settings: RunnerSettings, loop: EventLoop) {
    self.own = own
    self.hello = hello
    self.settings = settings
    self.loop = loop
  }

  private func link(_ peer: AssignmentID) -> PeerLink {
    if let link = links[peer] { return link }
    let link = PeerLink(peer: peer)
    links[peer] = link
    return link
  }

  func stop() {
    isStopped = true
    for link in links.values { link.timer?.cancel() }
  }

  // MARK: Dialing

  func connect(_ participant: Participant) {
    let link = link(participant.assignment)
    link.address = participant.dataAddress
    guard link.connection == nil, !link.isWanted else { return }
    link.isWanted = true
    link.wantedSince = loop.now
    link.hasComplained = false
    if own < link.peer { dial(link) } else { again(link, after: Self.courtesy) }
  }

  private func again(_ link: PeerLink, after delay: Duration) {
    link.timer?.cancel()
    link.timer = loop.schedule(after: delay) { self.dial(link) }
  }

  private func dial(_ link: PeerLink) {
    guard !isStopped, link.isWanted, !link.isDialing, link.connection == nil, let address = link.address else { return }
    complainIfDue(link)
    do throws(TransportError) {
      let endpoint = try Endpoint(address)
      link.isDialing = true
      Connection.open(to: endpoint, hello: hello, loop: loop, timeout: settings.peerPatience) { result in
        self.dialed(link, result)
      }
    } catch {
      link.lastFailure = "\(error)"
      again(link, after: settings.redialInterval)
    }
  }

  private func dialed(_ link: PeerLink, _ result: Result<(Connection, Welcome), TransportError>) {
    switch result {
    case .success(let (connection, _)):
      guard link.isDialing, link.connection == nil, !isStopped else {
        return connection.abort("the peer's own connection came first")
      }
      attach(connection, to: link)
    case .failure(let error):
      guard link.isDialing else { return }
      link.isDialing = false
      link.lastFailure = "\(error)"
      complainIfDue(link)
      again(link, after: settings.redialInterval)
    }
  }

  /// Once a wish, after the time allowed. The attempts go on.
  private func complainIfDue(_ link: PeerLink) {
    guard !link.hasComplained, loop.now.elapsed(since: link.wantedSince) >= settings.peerPatience else { return }
    link.hasComplained = true
    onEvent?(.peerUnreachable(link.peer, address: link.address ?? "", reason: link.lastFailure))
  }

  // MARK: Being dialed

  func accepted(_ connection: Connection, _ hello: Hello) {
    guard hello.assignment != own, !isStopped else {
      return connection.refuse(Refusal(reason: .malformed, sentence: "A runner does not connect to itself."))
    }
    let link = link(hello.assignment)
    if link.isDialing, own < link.peer {
      return connection.refuse(Refusal(reason: .draining, sentence: "This side is dialing already."))
    }
    link.connection?.abort("replaced by a new connection of the peer")
    connection.admit(
      Welcome(
        wireVersion: WireVersion.current, cluster: .zero, worker: WorkerID(0), generation: 0, heartbeatMilliseconds: 0,
        suspicionMilliseconds: 0, leaseMilliseconds: 0, fenceMilliseconds: 0))
    attach(connection, to: link)
  }

  // MARK: Connected

  private func attach(_ connection: Connection, to link: PeerLink) {
    guard connection.isOpen else { return }
    link.attach(connection)
    connection.consumesOnReceipt = false
    connection.onFrame = { frame in self.onFrame?(frame, link) }
    connection.onWritable = { self.onWritable?(link) }
    connection.onClose = { _ in
      guard link.connection === connection else { return }
      link.detach()
      if !self.isStopped { self.onEvent?(.peerDisconnected(link.peer)) }
    }
    onEvent?(.peerConnected(link.peer))
  }

  func reset(_ peer: AssignmentID, reason: String) { links[peer]?.connection?.abort(reason) }
}
