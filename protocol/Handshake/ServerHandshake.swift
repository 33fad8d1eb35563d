/// The accepting side of the handshake, without I/O.
///
/// HELLO is checked here against everything that needs no membership: versions, cluster, role, run token. A speaker
/// that passes is handed up (`.decide`); whoever keeps membership answers with `.admitted` or `.turnedAway`.
public struct ServerHandshake: Sendable {
  /// What this side is and whom it takes.
  public struct Policy: Sendable {
    public var wireVersions: ClosedRange<UInt8>
    public var roles: Set<Role>
    public var numericsVersion: UInt32
    /// Zero while this side has no cluster of its own: then it is not compared.
    public var cluster: Token128
    /// What a peer's HELLO must carry.
    public var runToken: Token128
    public var build: String
    /// How long a connection may stay silent before it is closed.
    public var patience: Duration
    /// True on a socketpair.
    public var allowsMissingBodyChecksum: Bool

    public init(
      wireVersions: ClosedRange<UInt8> = WireVersion.spoken, roles: Set<Role>, numericsVersion: UInt32,
      cluster: Token128 = .zero, runToken: Token128 = .zero, build: String, patience: Duration = .seconds(5),
      allowsMissingBodyChecksum: Bool = false
    ) {
      self.wireVersions = wireVersions
      self.roles = roles
      self.numericsVersion = numericsVersion
      self.cluster = cluster
      self.runToken = runToken
      self.build = build
      self.patience = patience
      self.allowsMissingBodyChecksum = allowsMissingBodyChecksum
    }
  }

  public enum Event: Sendable, Equatable {
    case opened
    case frameReceived(Frame)
    case timePassed
    /// Membership took the speaker.
    case admitted(Welcome)
    /// Membership did not.
    case turnedAway(Refusal)
  }

  public enum Effect: Sendable, Equatable {
    case wakeAt(MonotonicTime)
    /// Ask membership; `wireVersion` is the one both speak and belongs into WELCOME.
    case decide(Hello, wireVersion: UInt8)
    case send(Frame)
    case establish(ConnectionState.Established)
    /// Close, after what was sent has left.
    case close(sentence: String)
  }

  private enum Phase: Equatable {
    case idle
    case awaitingHello(until: MonotonicTime)
    case deciding(Hello, wireVersion: UInt8)
    case over
  }

  private let policy: Policy
  private var phase = Phase.idle

  public init(policy: Policy) { self.policy = policy }

  public mutating func handle(_ event: Event, now: MonotonicTime) -> [Effect] {
    switch (event, phase) {
    case (.opened, .idle):
      let deadline = now + policy.patience
      phase = .awaitingHello(until: deadline)
      return [.wakeAt(deadline)]
    case (.timePassed, .awaitingHello(let deadline)) where now >= deadline:
      phase = .over
      return [.close(sentence: "no HELLO came within \(policy.patience.inSeconds) s")]
    case (.frameReceived(let frame), .awaitingHello):
      return receive(frame)
    case (.frameReceived(let frame), .deciding):
      return refuse(.malformed, "A \(frame.type) came before HELLO was answered.")
    case (.admitted(let welcome), .deciding(let hello, let wireVersion)):
      phase = .over
      let established = ConnectionState.Established(
        wireVersion: wireVersion, link: hello.role, side: .acceptor,
        allowsMissingBodyChecksum: policy.allowsMissingBodyChecksum)
      return [.send(Frame(welcome)), .establish(established)]
    case (.turnedAway(let refusal), .deciding):
      return refuse(refusal.reason, refusal.sentence)
    default:
      // Late timers and answers after the end are no one's mistake.
      return []
    }
  }

  private mutating func receive(_ frame: Frame) -> [Effect] {
    let hello: Hello
    do throws(WireError) {
      var reader = WireReader(frame.body)
      let theirs = try Hello.versions(from: &reader)
      guard let wireVersion = WireVersion.agreed(policy.wireVersions, theirs) else {
        return refuse(
          .wireVersion,
          "This side speaks wire versions \(range(policy.wireVersions)) (build \(policy.build)), the other "
            + "\(range(theirs)): install the same release on both hosts.")
      }
      hello = try frame.decode(Hello.self)
      if let effects = refusal(of: hello) { return effects }
      phase = .deciding(hello, wireVersion: wireVersion)
      return [.decide(hello, wireVersion: wireVersion)]
    } catch {
      return refuse(.malformed, "HELLO was not understood: \(error).")
    }
  }

  private mutating func refusal(of hello: Hello) -> [Effect]? {
    // Bits depend on the numerics version only where something is computed.
    let computes = hello.role == .worker || hello.role == .runner || hello.role == .peer
    if computes, hello.numericsVersion != policy.numericsVersion {
      return refuse(
        .numericsVersion,
        "This side computes with numerics version \(policy.numericsVersion) (build \(policy.build)), the other with "
          + "\(hello.numericsVersion) (build \(hello.build)): they would round differently and cannot train one run "
          + "together; install the same release on both hosts.")
    }
    if hello.cluster != .zero, policy.cluster != .zero, hello.cluster != policy.cluster {
      return refuse(
        .wrongCluster,
        "This is cluster \(policy.cluster), the other side belongs to \(hello.cluster): give it this coordinator's "
          + "address, or an empty state directory.")
    }
    guard policy.roles.contains(hello.role) else {
      let accepted = policy.roles.map { "\($0)" }.sorted().joined(separator: ", ")
      return refuse(.role, "A \(hello.role) is not taken on this address; it serves: \(accepted).")
    }
    if hello.role == .peer, hello.runToken != policy.runToken {
      return refuse(.runToken, "The run token is not this run's.")
    }
    return nil
  }

  private mutating func refuse(_ reason: Refusal.Reason, _ sentence: String) -> [Effect] {
    phase = .over
    return [.send(Frame(Refusal(reason: reason, sentence: sentence))), .close(sentence: "refused: \(sentence)")]
  }

  private func range(_ versions: ClosedRange<UInt8>) -> String {
    versions.count == 1 ? "\(versions.lowerBound)" : "\(versions.lowerBound) to \(versions.upperBound)"
  }
}
