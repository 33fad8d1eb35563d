import CLibUV
import Glibc
public import WireProtocol

extension Connection {
  /// Moves a connection whose HELLO has come, and was not answered, to another loop: bulk connections leave the control
  /// loop before their first megabyte. On `loop` the HELLO is looked at again, against `policy`, and `onHello` is
  /// called with the new connection, there; answer it with `admit` or `refuse`.
  ///
  /// The opener may not speak before WELCOME, so nothing is lost on the way. This object closes; its `onClose` is
  /// called with `.local`.
  public func handOver(
    _ hello: Hello, to loop: EventLoop, policy: ServerHandshake.Policy,
    onHello: @escaping @Sendable (Connection, Hello) -> Void
  ) {
    self.loop.preconditionOnLoop()
    guard isOpen, let handle = stream.handle?.assumingMemoryBound(to: uv_handle_t.self) else { return }
    precondition(established == nil, "only a connection that was not admitted yet changes its loop")
    let kind = stream.kind
    let (peer, local) = (peer, local)
    var original: CInt = -1
    // A copy: libuv closes the original with its handle.
    let descriptor = uv_fileno(handle, &original) == 0 ? fcntl(original, F_DUPFD_CLOEXEC, 3) : -1
    finish(.local("handed over to the loop \(loop.name)"))
    guard descriptor >= 0 else { return }
    let accepted = loop.execute {
      let stream = ByteStream(loop: loop, kind: kind)
      let opened =
        switch kind {
        case .tcp: uv_tcp_open(stream.tcp, descriptor)
        case .unix: uv_pipe_open(stream.pipe, descriptor)
        }
      guard opened == 0 else {
        stream.close()
        _ = Glibc.close(descriptor)
        return
      }
      let connection = Connection(stream: stream, peer: peer, local: local)
      connection.awaitHello(policy) { hello in onHello(connection, hello) }
      connection.advanceHandshake(Frame(hello))
    }
    if !accepted { _ = Glibc.close(descriptor) }
  }
}
