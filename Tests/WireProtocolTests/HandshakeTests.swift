import Testing
import WireProtocol

@Suite("Handshake")
struct HandshakeTests {
  static let token = Token128(high: 1, low: 2)
  static let start = MonotonicTime(nanoseconds: 1_000_000_000)

  static func policy(_ roles: Set<Role> = [.worker, .client]) -> ServerHandshake.Policy {
    ServerHandshake.Policy(roles: roles, numericsVersion: 3, cluster: token, runToken: token, build: "here")
  }

  static func hello(_ role: Role = .worker, versions: ClosedRange<UInt8> = 1...1, numerics: UInt32 = 3) -> Hello {
    Hello(
      wireVersionLow: versions.lowerBound, wireVersionHigh: versions.upperBound, role: role, boot: token,
      build: "there", numericsVersion: numerics)
  }

  static let welcome = Welcome(
    wireVersion: 1, cluster: token, worker: WorkerID(1), generation: 4, heartbeatMilliseconds: 1,
    suspicionMilliseconds: 2, leaseMilliseconds: 3, fenceMilliseconds: 4)

  /// What the server says to `hello`: a refusal, or nothing when it is taken.
  static func refusal(_ hello: Hello, _ policy: ServerHandshake.Policy = policy()) throws -> Refusal? {
    var server = ServerHandshake(policy: policy)
    _ = server.handle(.opened, now: start)
    for effect in server.handle(.frameReceived(Frame(hello)), now: start) {
      if case .send(let frame) = effect { return try frame.decode(Refusal.self) }
    }
    return nil
  }

  @Test("A speaker that fits is handed up, admitted, and both sides know each other")
  func admitted() throws {
    var server = ServerHandshake(policy: Self.policy())
    var client = ClientHandshake(hello: Self.hello())
    #expect(server.handle(.opened, now: Self.start) == [.wakeAt(Self.start + .seconds(5))])
    #expect(
      client.handle(.opened, now: Self.start) == [.send(Frame(Self.hello())), .wakeAt(Self.start + .seconds(5))])
    #expect(
      server.handle(.frameReceived(Frame(Self.hello())), now: Self.start) == [.decide(Self.hello(), wireVersion: 1)])
    let link = ConnectionState.Established(link: .worker, side: .acceptor)
    #expect(
      server.handle(.admitted(Self.welcome), now: Self.start) == [.send(Frame(Self.welcome)), .establish(link)])
    let other = ConnectionState.Established(link: .worker, side: .opener)
    #expect(
      client.handle(.frameReceived(Frame(Self.welcome)), now: Self.start) == [.establish(other, Self.welcome)])
    // Late timers change nothing.
    #expect(server.handle(.timePassed, now: Self.start + .seconds(9)).isEmpty)
    #expect(client.handle(.timePassed, now: Self.start + .seconds(9)).isEmpty)
  }

  @Test("Another wire version is refused in a sentence with both sides' versions")
  func wireVersions() throws {
    let refusal = try #require(try Self.refusal(Self.hello(versions: 2...4)))
    #expect(refusal.reason == .wireVersion)
    #expect(refusal.sentence.contains("speaks wire versions 1 ") && refusal.sentence.contains("2 to 4"))
  }

  @Test("A HELLO of a later version is refused by its first two bytes, whatever follows them")
  func laterHello() throws {
    var server = ServerHandshake(policy: Self.policy())
    _ = server.handle(.opened, now: Self.start)
    var frame = Frame(Self.hello())
    frame.body = [7, 9, 0xFF, 0xFF]
    let effects = server.handle(.frameReceived(frame), now: Self.start)
    guard case .send(let answer) = effects.first else {
      Issue.record("no answer")
      return
    }
    #expect(try answer.decode(Refusal.self).reason == .wireVersion)
  }

  @Test("The highest version that both speak is agreed on")
  func negotiation() {
    #expect(WireVersion.agreed(1...3, 2...5) == 3)
    #expect(WireVersion.agreed(2...2, 1...2) == 2)
    #expect(WireVersion.agreed(1...1, 2...2) == nil)
  }

  @Test("Another numerics version is refused for those who compute, and not asked of clients")
  func numericsVersions() throws {
    let refusal = try #require(try Self.refusal(Self.hello(numerics: 4)))
    #expect(refusal.reason == .numericsVersion)
    #expect(refusal.sentence.contains("numerics version 3") && refusal.sentence.contains("with 4"))
    #expect(try Self.refusal(Self.hello(.client, numerics: 0)) == nil)
  }

  @Test("Another cluster, a role that is not served and a wrong run token are refused, each with its reason")
  func otherReasons() throws {
    var stranger = Self.hello()
    stranger.cluster = Token128(high: 9, low: 9)
    #expect(try Self.refusal(stranger)?.reason == .wrongCluster)
    #expect(try Self.refusal(Self.hello(.runner))?.reason == .role)
    var peer = Self.hello(.peer)
    #expect(try Self.refusal(peer, Self.policy([.peer]))?.reason == .runToken)
    peer.runToken = Self.token
    #expect(try Self.refusal(peer, Self.policy([.peer])) == nil)
  }

  @Test("Silence ends the handshake on either side")
  func silence() {
    var server = ServerHandshake(policy: Self.policy())
    _ = server.handle(.opened, now: Self.start)
    #expect(server.handle(.timePassed, now: Self.start + .seconds(4)).isEmpty)
    let closing = server.handle(.timePassed, now: Self.start + .seconds(5))
    #expect(closing == [.close(sentence: "no HELLO came within 5.0 s")])
    var client = ClientHandshake(hello: Self.hello())
    _ = client.handle(.opened, now: Self.start)
    #expect(client.handle(.timePassed, now: Self.start + .seconds(5)) == [.fail(.silent(.seconds(5)))])
  }

  @Test("A client takes no version that it did not offer, and hands on a refusal's sentence")
  func clientChecks() {
    var client = ClientHandshake(hello: Self.hello())
    _ = client.handle(.opened, now: Self.start)
    var odd = Self.welcome
    odd.wireVersion = 2
    guard case .fail(.malformed) = client.handle(.frameReceived(Frame(odd)), now: Self.start).first else {
      Issue.record("version 2 was taken")
      return
    }
    var other = ClientHandshake(hello: Self.hello())
    _ = other.handle(.opened, now: Self.start)
    let refusal = Refusal(reason: .draining, sentence: "being drained")
    #expect(other.handle(.frameReceived(Frame(refusal)), now: Self.start) == [.fail(.refused(refusal))])
  }

  @Test("Monotonic time saturates at both ends")
  func time() {
    #expect(MonotonicTime.zero.advanced(by: .seconds(-1)) == .zero)
    #expect(MonotonicTime.distantFuture.advanced(by: .seconds(1)) == .distantFuture)
    #expect(MonotonicTime.zero.elapsed(since: Self.start) == .zero)
    #expect(Self.start.advanced(by: .milliseconds(1500)).elapsed(since: Self.start) == .milliseconds(1500))
  }
}
