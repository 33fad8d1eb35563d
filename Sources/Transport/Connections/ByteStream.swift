import CLibUV
import Glibc

/// A libuv stream (TCP or Unix): bytes in, bytes out, closed once. Knows no frames.
final class ByteStream: LoopResource {
  enum Kind { case tcp, unix }

  let loop: EventLoop
  let kind: Kind
  /// Called with what was read; the bytes are valid only during the call.
  var onBytes: ((UnsafeRawBufferPointer) -> Void)?
  /// Called once when no more will be read: 0 at the end of the stream, else libuv's error.
  var onEnd: ((CInt) -> Void)?
  /// For listeners: a connection waits to be accepted.
  var onAccept: ((CInt) -> Void)?
  /// Called when the loop ends while the stream is open.
  var onLoopEnd: (() -> Void)?

  private(set) var handle: UnsafeMutableRawPointer?
  private var isReading = false

  init(loop: EventLoop, kind: Kind) {
    loop.preconditionOnLoop()
    self.loop = loop
    self.kind = kind
    let handle: UnsafeMutableRawPointer
    switch kind {
    case .tcp:
      let tcp = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
      uv_tcp_init(loop.handle, tcp)
      handle = UnsafeMutableRawPointer(tcp)
    case .unix:
      let pipe = UnsafeMutablePointer<uv_pipe_t>.allocate(capacity: 1)
      uv_pipe_init(loop.handle, pipe, 0)
      handle = UnsafeMutableRawPointer(pipe)
    }
    self.handle = handle
    // Released in the close callback: the stream lives as long as libuv may call it.
    handle.assumingMemoryBound(to: uv_handle_t.self).pointee.data = Unmanaged.passRetained(self).toOpaque()
    loop.add(self)
  }

  var isOpen: Bool { handle != nil }
  var stream: UnsafeMutablePointer<uv_stream_t>? { handle?.assumingMemoryBound(to: uv_stream_t.self) }
  var tcp: UnsafeMutablePointer<uv_tcp_t>? { kind == .tcp ? handle?.assumingMemoryBound(to: uv_tcp_t.self) : nil }
  var pipe: UnsafeMutablePointer<uv_pipe_t>? { kind == .unix ? handle?.assumingMemoryBound(to: uv_pipe_t.self) : nil }

  func startReading() {
    guard let stream, !isReading else { return }
    isReading = true
    let status = uv_read_start(
      stream,
      { handle, _, buffer in
        guard let data = handle?.pointee.data, let buffer else { return }
        let memory = Unmanaged<ByteStream>.fromOpaque(data).takeUnretainedValue().loop.readBuffer
        buffer.pointee = uv_buf_init(
          memory.baseAddress?.assumingMemoryBound(to: CChar.self), UInt32(clamping: memory.count))
      },
      { stream, count, buffer in
        guard let data = stream?.pointee.data else { return }
        Unmanaged<ByteStream>.fromOpaque(data).takeUnretainedValue().didRead(count)
      })
    if status != 0 { end(status) }
  }

  func stopReading() {
    guard let stream, isReading else { return }
    isReading = false
    uv_read_stop(stream)
  }

  /// Takes `bytes` over (freed after writing); `completion` gets 0 or libuv's error, and is called even when the
  /// stream is closed before.
  func write(_ bytes: UnsafeMutableRawBufferPointer, _ completion: @escaping (CInt) -> Void) {
    let write = PendingWrite(bytes: bytes, completion: completion)
    guard let stream else { return write.finish(UV_ECANCELED.rawValue) }
    let box = Unmanaged.passRetained(write)
    write.request.pointee.data = box.toOpaque()
    var buffer = uv_buf_init(
      bytes.baseAddress?.assumingMemoryBound(to: CChar.self), UInt32(clamping: bytes.count))
    let status = uv_write(write.request, stream, &buffer, 1) { request, status in
      guard let data = request?.pointee.data else { return }
      Unmanaged<PendingWrite>.fromOpaque(data).takeRetainedValue().finish(status)
    }
    if status != 0 { box.takeRetainedValue().finish(status) }
  }

  /// Closes at once; writes that have not left are cancelled.
  func close() {
    guard let handle else { return }
    loop.preconditionOnLoop()
    self.handle = nil
    loop.remove(self)
    onBytes = nil
    onEnd = nil
    onAccept = nil
    onLoopEnd = nil
    uv_close(handle.assumingMemoryBound(to: uv_handle_t.self)) { handle in
      guard let handle, let data = handle.pointee.data else { return }
      let stream = Unmanaged<ByteStream>.fromOpaque(data).takeRetainedValue()
      switch stream.kind {
      case .tcp: UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_tcp_t.self).deallocate()
      case .unix: UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_pipe_t.self).deallocate()
      }
    }
  }

  func closeWithLoop() {
    onLoopEnd?()
    close()
  }

  /// The peer's address, and ours.
  var addresses: (peer: Endpoint?, local: Endpoint?) {
    guard let tcp else { return (nil, nil) }
    func name(_ ask: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<CInt>) -> CInt) -> Endpoint? {
      var storage = sockaddr_storage()
      var length = CInt(MemoryLayout<sockaddr_storage>.size)
      let status = withUnsafeMutablePointer(to: &storage) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { ask($0, &length) }
      }
      return status == 0 ? SocketAddress(storage).endpoint : nil
    }
    return (name { uv_tcp_getpeername(tcp, $0, $1) }, name { uv_tcp_getsockname(tcp, $0, $1) })
  }

  private func didRead(_ count: Int) {
    if count > 0 {
      onBytes?(UnsafeRawBufferPointer(rebasing: loop.readBuffer[..<count]))
    } else if count < 0 {
      end(CInt(truncatingIfNeeded: count))
    }
  }

  private func end(_ status: CInt) {
    stopReading()
    let onEnd = self.onEnd
    self.onEnd = nil
    onEnd?(status == UV_EOF.rawValue ? 0 : status)
  }
}

/// A write on its way, with the memory it owns.
private final class PendingWrite {
  let request = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)
  private let bytes: UnsafeMutableRawBufferPointer
  private let completion: (CInt) -> Void

  init(bytes: UnsafeMutableRawBufferPointer, completion: @escaping (CInt) -> Void) {
    self.bytes = bytes
    self.completion = completion
  }

  deinit {
    bytes.deallocate()
    request.deallocate()
  }

  func finish(_ status: CInt) { completion(status) }
}
