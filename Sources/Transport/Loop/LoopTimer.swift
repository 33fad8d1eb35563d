import CLibUV
public import WireProtocol

/// A timer of a loop. It fires until it is cancelled (or once), whether or not anyone keeps it.
///
/// `@unchecked Sendable` is true because all of its state is touched only on the loop's thread, which `cancel` checks.
public final class LoopTimer: LoopResource, @unchecked Sendable {
  private let loop: EventLoop
  private var handle: UnsafeMutablePointer<uv_timer_t>?
  private let repeats: Bool
  private let action: () -> Void

  fileprivate init(loop: EventLoop, after delay: Duration, repeating period: Duration?, action: @escaping () -> Void) {
    self.loop = loop
    self.action = action
    repeats = period != nil
    let handle = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
    self.handle = handle
    uv_timer_init(loop.handle, handle)
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    loop.add(self)
    // The loop's cached time may be old after long work; a lease must not end early by that.
    uv_update_time(loop.handle)
    uv_timer_start(
      handle,
      { timer in
        guard let data = timer?.pointee.data else { return }
        Unmanaged<LoopTimer>.fromOpaque(data).takeUnretainedValue().fire()
      }, LoopTimer.milliseconds(delay), period.map { max(1, LoopTimer.milliseconds($0)) } ?? 0)
  }

  /// On the loop's thread. After it, the action is never called again.
  public func cancel() {
    loop.preconditionOnLoop()
    guard let handle else { return }
    self.handle = nil
    loop.remove(self)
    uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { handle in
      guard let handle, let data = handle.pointee.data else { return }
      Unmanaged<LoopTimer>.fromOpaque(data).release()
      UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_timer_t.self).deallocate()
    }
  }

  func closeWithLoop() { cancel() }

  private func fire() {
    if !repeats { cancel() }
    action()
  }

  /// Rounded up: a timer that is early by a fraction would find its deadline not yet passed, and nothing would follow.
  private static func milliseconds(_ duration: Duration) -> UInt64 {
    let nanoseconds = duration.wholeNanoseconds
    guard nanoseconds > 0 else { return 0 }
    return UInt64(nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 == 0 ? 0 : 1))
  }
}

extension EventLoop {
  /// Calls `action` on the loop after `delay`, and then every `period` if there is one. On the loop's thread.
  @discardableResult
  public func schedule(
    after delay: Duration, repeating period: Duration? = nil, _ action: @escaping () -> Void
  ) -> LoopTimer {
    preconditionOnLoop()
    return LoopTimer(loop: self, after: delay, repeating: period, action: action)
  }

  /// Calls `action` at `time`, or as soon as possible when that has passed. On the loop's thread.
  @discardableResult
  public func schedule(at time: MonotonicTime, _ action: @escaping () -> Void) -> LoopTimer {
    schedule(after: time.elapsed(since: now), action)
  }
}
