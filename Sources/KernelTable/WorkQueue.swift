import CLinux
import Glibc
import Synchronization

/// The queue between a pool and its threads: one batch of indices at a time.
///
/// A thread without work looks for some for a moment before it parks: a training step has about a thousand batches,
/// mostly microseconds apart, and waking a parked thread takes longer than that (much longer on a virtual processor,
/// whose host must be told). A pool that has nothing to do for longer costs nothing. Indices are taken without a lock:
/// a token that is generated takes some two hundred batches, and a thread that finds a lock held would sleep.
// Sendable because `body` and `scratchFloats` are written only by the caller and only while no index of a batch is left
// or being worked on, and read only by who has taken an index; `scratch[slot]` is used by the one thread that has the
// slot (slot 0: the caller, alone under `caller`); `shared` has `lock`; everything else is atomic.
final class WorkQueue: @unchecked Sendable {
  typealias Body = (Int, UnsafeMutablePointer<Float>) -> Void

  private let caller = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let arrived = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let finished = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var body: Body?
  private var scratchFloats = 0
  /// The batch, see `Ticket`.
  private let ticket = Atomic<UInt64>(0)
  /// Indices of the batch that are done.
  private let completed = Atomic<Int>(0)
  private let stopping = Atomic<Bool>(false)
  /// Threads that wait on `arrived`, or are about to with the lock held.
  private let parked = Atomic<Int>(0)
  /// Whether the caller waits on `finished`, or is about to with the lock held.
  private let callerWaits = Atomic<Bool>(false)
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
    for first in stride(from: 0, to: count, by: Ticket.limit) {
      let part = min(Ticket.limit, count - first)
      if first == 0 && part == count {
        runBatch(part, scratchFloats, body)
      } else {
        runBatch(part, scratchFloats) { index, memory in body(first + index, memory) }
      }
    }
  }

  private func runBatch(_ count: Int, _ scratchFloats: Int, _ body: @escaping Body) {
    self.body = body
    self.scratchFloats = scratchFloats
    completed.store(0, ordering: .relaxed)
    let batch = Ticket(bits: ticket.load(ordering: .relaxed)).following(count: count)
    // Either a thread that is about to park sees the batch, or it is seen here.
    ticket.store(batch.bits, ordering: .sequentiallyConsistent)
    if parked.load(ordering: .sequentiallyConsistent) > 0 {
      pthread_mutex_lock(lock)
      pthread_cond_broadcast(arrived)
      pthread_mutex_unlock(lock)
    }
    takeIndices(slot: 0)
    spin { completed.load(ordering: .acquiring) == count }
    if completed.load(ordering: .acquiring) < count {
      pthread_mutex_lock(lock)
      callerWaits.store(true, ordering: .sequentiallyConsistent)
      while completed.load(ordering: .sequentiallyConsistent) < count {
        pthread_cond_wait(finished, lock)
      }
      callerWaits.store(false, ordering: .relaxed)
      pthread_mutex_unlock(lock)
    }
    self.body = nil
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
    while true {
      takeIndices(slot: slot)
      if stopping.load(ordering: .acquiring) { return }
      spin { isWorthLooking }
      if isWorthLooking { continue }
      pthread_mutex_lock(lock)
      parked.add(1, ordering: .sequentiallyConsistent)
      while !isWorthLooking {
        pthread_cond_wait(arrived, lock)
      }
      parked.subtract(1, ordering: .sequentiallyConsistent)
      pthread_mutex_unlock(lock)
    }
  }

  /// There are indices to take, or the pool ends.
  private var isWorthLooking: Bool {
    Ticket(bits: ticket.load(ordering: .sequentiallyConsistent)).isOpen
      || stopping.load(ordering: .sequentiallyConsistent)
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
    stopping.store(true, ordering: .sequentiallyConsistent)
    pthread_cond_broadcast(arrived)
    pthread_mutex_unlock(lock)
  }

  private func takeIndices(slot: Int) {
    while let taken = takeIndex() {
      compute(taken.index, slot: slot)
      let done = completed.add(1, ordering: .sequentiallyConsistent).newValue
      if done == taken.count && callerWaits.load(ordering: .sequentiallyConsistent) {
        pthread_mutex_lock(lock)
        pthread_cond_signal(finished)
        pthread_mutex_unlock(lock)
      }
    }
  }

  /// The batch cannot end, and `body` not change, before this index is counted as done. Not inlined, so that the
  /// closure is let go of by then.
  @inline(never) private func compute(_ index: Int, slot: Int) {
    FloatingPointMode.assertFlushing()
    body?(index, memory(slot: slot, floats: scratchFloats))
  }

  private func takeIndex() -> (index: Int, count: Int)? {
    var current = Ticket(bits: ticket.load(ordering: .acquiring))
    while current.isOpen {
      let (isTaken, found) = ticket.compareExchange(
        expected: current.bits, desired: current.withoutNext.bits, ordering: .acquiringAndReleasing)
      if isTaken { return (current.next, current.count) }
      current = Ticket(bits: found)
    }
    return nil
  }

  private func memory(slot: Int, floats: Int) -> UnsafeMutablePointer<Float> {
    if scratch[slot].count < floats {
      scratch[slot] = FloatBuffer(count: floats)
    }
    return scratch[slot].start
  }
}

/// A batch in one word, so that an index is taken in one exchange: its indices, the next one to take, and above them a
/// number that sets it apart from batches before, of which a slow thread may hold a ticket.
private struct Ticket {
  let bits: UInt64

  /// Indices of a batch at most.
  static let limit = 1 << 20
  private static let countBits: UInt64 = 21

  private static var mask: UInt64 { 1 << countBits - 1 }

  var count: Int { Int(bits & Self.mask) }
  var next: Int { Int(bits >> Self.countBits & Self.mask) }
  var isOpen: Bool { next < count }
  var withoutNext: Ticket { Ticket(bits: bits + 1 << Self.countBits) }

  func following(count: Int) -> Ticket {
    let number = (bits >> (2 * Self.countBits)) &+ 1
    return Ticket(bits: number << (2 * Self.countBits) | UInt64(count))
  }
}
