import CLibUV
import Glibc

/// Accepts connections on an address. Belongs to its loop's thread; lives until `close` or the loop's end.
///
/// `@unchecked Sendable` is true because all mutable state is touched only on the loop's thread, which `close` checks.
public final class Listener: @unchecked Sendable {
  /// Where it listens: with the port that the system chose when 0 was asked for.
  public let endpoint: Endpoint
  private let stream: ByteStream
  private let onConnection: (Connection) -> Void

  /// How many connections the kernel may hold before they are accepted: a whole cluster that comes back at once.
  private static let backlog: CInt = 511

  /// Listens on `endpoint`; port 0 lets the system choose. A Unix path that a dead process left behind is taken over,
  /// one on which somebody answers is `.addressInUse`.
  ///
  /// `onConnection` gets each connection before anything was read from it: call its `awaitHello`.
  public static func listen(
    on endpoint: Endpoint, loop: EventLoop, onConnection: @escaping (Connection) -> Void
  ) throws(TransportError) -> Listener {
    loop.preconditionOnLoop()
    switch endpoint {
    case .unix(let path): return try listen(onUnix: path, loop: loop, onConnection)
    case .pair: throw .cannotListen(endpoint, reason: "a socketpair has both its ends")
    case .tcp(let host, let port):
      let address = try loop.resolveNow(host: host, port: port)[0]
      let stream = ByteStream(loop: loop, kind: .tcp)
      let bound = address.withPointer { uv_tcp_bind(stream.tcp, $0, 0) }
      if bound != 0 { throw failure(bound, endpoint, stream) }
      let listener = Listener(stream: stream, asked: endpoint, onConnection)
      try listener.start()
      return listener
    }
  }

  /// Listens on the first free port of `ports`.
  public static func listen(
    host: String, ports: ClosedRange<UInt16>, loop: EventLoop, onConnection: @escaping (Connection) -> Void
  ) throws(TransportError) -> Listener {
    for port in ports {
      do throws(TransportError) {
        return try listen(on: .tcp(host: host, port: port), loop: loop, onConnection: onConnection)
      } catch .addressInUse {
        continue
      }
    }
    throw .portsInUse(host: host, ports: ports)
  }

  private init(stream: ByteStream, asked: Endpoint, _ onConnection: @escaping (Connection) -> Void) {
    self.stream = stream
    self.onConnection = onConnection
    if case .tcp(let host, _) = asked, let port = stream.addresses.local?.port {
      endpoint = .tcp(host: host, port: port)
    } else {
      endpoint = asked
    }
  }

  /// Takes no more connections; those that are there stay. On the loop's thread.
  public func close() { stream.close() }

  private static func listen(
    onUnix path: String, loop: EventLoop, _ onConnection: @escaping (Connection) -> Void
  ) throws(TransportError) -> Listener {
    let endpoint = Endpoint.unix(path: path)
    let capacity = MemoryLayout.size(ofValue: sockaddr_un().sun_path)
    guard path.utf8.count < capacity else {
      throw .badAddress("\(endpoint)", expected: "a path of at most \(capacity - 1) bytes, as Unix sockets have it")
    }
    try removeStaleSocket(path)
    let stream = ByteStream(loop: loop, kind: .unix)
    let bound = uv_pipe_bind(stream.pipe, path)
    if bound != 0 { throw failure(bound, endpoint, stream) }
    let listener = Listener(stream: stream, asked: endpoint, onConnection)
    try listener.start()
    return listener
  }

  /// A socket file outlives the process that bound it, if that was killed. Only one that refuses is removed: whoever
  /// answers is alive, and what is no socket is not ours to delete.
  private static func removeStaleSocket(_ path: String) throws(TransportError) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw .cannotListen(.unix(path: path), reason: "there is a file of that name that is no socket")
    }
    let probe = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard probe >= 0 else { throw .system(call: "socket", reason: String(cString: strerror(errno))) }
    defer { _ = Glibc.close(probe) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let connected = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(probe, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard connected != 0, errno == ECONNREFUSED else { throw .addressInUse(.unix(path: path)) }
    unlink(path)
  }

  private func start() throws(TransportError) {
    // Retained by the closures until the stream closes.
    stream.onAccept = { status in self.accept(status) }
    let status = uv_listen(stream.stream, Listener.backlog) { handle, status in
      guard let data = handle?.pointee.data else { return }
      Unmanaged<ByteStream>.fromOpaque(data).takeUnretainedValue().onAccept?(status)
    }
    if status != 0 { throw Listener.failure(status, endpoint, stream) }
  }

  private func accept(_ status: CInt) {
    // An error here (no descriptors left) concerns one connection; the peer sees it reset, and tries again.
    guard status == 0, stream.isOpen else { return }
    let accepted = ByteStream(loop: stream.loop, kind: stream.kind)
    guard uv_accept(stream.stream, accepted.stream) == 0 else { return accepted.close() }
    if let tcp = accepted.tcp { uv_tcp_nodelay(tcp, 1) }
    let addresses = accepted.addresses
    onConnection(Connection(stream: accepted, peer: addresses.peer ?? endpoint, local: addresses.local))
  }

  private static func failure(_ status: CInt, _ endpoint: Endpoint, _ stream: ByteStream) -> TransportError {
    stream.close()
    return status == UV_EADDRINUSE.rawValue
      ? .addressInUse(endpoint) : .cannotListen(endpoint, reason: uvMessage(status))
  }
}
