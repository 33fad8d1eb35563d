import Glibc
import Testing
@testable import Transport
import WireProtocol

@Suite("Addresses and listeners")
struct AddressTests {
  @Test("Addresses are read as they are printed", arguments: [
    "127.0.0.1:7450", "[::1]:7450", "host.example:1", "unix:/run/admix.sock", "[fe80::1]:65535",
  ])
  func roundTrip(_ text: String) throws { #expect(try Endpoint(text).description == text) }

  @Test("A missing port takes the default", arguments: [("host", "host:7450"), ("[::1]", "[::1]:7450")])
  func defaultPort(_ text: String, _ expected: String) throws {
    #expect(try Endpoint(text, defaultPort: 7450).description == expected)
    #expect(throws: TransportError.self) { try Endpoint(text) }
  }

  @Test("What is no address is refused", arguments: [
    "", ":7450", "host:", "host:x", "host:65536", "host:-1", "host:+1", "::1", "[::1", "[::1]7450", "unix:",
  ])
  func malformed(_ text: String) { #expect(throws: TransportError.self) { try Endpoint(text, defaultPort: 1) } }

  @Test("Only what stays on this host is loopback")
  func loopback() throws {
    for text in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1", "unix:/x"] {
      #expect(try Endpoint(text).isLoopback, "\(text)")
    }
    for text in ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "128.0.0.1:1", "localhost.example:1", "[::2]:1"] {
      #expect(try !Endpoint(text).isLoopback, "\(text)")
    }
  }

  @Test("A busy port is named with the way out, and the next of a range is taken")
  func busyPort() throws {
    let next: UInt16 = try withLoop { loop, finish in
      let first = try Listener.listen(on: .tcp(host: "127.0.0.1", port: 0), loop: loop) { _ in }
      let port = try #require(first.endpoint.port)
      let error = #expect(throws: TransportError.self) {
        try Listener.listen(on: first.endpoint, loop: loop) { _ in }
      }
      #expect(error == .addressInUse(first.endpoint))
      #expect("\(error.map { "\($0)" } ?? "")".contains("127.0.0.1:\(port) is already in use: stop"))
      #expect(throws: TransportError.portsInUse(host: "127.0.0.1", ports: port...port)) {
        try Listener.listen(host: "127.0.0.1", ports: port...port, loop: loop) { _ in }
      }
      let second = try Listener.listen(host: "127.0.0.1", ports: port...(port + 20), loop: loop) { _ in }
      finish(try #require(second.endpoint.port) - port)
    }
    #expect(next > 0)
  }

  @Test("Nothing listening is a refusal that names the address")
  func refused() throws {
    let error: TransportError = try withLoop { loop, finish in
      let listener = try Listener.listen(on: .tcp(host: "127.0.0.1", port: 0), loop: loop) { _ in }
      let endpoint = listener.endpoint
      listener.close()
      Connection.connect(to: endpoint, loop: loop) { result in
        if case .failure(let error) = result { finish(error) }
      }
    }
    guard case .refused = error else {
      Issue.record("\(error)")
      return
    }
    #expect("\(error)".contains("nothing listens on 127.0.0.1:"))
  }

  @Test("A name that nobody knows is an error with the name")
  func unknownHost() throws {
    let error: TransportError = try withLoop { loop, finish in
      Connection.connect(to: .tcp(host: "no-such-host.invalid", port: 1), loop: loop, timeout: .seconds(15)) { result in
        if case .failure(let error) = result { finish(error) }
      }
    }
    #expect("\(error)".contains("no-such-host.invalid"))
  }

  @Test("A host that does not answer is given up in time")
  func timeout() throws {
    // A listener whose queue is full lets further connections wait.
    let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(listener, $0, length)
        _ = listen(listener, 0)
        _ = getsockname(listener, $0, &length)
      }
    }
    let port = UInt16(bigEndian: address.sin_port)
    let (error, elapsed): (TransportError, Duration) = try withLoop { loop, finish in
      let start = loop.now
      for _ in 0..<8 {
        Connection.connect(to: .tcp(host: "127.0.0.1", port: port), loop: loop, timeout: .milliseconds(200)) { result in
          if case .failure(let error) = result { finish((error, loop.now.elapsed(since: start))) }
        }
      }
    }
    #expect(error == .timedOut(.tcp(host: "127.0.0.1", port: port), after: .milliseconds(200)))
    #expect(elapsed >= .milliseconds(199) && elapsed < .seconds(5))
  }

  @Test("A server that accepts and stays silent is given up in time")
  func silentServer() throws {
    let error: TransportError = try withLoop { loop, finish in
      let listener = try Listener.listen(on: .tcp(host: "127.0.0.1", port: 0), loop: loop) { _ in }
      Connection.open(to: listener.endpoint, hello: hello(.client), loop: loop, timeout: .milliseconds(100)) { result in
        if case .failure(let error) = result { finish(error) }
      }
    }
    guard case .closed(let reason) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(reason.cause == .handshake(.silent(.milliseconds(100))))
  }

  @Test("A Unix socket left by a dead process is taken over; a living one, or a file, is not")
  func staleUnixSockets() throws {
    try withDirectory { directory in
      let path = "\(directory)/s"
      let stale = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
      _ = withUnsafePointer(to: address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(stale, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      close(stale)
      #expect(access(path, F_OK) == 0)
      let taken: Bool = try withLoop { loop, finish in
        let listener = try Listener.listen(on: .unix(path: path), loop: loop) { _ in }
        #expect(throws: TransportError.addressInUse(.unix(path: path))) {
          try Listener.listen(on: .unix(path: path), loop: loop) { _ in }
        }
        Connection.connect(to: listener.endpoint, loop: loop) { result in finish((try? result.get()) != nil) }
      }
      #expect(taken)
      let file = "\(directory)/file"
      close(open(file, O_CREAT | O_WRONLY, 0o600))
      let kept: Bool = try withLoop { loop, finish in
        #expect(throws: TransportError.self) { try Listener.listen(on: .unix(path: file), loop: loop) { _ in } }
        let long = "\(directory)/" + String(repeating: "x", count: 120)
        #expect(throws: TransportError.self) { try Listener.listen(on: .unix(path: long), loop: loop) { _ in } }
        finish(access(file, F_OK) == 0)
      }
      #expect(kept)
    }
  }
}
