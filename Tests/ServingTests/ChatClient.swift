import Foundation
import Glibc
import Synchronization
import TestSupport

/// `admix serve` with a small model on any free port; ends with the value.
final class ServedModel: Sendable {
  static let model = TestData.place.appendingPathComponent("models/stories260K/hf").path

  let process: Subprocess
  let port: Int
  private let directory: TemporaryDirectory

  init(_ arguments: [String] = []) throws {
    directory = try TemporaryDirectory()
    process = try Subprocess(
      Subprocess.admix, ["serve", Self.model, "--template", "zephyr", "--threads", "1", "--port", "0"] + arguments,
      name: "serve", in: directory.url)
    let end = ContinuousClock.now + .seconds(60)
    var port: Int?
    while port == nil {
      guard ContinuousClock.now < end, process.exitStatus == nil else {
        throw TestFailure("admix serve does not serve: \(process.errorText)")
      }
      usleep(5_000)
      port = process.errorText.split(separator: "\n").last { $0.contains("is served at") }?
        .split(separator: ":").last.flatMap { Int($0.dropLast()) }
    }
    self.port = port ?? 0
  }

  /// Samples of `/metrics` without their labels.
  func metrics() throws -> [String: Double] {
    var samples: [String: Double] = [:]
    for line in try Reply(of: self, .get, "/metrics").text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let name = line.split(separator: "{").first, let value = line.split(separator: " ").last else { continue }
      samples[String(name)] = Double(value)
    }
    return samples
  }

  func waitUntil(_ what: String, _ condition: ([String: Double]) -> Bool) throws {
    let end = ContinuousClock.now + .seconds(30)
    while !condition(try metrics()) {
      guard ContinuousClock.now < end else { throw TestFailure("\(what) never came: \(try metrics())") }
      usleep(10_000)
    }
  }
}

/// A connection that a test holds in its hand: it sends, reads and leaves when it wants to.
final class Connection {
  private let descriptor: Int32
  private(set) var received: [UInt8] = []

  /// - Parameter buffer: bytes that the system takes for a client that does not read.
  init(_ server: ServedModel, buffer: Int32? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if var buffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &buffer, socklen_t(MemoryLayout<Int32>.size)) }
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(server.port)).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let isConnected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isConnected else { throw TestFailure("cannot connect to port \(server.port): errno \(errno)") }
  }

  deinit { close(descriptor) }

  func send(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { throw TestFailure("the server does not take more: errno \(errno)") }
      rest = rest.dropFirst(count)
    }
  }

  func send(
    _ method: Reply.Method, _ path: String, _ body: String? = nil, headers: [String: String] = [:]
  ) throws {
    var head = "\(method.rawValue) \(path) HTTP/1.1\r\nHost: localhost\r\n"
    for (name, value) in headers { head += "\(name): \(value)\r\n" }
    if let body { head += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
    try send(Array((head + "\r\n" + (body ?? "")).utf8))
  }

  /// Reads on; false at the end of what the server sends.
  @discardableResult
  func receive(atMost limit: Int = 65_536) throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: limit)
    let count = recv(descriptor, &buffer, limit, 0)
    guard count >= 0 else { throw TestFailure("nothing comes: errno \(errno); so far \(text.suffix(500))") }
    received += buffer[..<count]
    return count > 0
  }

  func receive(until part: String) throws {
    while !text.contains(part) {
      guard try receive() else { throw TestFailure("the server closed before `\(part)` came: \(text.suffix(500))") }
    }
  }

  var text: String { String(decoding: received, as: UTF8.self) }

  /// Reads the answer to its end.
  func reply(toHead isHead: Bool = false) throws -> Reply {
    while true {
      if let reply = Reply(received, isHead: isHead) { return reply }
      guard try receive() else { throw TestFailure("the server closed in the middle: \(text.suffix(500))") }
    }
  }
}

/// An answer of the server.
struct Reply: Sendable {
  enum Method: String { case get = "GET", post = "POST", put = "PUT", head = "HEAD" }

  let status: Int
  /// Names in lower case.
  let headers: [String: String]
  let body: [UInt8]

  /// Sends a request on a connection of its own and waits for the answer.
  init(
    of server: ServedModel, _ method: Method, _ path: String, _ body: String? = nil, headers: [String: String] = [:]
  ) throws {
    let connection = try Connection(server)
    try connection.send(method, path, body, headers: headers)
    self = try connection.reply(toHead: method == .head)
  }

  /// Nil while something is missing.
  init?(_ bytes: [UInt8], isHead: Bool) {
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
    let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    guard words.count > 1, let status = Int(words[1]) else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    let rest = bytes[end.upperBound...]
    if isHead {
      body = []
    } else if let length = headers["content-length"].flatMap(Int.init) {
      guard rest.count >= length else { return nil }
      body = Array(rest.prefix(length))
    } else {
      guard let chunks = Self.chunks(rest) else { return nil }
      body = chunks
    }
    (self.status, self.headers) = (status, headers)
  }

  private static func chunks(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    var rest = bytes
    var body: [UInt8] = []
    while let end = rest.firstRange(of: [0x0D, 0x0A]) {
      guard let size = Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16) else { return nil }
      rest = rest[end.upperBound...]
      if size == 0 { return body }
      guard rest.count >= size + 2 else { return nil }
      body += rest.prefix(size)
      rest = rest.dropFirst(size + 2)
    }
    return nil
  }

  var text: String { String(decoding: body, as: UTF8.self) }
  var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]) ?? [:] }
  var error: [String: Any] { json["error"] as? [String: Any] ?? [:] }
  var choices: [[String: Any]] { json["choices"] as? [[String: Any]] ?? [] }
  var usage: [String: Any] { json["usage"] as? [String: Any] ?? [:] }

  /// The text of a completion's first choice.
  var completion: String { choices.first?["text"] as? String ?? "" }

  /// The rows of a stream, each of which must be an event; without the last, `[DONE]`.
  func events() throws -> [[String: Any]] {
    var rows = text.components(separatedBy: "\n\n")
    guard rows.removeLast() == "", rows.popLast() == "data: [DONE]" else {
      throw TestFailure("the stream does not end with [DONE]: \(text.suffix(300))")
    }
    return try rows.map { row in
      guard row.hasPrefix("data: "), !row.contains("\n"),
        let event = try JSONSerialization.jsonObject(with: Data(row.dropFirst(6).utf8)) as? [String: Any]
      else { throw TestFailure("no event: \(row)") }
      return event
    }
  }
}

/// Runs `body` for each number on a thread of its own, all at once, and returns what they return.
func atOnce<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Value) throws -> [Value] {
  let results = Results<Value>()
  let threads = DispatchGroup()
  for index in 0..<count {
    threads.enter()
    Thread.detachNewThread {
      let result = Result { try body(index) }
      results.of.withLock { $0[index] = result }
      threads.leave()
    }
  }
  threads.wait()
  return try results.of.withLock { results in
    try (0..<count).map { index in
      guard let result = results[index] else { throw TestFailure("thread \(index) left nothing") }
      return try result.get()
    }
  }
}

private final class Results<Value: Sendable>: Sendable {
  let of = Mutex<[Int: Result<Value, any Error>]>([:])
}
