import CLibUV
import Glibc

/// One question to the system's resolver, alive until it is answered.
private final class Resolution {
  let host: String
  let completion: (Result<[SocketAddress], TransportError>) -> Void
  let request = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)

  init(host: String, completion: @escaping (Result<[SocketAddress], TransportError>) -> Void) {
    self.host = host
    self.completion = completion
  }

  deinit { request.deallocate() }
}

extension EventLoop {
  /// All stream addresses of `host`, in the order in which to try them; digits need no resolver. On the loop's thread;
  /// `completion` is called there, never before this returns for names.
  func resolve(
    host: String, port: UInt16, _ completion: @escaping (Result<[SocketAddress], TransportError>) -> Void
  ) {
    preconditionOnLoop()
    if let address = SocketAddress(numericHost: host, port: port) { return completion(.success([address])) }
    let resolution = Resolution(host: host, completion: completion)
    let box = Unmanaged.passRetained(resolution)
    resolution.request.pointee.data = box.toOpaque()
    var hints = EventLoop.streamHints
    let status = uv_getaddrinfo(
      handle, resolution.request,
      { request, status, found in
        guard let data = request?.pointee.data else { return }
        let resolution = Unmanaged<Resolution>.fromOpaque(data).takeRetainedValue()
        resolution.completion(EventLoop.addresses(of: resolution.host, status, found))
        uv_freeaddrinfo(found)
      }, host, String(port), &hints)
    if status != 0 {
      box.release()
      completion(.failure(.unresolvable(host: host, reason: uvMessage(status))))
    }
  }

  /// The same, waiting: for listeners, which open before anything else can be late.
  func resolveNow(host: String, port: UInt16) throws(TransportError) -> [SocketAddress] {
    if let address = SocketAddress(numericHost: host, port: port) { return [address] }
    var request = uv_getaddrinfo_t()
    var hints = EventLoop.streamHints
    let status = uv_getaddrinfo(handle, &request, nil, host, String(port), &hints)
    defer { uv_freeaddrinfo(request.addrinfo) }
    return try EventLoop.addresses(of: host, status, request.addrinfo).get()
  }

  private static var streamHints: addrinfo {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    return hints
  }

  private static func addresses(
    of host: String, _ status: CInt, _ found: UnsafeMutablePointer<addrinfo>?
  ) -> Result<[SocketAddress], TransportError> {
    guard status == 0 else { return .failure(.unresolvable(host: host, reason: uvMessage(status))) }
    var addresses: [SocketAddress] = []
    var next = found
    while let entry = next {
      if let address = entry.pointee.ai_addr {
        addresses.append(SocketAddress(copying: address, length: Int(entry.pointee.ai_addrlen)))
      }
      next = entry.pointee.ai_next
    }
    if addresses.isEmpty { return .failure(.unresolvable(host: host, reason: "it has no address")) }
    return .success(addresses)
  }
}
