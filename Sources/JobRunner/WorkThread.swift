import CLinux
import Glibc
import Synchronization

/// A thread with a queue, and state that only it touches. It flushes denormals: additions that reach weights run here.
///
/// `@unchecked Sendable` is true because the queue is touched only under `mutex`, and the state lives on the thread's
/// stack, reachable only through the work that runs there.
final class WorkThread<State>: @unchecked Sendable {
  private let name: String
  private let makeState: @Sendable () -> State
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var queue: [@Sendable (State) -> Void] = []
  private var isStopped = false
  private var thread: pthread_t?
  private let idle = Atomic<UInt64>(0)

  /// Plugins may recurse, and Swift's default of a secondary thread is the system's.
  private static var stackBytes: Int { 16 * 1024 * 1024 }

  init(name: String, makeState: @escaping @Sendable () -> State) {
    self.name = name
    self.makeState = makeState
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(changed)
    mutex.deallocate()
    changed.deallocate()
  }

  func start() {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, Self.stackBytes)
    var thread = pthread_t()
    let start = Unmanaged.passRetained(ThreadStart { self.runThread() })
    let status = pthread_create(
      &thread, &attributes,
      { argument in
        if let argument { Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, start.toOpaque())
    pthread_attr_destroy(&attributes)
    precondition(status == 0, "cannot start thread \(name)")
    self.thread = thread
  }

  /// Runs `work` on the thread, in the order of the calls. After `stop` it is dropped.
  func run(_ work: @escaping @Sendable (State) -> Void) {
    pthread_mutex_lock(mutex)
    if !isStopped { queue.append(work) }
    pthread_cond_signal(changed)
    pthread_mutex_unlock(mutex)
  }

  /// Ends after the work in hand; what is queued is dropped.
  func stop() {
    pthread_mutex_lock(mutex)
    isStopped = true
    queue = []
    pthread_cond_signal(changed)
    pthread_mutex_unlock(mutex)
  }

  func join() {
    if let thread { pthread_join(thread, nil) }
    thread = nil
  }

  /// Nanoseconds the thread has waited for work, all in all.
  var idleNanoseconds: UInt64 { idle.load(ordering: .relaxed) }
}

/// What a C start routine can be given.
private final class ThreadStart {
  let body: () -> Void
  init(_ body: @escaping () -> Void) { self.body = body }
}

extension WorkThread {
  private func runThread() {
    admix_name_thread(name)
    admix_floating_point_set_flush()
    let state = makeState()
    while true {
      pthread_mutex_lock(mutex)
      if queue.isEmpty, !isStopped {
        let since = monotonicNanoseconds()
        while queue.isEmpty, !isStopped { pthread_cond_wait(changed, mutex) }
        idle.wrappingAdd(monotonicNanoseconds() - since, ordering: .relaxed)
      }
      let batch = queue
      queue = []
      let isOver = isStopped
      pthread_mutex_unlock(mutex)
      if isOver { return }
      for work in batch { work(state) }
    }
  }
}

/// Nanoseconds of the monotonic clock.
func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
}
