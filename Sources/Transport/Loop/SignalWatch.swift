import CLibUV
import Glibc

/// Calls an action on the loop for each arrival of a POSIX signal, until it is cancelled.
///
/// `@unchecked Sendable` is true because all of its state is touched only on the loop's thread, which `cancel` checks.
public final class SignalWatch: LoopResource, @unchecked Sendable {
  private let loop: EventLoop
  private var handle: UnsafeMutablePointer<uv_signal_t>?
  private let action: () -> Void

  fileprivate init(loop: EventLoop, signal: CInt, action: @escaping () -> Void) {
    self.loop = loop
    self.action = action
    let handle = UnsafeMutablePointer<uv_signal_t>.allocate(capacity: 1)
    self.handle = handle
    uv_signal_init(loop.handle, handle)
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    loop.add(self)
    let status = uv_signal_start(
      handle,
      { handle, _ in
        guard let data = handle?.pointee.data else { return }
        Unmanaged<SignalWatch>.fromOpaque(data).takeUnretainedValue().action()
      }, signal)
    precondition(status == 0, "signal \(signal) cannot be watched: \(uvMessage(status))")
  }

  /// On the loop's thread.
  public func cancel() {
    loop.preconditionOnLoop()
    guard let handle else { return }
    self.handle = nil
    loop.remove(self)
    uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { handle in
      guard let handle, let data = handle.pointee.data else { return }
      Unmanaged<SignalWatch>.fromOpaque(data).release()
      UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_signal_t.self).deallocate()
    }
  }

  func closeWithLoop() { cancel() }
}

extension EventLoop {
  /// Lets `signal` come to this thread (and to those it starts). A process inherits the signals that its parent's
  /// thread had blocked; some runtimes block nearly all on their worker threads, and nobody would hear of a child's
  /// end.
  static func unblock(_ signal: CInt) {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, signal)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  /// Calls `action` on the loop whenever `signal` (SIGINT, SIGTERM, …) comes. On the loop's thread.
  public func watch(signal: CInt, _ action: @escaping () -> Void) -> SignalWatch {
    preconditionOnLoop()
    EventLoop.unblock(signal)
    return SignalWatch(loop: self, signal: signal, action: action)
  }
}
