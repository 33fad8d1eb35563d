import CLinux
import Glibc
import Synchronization

/// The queue between a pool and its threads: one batch of indices at a time.
///
/// A thread without work looks for some for a moment before it parks: a training step has about a thousand batches,
/// mostly microseconds apart, and waking a parked thread takes longer than that (much longer on a virtual processor,
/// whose host must be told). A pool that has nothing to do for longer costs nothing.
// Sendable because every field below `lock` is read and written with the lock held, and `scratch[slot]` by the one
// thread that has the slot (slot 0: the caller, alone under `caller`); `batches` and `completed` are atomic.
final class WorkQueue: @unchecked Sendable {
  typealias Body = (Int, UnsafeMutablePointer<Float>) -> Void

  private let caller = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let arrived = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let finished = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var body: Body?
  private var count = 0
  private var next = 0
  private var done = 0
  private var scratchFloats = 0
  private var stopping = false
  /// Threads that wait on `arrived`.
  private var parked = 0
  /// Counts batches (and `stop`): what a thread without work watches.
  private let batches = Atomic<Int>(0)
  /// Copy of `done` that the caller watches.
  private let completed = Atomic<Int>(0)
  private var shared: FloatBuffer?
  private let scratch: UnsafeMutablePointer<FloatBuffer>
  private let slots: Int

  init(slots: Int) {
    self.slots = slots
    scratch = .allocate(capacity: slots)
    for slot in 0..<slots {
      (scratch + slot).initialize(to: FloatBuffer(count: 0))
    }
    pthread_mutex_init(caller, nil)
    pthread_mutex_init(lock, nil)
    pthread_cond_init(arrived, nil)
    pthread_cond_init(finished, nil)
  }

  deinit {
    pthread_cond_destroy(finished)
    pthread_cond_destroy(arrived)
    pthread_mutex_destroy(lock)
    pthread_mutex_destroy(caller)
    finished.deallocate()
    arrived.deallocate()
    lock.deallocate()
    caller.deallocate()
    scratch.deinitialize(count: slots)
    scratch.deallocate()
  }

  func run(_ count: Int, _ scratchFloats: Int, _ body: @escaping Body) {
    pthread_mutex_lock(caller)
    defer { pthread_mutex_unlock(caller) }
    if slots == 1 || count == 1 {
      let memory = memory(slot: 0, floats: scratchFloats)
      for index in 0..<count {
        body(index, memory)
      }
      return
    }
    pthread_mutex_lock(lock)
    self.body = body
    self.count = count
    self.scratchFloats = scratchFloats
    next = 0
    done = 0
    completed.store(0, ordering: .relaxed)
    batches.add(1, ordering: .releasing)
    if parked > 0 { pthread_cond_broadcast(arrived) }
    takeIndices(slot: 0)
    if done < count {
      pthread_mutex_unlock(lock)
      spin { completed.load(ordering: .acquiring) == count }
      pthread_mutex_lock(lock)
    }
    while done < count {
      pthread_cond_wait(finished, lock)
    }
    self.body = nil
    pthread_mutex_unlock(lock)
  }

  /// The memory kept for sharing if it is free and large enough, else fresh memory.
  func takeShared(floats: Int) -> FloatBuffer {
    pthread_mutex_lock(lock)
    let kept = shared
    shared = nil
    pthread_mutex_unlock(lock)
    if let kept, kept.count >= floats { return kept }
    return FloatBuffer(count: floats)
  }

  func giveBack(_ buffer: FloatBuffer) {
    pthread_mutex_lock(lock)
    if buffer.count >= shared?.count ?? 0 {
      shared = buffer
    }
    pthread_mutex_unlock(lock)
  }

  /// A thread's life: take indices while there are any, else watch for some, then sleep; returns after `stop`.
  func work(slot: Int) {
    pthread_mutex_lock(lock)
    while !stopping {
      takeIndices(slot: slot)
      if stopping { break }
      let seen = batches.load(ordering: .relaxed)
      pthread_mutex_unlock(lock)
      spin { batches.load(ordering: .acquiring) != seen }
      pthread_mutex_lock(lock)
      if batches.load(ordering: .relaxed) == seen && !stopping {
        parked += 1
        pthread_cond_wait(arrived, lock)
        parked -= 1
      }
    }
    pthread_mutex_unlock(lock)
  }

  /// Longest time to watch before parking; some wake-ups' worth.
  private static let spinNanoseconds = 100_000

  /// Returns when `condition` holds or the time is over.
  private func spin(until condition: () -> Bool) {
    var start = timespec()
    clock_gettime(CLOCK_MONOTONIC, &start)
    while true {
      for _ in 0..<32 {
        if condition() { return }
        admix_spin_pause()
      }
      var now = timespec()
      clock_gettime(CLOCK_MONOTONIC, &now)
      let elapsed = (now.tv_sec - start.tv_sec) * 1_000_000_000 + now.tv_nsec - start.tv_nsec
      if elapsed > Self.spinNanoseconds { return }
    }
  }

  func stop() {
    pthread_mutex_lock(lock)
    stopping = true
    batches.add(1, ordering: .releasing)
    pthread_cond_broadcast(arrived)
    pthread_mutex_unlock(lock)
  }

  /// Called and returning with the lock held.
  private func takeIndices(slot: Int) {
    while next < count, let body {
      let index = next
      let floats = scratchFloats
      next += 1
      pthread_mutex_unlock(lock)
      FloatingPointMode.assertFlushing()
      body(index, memory(slot: slot, floats: floats))
      pthread_mutex_lock(lock)
      done += 1
      completed.store(done, ordering: .releasing)
      if done == count {
        pthread_cond_signal(finished)
      }
    }
  }

  private func memory(slot: Int, floats: Int) -> UnsafeMutablePointer<Float> {
    if scratch[slot].count < floats {
      scratch[slot] = FloatBuffer(count: floats)
    }
    return scratch[slot].start
  }
}
