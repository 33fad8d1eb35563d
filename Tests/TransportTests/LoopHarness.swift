import Glibc
import Testing
@testable import Transport
import WireProtocol

/// Runs a loop on the test's own thread until `finish` is called; fails when nothing came within `timeout`.
func withLoop<Value>(
  timeout: Duration = .seconds(20),
  _ body: (_ loop: EventLoop, _ finish: @escaping (Value) -> Void) throws -> Void
) throws -> Value {
  let box = Box<Value>()
  let loop = EventLoop(name: "test")
  loop.schedule(after: timeout) { loop.stop() }
  try body(loop) { value in
    guard box.value == nil else { return }
    box.value = value
    loop.stop()
  }
  loop.run()
  return try #require(box.value, "nothing came within \(timeout)")
}

private final class Box<Value> {
  var value: Value?
}

let runToken = Token128(high: 5, low: 6)

func hello(_ role: Role) -> Hello {
  Hello(
    wireVersionLow: 1, wireVersionHigh: 1, role: role, boot: runToken, build: "test", numericsVersion: 1,
    runToken: runToken)
}

let servesAll = ServerHandshake.Policy(
  roles: Set(Role.allCases), numericsVersion: 1, runToken: runToken, build: "test")

let welcome = Welcome(
  wireVersion: 1, cluster: runToken, worker: WorkerID(1), generation: 1, heartbeatMilliseconds: 1000,
  suspicionMilliseconds: 3000, leaseMilliseconds: 10_000, fenceMilliseconds: 8000)

/// Opens a connection of kind `role` over `endpoint` and hands over both its ends, shaken hands.
func connectedPair(
  _ loop: EventLoop, _ role: Role, over endpoint: Endpoint = .tcp(host: "127.0.0.1", port: 0),
  _ ready: @escaping (_ opener: Connection, _ acceptor: Connection) -> Void
) throws {
  final class Ends {
    var opener: Connection?
    var acceptor: Connection?
  }
  let ends = Ends()
  func joinEnds() {
    if let opener = ends.opener, let acceptor = ends.acceptor { ready(opener, acceptor) }
  }
  let listener = try Listener.listen(on: endpoint, loop: loop) { connection in
    connection.awaitHello(servesAll) { _ in
      connection.admit(welcome)
      ends.acceptor = connection
      joinEnds()
    }
  }
  Connection.open(to: listener.endpoint, hello: hello(role), loop: loop) { result in
    switch result {
    case .success(let (connection, _)):
      ends.opener = connection
      joinEnds()
    case .failure(let error): Issue.record("\(error)")
    }
  }
}

/// A stream that says anything: what a peer must never be trusted not to be.
func rawStream(_ loop: EventLoop, to endpoint: Endpoint, _ ready: @escaping (ByteStream) -> Void) {
  Connection.connect(to: endpoint, loop: loop) { result in
    guard let connection = try? result.get() else {
      Issue.record("no connection to \(endpoint)")
      return
    }
    ready(connection.stream)
  }
}

extension ByteStream {
  func write(_ bytes: [UInt8]) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    copy.copyBytes(from: bytes)
    write(copy) { _ in }
  }
}

/// A directory of the test's own, removed when `body` returns.
func withDirectory<Value>(_ body: (String) throws -> Value) throws -> Value {
  var template = Array("/tmp/admix-transport-XXXXXX".utf8CString)
  let made: String? = template.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress, let path = mkdtemp(base) else { return nil }
    return String(cString: path)
  }
  let path = try #require(made)
  defer { _ = system("rm -rf '\(path)'") }
  return try body(path)
}

/// Bytes that do not compress, the same each time.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  return (0..<count).map { _ in
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return UInt8(truncatingIfNeeded: state >> 24)
  }
}
