import Foundation
import Glibc
import TestSupport
import Testing
import WireProtocol

extension ClusterTests {
  @Suite("Other versions", .serialized)
  struct Versions {
    @Test("A worker of another wire version is refused, and both sides' versions are named")
    func wireVersion() throws {
      let answer = try refusal(Self.hello(wire: 7...9, numerics: 1))
      let spoken = WireVersion.spoken.upperBound
      #expect(answer.contains("wire versions \(spoken)") && answer.contains("7 to 9"), "\(answer)")
      #expect(answer.contains("install the same release"), "\(answer)")
    }

    @Test("A worker whose arithmetic rounds differently is refused, and both sides' versions are named")
    func numericsVersion() throws {
      let answer = try refusal(Self.hello(wire: WireVersion.spoken, numerics: 4_000_000))
      #expect(answer.contains("4000000") && answer.contains("numerics"), "\(answer)")
    }

    @Test("A worker that is refused says why and ends with 4")
    func refusedWorker() throws {
      let listener = try Listener()
      let job = try TinyJob()
      let worker = try job.start([
        "worker", "--coordinator", "127.0.0.1:\(listener.port)", "--cache", "cache", "--threads", "1",
      ])
      let sentence = "This side speaks wire versions 7 to 9 (build later), the other 1."
      try listener.answerOnce(with: Frame(Refusal(reason: .wireVersion, sentence: sentence)).encoded())
      #expect(try worker.waitForExit(seconds: 10) == 4, "\(worker.errorText)")
      #expect(worker.errorText.contains(sentence), "\(worker.errorText)")
    }

    /// What a running coordinator answers to `hello`, as text; the workers it has are not disturbed.
    private func refusal(_ hello: Hello) throws -> String {
      let cluster = try Cluster(workers: 1)
      try cluster.waitForWorkers(1)
      let connection = try Socket(connectingTo: cluster.port)
      try connection.write(Frame(hello).encoded())
      let answer = String(decoding: connection.readToEnd(), as: UTF8.self)
      let workers = try cluster.status()["workers"] as? [[String: Any]]
      #expect(workers?.count == 1, "the stranger became a member")
      return answer
    }

    private static func hello(wire: ClosedRange<UInt8>, numerics: UInt32) -> Hello {
      Hello(
        wireVersionLow: wire.lowerBound, wireVersionHigh: wire.upperBound, role: .worker,
        node: Token128(high: 3, low: 4), boot: Token128(high: 1, low: 2), build: "stranger",
        numericsVersion: numerics,
        worker: WorkerDescription(
          name: "stranger", advertisedHost: "", isa: "avx2", threads: 1, memoryBytes: 1 << 30, processID: 1))
    }
  }
}

/// A blocking TCP connection on loopback.
private final class Socket {
  let descriptor: Int32

  init(descriptor: Int32) { self.descriptor = descriptor }

  init(connectingTo port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let status = withLoopback(port) { connect(descriptor, $0, $1) }
    guard status == 0 else { throw TestFailure("cannot connect to port \(port): errno \(errno)") }
    var patience = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  func write(_ bytes: [UInt8]) throws {
    guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
      throw TestFailure("cannot send: errno \(errno)")
    }
  }

  /// Until the other side closes, or for 10 s.
  func readToEnd() -> [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return all }
      all += buffer[..<count]
    }
  }
}

/// What takes a connection in a coordinator's place.
private final class Listener {
  let descriptor: Int32
  let port: Int

  init() throws {
    port = try Cluster.freePort()
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard withLoopback(port, { bind(descriptor, $0, $1) }) == 0, listen(descriptor, 4) == 0 else {
      throw TestFailure("cannot listen on \(port): errno \(errno)")
    }
  }

  deinit { close(descriptor) }

  /// Waits at most 10 s for a connection, sends `bytes` after the first that came, and closes.
  func answerOnce(with bytes: [UInt8]) throws {
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&waiting, 1, 10_000) == 1 else { throw TestFailure("nobody connected") }
    let connection = Socket(descriptor: accept(descriptor, nil, nil))
    var buffer = [UInt8](repeating: 0, count: 4096)
    _ = recv(connection.descriptor, &buffer, buffer.count, 0)
    try connection.write(bytes)
  }
}

private func withLoopback(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = UInt16(port).bigEndian
  address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
  }
}
