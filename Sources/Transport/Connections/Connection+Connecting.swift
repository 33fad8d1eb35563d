import CLibUV
import Glibc
public import WireProtocol

/// One attempt to reach an endpoint: its addresses in order, one deadline for all.
private final class Attempt {
  let endpoint: Endpoint
  let loop: EventLoop
  let timeout: Duration
  private var addresses: ArraySlice<SocketAddress> = []
  private var completion: ((Result<Connection, TransportError>) -> Void)?
  private var stream: ByteStream?
  private var timer: LoopTimer?
  private var lastFailure: TransportError?

  init(
    _ endpoint: Endpoint, loop: EventLoop, timeout: Duration,
    completion: @escaping (Result<Connection, TransportError>) -> Void
  ) {
    self.endpoint = endpoint
    self.loop = loop
    self.timeout = timeout
    self.completion = completion
  }

  func begin() {
    timer = loop.schedule(after: timeout) { self.finish(.failure(.timedOut(self.endpoint, after: self.timeout))) }
    switch endpoint {
    case .tcp(let host, let port):
      loop.resolve(host: host, port: port) { result in
        switch result {
        case .success(let found):
          self.addresses = found[...]
          self.tryNext()
        case .failure(let error): self.finish(.failure(error))
        }
      }
    case .unix(let path): connect(toUnix: path)
    case .pair:
      finish(.failure(.unreachable(endpoint, reason: "a socketpair is handed over, not connected to")))
    }
  }

  private func tryNext() {
    guard completion != nil else { return }
    guard let address = addresses.popFirst() else {
      return finish(.failure(lastFailure ?? .unreachable(endpoint, reason: "it has no address")))
    }
    let stream = ByteStream(loop: loop, kind: .tcp)
    self.stream = stream
    let request = ConnectRequest { status in self.connected(stream, status) }
    let status = address.withPointer { request.start(onTCP: stream, to: $0) }
    if status != 0 { connected(stream, status) }
  }

  private func connect(toUnix path: String) {
    let stream = ByteStream(loop: loop, kind: .unix)
    self.stream = stream
    ConnectRequest { status in self.connected(stream, status) }.start(onUnix: stream, path: path)
  }

  private func connected(_ stream: ByteStream, _ status: CInt) {
    guard completion != nil, self.stream === stream else { return }
    guard status == 0 else {
      self.stream = nil
      stream.close()
      lastFailure =
        status == UV_ECONNREFUSED.rawValue || status == UV_ENOENT.rawValue
        ? .refused(endpoint) : .unreachable(endpoint, reason: uvMessage(status))
      return tryNext()
    }
    if let tcp = stream.tcp { uv_tcp_nodelay(tcp, 1) }
    let addresses = stream.addresses
    self.stream = nil
    finish(.success(Connection(stream: stream, peer: addresses.peer ?? endpoint, local: addresses.local)))
  }

  private func finish(_ result: Result<Connection, TransportError>) {
    guard let completion else { return }
    self.completion = nil
    timer?.cancel()
    stream?.close()
    stream = nil
    completion(result)
  }
}

/// libuv's connect request, alive until it is answered.
private final class ConnectRequest {
  private let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
  private let completion: (CInt) -> Void

  init(completion: @escaping (CInt) -> Void) { self.completion = completion }
  deinit { request.deallocate() }

  private static let answered: uv_connect_cb = { request, status in
    guard let data = request?.pointee.data else { return }
    Unmanaged<ConnectRequest>.fromOpaque(data).takeRetainedValue().completion(status)
  }

  /// 0, or an error that comes at once; then `completion` is not called.
  func start(onTCP stream: ByteStream, to address: UnsafePointer<sockaddr>) -> CInt {
    let box = Unmanaged.passRetained(self)
    request.pointee.data = box.toOpaque()
    let status = uv_tcp_connect(request, stream.tcp, address, ConnectRequest.answered)
    if status != 0 { box.release() }
    return status
  }

  func start(onUnix stream: ByteStream, path: String) {
    request.pointee.data = Unmanaged.passRetained(self).toOpaque()
    uv_pipe_connect(request, stream.pipe, path, ConnectRequest.answered)
  }
}

extension Connection {
  /// Reaches `endpoint`, trying each of its addresses. `completion` is called once, on the loop, unless the loop ends.
  public static func connect(
    to endpoint: Endpoint, loop: EventLoop, timeout: Duration = .seconds(5),
    completion: @escaping (Result<Connection, TransportError>) -> Void
  ) {
    loop.preconditionOnLoop()
    Attempt(endpoint, loop: loop, timeout: timeout, completion: completion).begin()
  }

  /// Reaches `endpoint` and says `hello`; `completion` gets a connection on which frames flow.
  public static func open(
    to endpoint: Endpoint, hello: Hello, loop: EventLoop, timeout: Duration = .seconds(5),
    completion: @escaping (Result<(Connection, Welcome), TransportError>) -> Void
  ) {
    connect(to: endpoint, loop: loop, timeout: timeout) { result in
      switch result {
      case .failure(let error): completion(.failure(error))
      case .success(let connection):
        connection.sayHello(hello, patience: timeout) { answer in completion(answer.map { (connection, $0) }) }
      }
    }
  }
}
