import Foundation
import Glibc
import Synchronization

/// An HTTP server on loopback for tests of what is fetched: paths with their bytes, `Range` requests answered unless it
/// is told not to, every request noted. It serves one connection at a time, as a test needs it.
public final class FileServer: Sendable {
  public struct Answers: Sendable {
    /// Bodies by path; a path that is not there is a 404.
    public var files: [String: [UInt8]]
    public var takesRanges = true
    /// Closes the connection after so many bytes of a body.
    public var cutsAfter: Int?

    public init(_ files: [String: [UInt8]]) { self.files = files }
  }

  public let port: Int
  public var address: String { "http://127.0.0.1:\(port)" }
  private let descriptor: Int32
  private let answers: Mutex<Answers>
  private let noted = Mutex<[String]>([])

  public init(_ answers: Answers) throws {
    self.answers = Mutex(answers)
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let isReady = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard isReady, listen(descriptor, 8) == 0 else { throw TestFailure("no server: errno \(errno)") }
    port = Int(UInt16(bigEndian: address.sin_port))
    let thread = Thread { [weak self] in
      while true {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else { return }
        self?.serve(connection)
        close(connection)
      }
    }
    thread.start()
  }

  deinit {
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
  }

  public func change(_ change: (inout Answers) -> Void) { answers.withLock { change(&$0) } }

  /// `GET /path` or `GET /path bytes=10-`, in order.
  public var requests: [String] { noted.withLock { $0 } }

  private func serve(_ connection: Int32) {
    var request: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while !request.suffix(4).elementsEqual(Array("\r\n\r\n".utf8)) {
      let count = recv(connection, &piece, piece.count, 0)
      guard count > 0, request.count < 65_536 else { return }
      request += piece[..<count]
    }
    let lines = String(decoding: request, as: UTF8.self).components(separatedBy: "\r\n")
    let path = lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? "/"
    let range = lines.first { $0.lowercased().hasPrefix("range: ") }.map { String($0.dropFirst(7)) }
    noted.withLock { $0.append("GET \(path)" + (range.map { " \($0)" } ?? "")) }
    let answers = answers.withLock { $0 }
    guard let body = answers.files[path] else {
      return send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", [], to: connection)
    }
    var first = 0
    if answers.takesRanges, let range, range.hasPrefix("bytes="), range.hasSuffix("-") {
      first = Int(range.dropFirst(6).dropLast()) ?? 0
    }
    guard first < max(1, body.count) else {
      let head = "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
      return send(head, [], to: connection)
    }
    let rest = body[first...]
    let status = first > 0 ? "206 Partial Content" : "200 OK"
    let place = first > 0 ? "Content-Range: bytes \(first)-\(body.count - 1)/\(body.count)\r\n" : ""
    let head = "HTTP/1.1 \(status)\r\n\(place)Content-Length: \(rest.count)\r\nConnection: close\r\n\r\n"
    send(head, Array(rest.prefix(answers.cutsAfter ?? .max)), to: connection)
  }

  private func send(_ head: String, _ body: [UInt8], to connection: Int32) {
    let bytes = Array(head.utf8) + body
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.send(connection, buffer.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      sent += count
    }
    // The reader is to see the end only after all that was sent.
    shutdown(connection, Int32(SHUT_WR))
    var rest = [UInt8](repeating: 0, count: 256)
    while recv(connection, &rest, rest.count, 0) > 0 {}
  }
}
