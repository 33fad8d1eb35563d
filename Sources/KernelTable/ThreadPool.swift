import Glibc

/// A fixed number of threads for compute, apart from Swift's cooperative pool. Threads that find
/// no work for a tenth of a millisecond park (runners share hosts: a spinning pool steals from its neighbour). Every
/// thread flushes denormals.
///
/// Work is handed out one index at a time to whichever thread is free; so results must depend on the index only, which
/// the kernels keep by giving every output element to one index whole.
///
/// Sendable: the threads and their queue have a lock of their own; the pool itself only holds constants.
public final class ThreadPool: Sendable {
  /// Threads that compute, the calling one among them.
  public let threads: Int
  private let queue: WorkQueue
  private let handles: [pthread_t]

  /// Starts `threads - 1` threads; the caller of `run` is the last.
  public init(threads: Int) {
    precondition(threads >= 1 && threads <= 1024, "a pool has 1 to 1024 threads, not \(threads)")
    self.threads = threads
    let queue = WorkQueue(slots: threads)
    self.queue = queue
    handles = (1..<threads).map { slot in
      var handle = pthread_t()
      let start = Unmanaged.passRetained(WorkerStart(queue: queue, slot: slot))
      let result = pthread_create(
        &handle, nil,
        { argument in
          guard let argument else { return nil }
          let start = Unmanaged<WorkerStart>.fromOpaque(argument).takeRetainedValue()
          FloatingPointMode.setFlushing()
          start.queue.work(slot: start.slot)
          return nil
        }, start.toOpaque())
      precondition(result == 0, "pthread_create failed with error \(result) for thread \(slot) of \(threads)")
      return handle
    }
  }

  deinit {
    queue.stop()
    for handle in handles {
      pthread_join(handle, nil)
    }
  }

  /// Calls `body` once for each index in 0..<count, on any of the pool's threads, and returns when all are done.
  /// One caller is served at a time; a `body` must not call `run` of its own pool.
  public func run(_ count: Int, _ body: (Int) -> Void) {
    run(count, scratchFloats: 0) { index, _ in body(index) }
  }

  /// As `run`, with at least `scratchFloats` floats that no other thread touches meanwhile; their contents are
  /// whatever was left there.
  public func run(_ count: Int, scratchFloats: Int, _ body: (Int, UnsafeMutablePointer<Float>) -> Void) {
    guard count > 0 else { return }
    FloatingPointMode.flushing {
      withoutActuallyEscaping(body) { queue.run(count, scratchFloats, $0) }
    }
  }

  /// Calls `body` with at least `floats` floats that all threads may share meanwhile; contents are whatever was left
  /// there. The pool keeps the largest such memory for the next caller.
  func withSharedScratch(floats: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
    let buffer = queue.takeShared(floats: floats)
    body(buffer.start)
    queue.giveBack(buffer)
  }
}

private final class WorkerStart {
  let queue: WorkQueue
  let slot: Int

  init(queue: WorkQueue, slot: Int) {
    self.queue = queue
    self.slot = slot
  }
}
