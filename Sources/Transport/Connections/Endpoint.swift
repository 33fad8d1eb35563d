import Glibc

/// An address to listen on or to connect to: `127.0.0.1:7450`, `[::1]:7450`, `host:7450` or `unix:/path`.
public enum Endpoint: Sendable, Hashable, CustomStringConvertible {
  case tcp(host: String, port: UInt16)
  case unix(path: String)
  /// One end of a socketpair; the name says who is at the other.
  case pair(String)

  static let grammar = "HOST:PORT, [IPV6]:PORT or unix:/PATH"

  /// `defaultPort` stands in where the text has none; without one, a missing port is an error.
  public init(_ text: String, defaultPort: UInt16? = nil) throws(TransportError) {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      guard !path.isEmpty else { throw .badAddress(text, expected: "a path after unix:") }
      self = .unix(path: path)
      return
    }
    let (host, port) = try Endpoint.split(text)
    guard !host.isEmpty else { throw .badAddress(text, expected: Endpoint.grammar) }
    if let port {
      guard let number = UInt16(port), port.utf8.allSatisfy({ (48...57).contains($0) }) else {
        throw .badAddress(text, expected: "a port from 0 to 65535 after the colon, not \"\(port)\"")
      }
      self = .tcp(host: host, port: number)
    } else {
      guard let defaultPort else { throw .badAddress(text, expected: "\(Endpoint.grammar) (there is no port)") }
      self = .tcp(host: host, port: defaultPort)
    }
  }

  private static func split(_ text: String) throws(TransportError) -> (host: String, port: String?) {
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { throw .badAddress(text, expected: "a closing ]") }
      let host = String(text[text.index(after: text.startIndex)..<end])
      let rest = text[text.index(after: end)...]
      if rest.isEmpty { return (host, nil) }
      guard rest.hasPrefix(":") else { throw .badAddress(text, expected: "a colon after ]") }
      return (host, String(rest.dropFirst()))
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    switch parts.count {
    case 1: return (text, nil)
    case 2: return (String(parts[0]), String(parts[1]))
    default: throw .badAddress(text, expected: "an IPv6 address in brackets: [\(text)]:PORT")
    }
  }

  /// Whether only this host can reach it. Unix sockets and socketpairs count; names other than localhost do not, as
  /// what they resolve to may change.
  public var isLoopback: Bool {
    switch self {
    case .unix, .pair: return true
    case .tcp(let host, _):
      if host == "localhost" { return true }
      var four = in_addr()
      if inet_pton(AF_INET, host, &four) == 1 { return UInt32(bigEndian: four.s_addr) >> 24 == 127 }
      var six = in6_addr()
      guard inet_pton(AF_INET6, host, &six) == 1 else { return false }
      return withUnsafeBytes(of: &six) { $0.dropLast().allSatisfy { $0 == 0 } && $0.last == 1 }
    }
  }

  public var host: String? {
    if case .tcp(let host, _) = self { return host }
    return nil
  }

  public var port: UInt16? {
    if case .tcp(_, let port) = self { return port }
    return nil
  }

  public var description: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): "unix:\(path)"
    case .pair(let name): "socketpair to \(name)"
    }
  }
}
