import Glibc
import KernelTable
import Synchronization
import Testing

struct ThreadPoolTests {
  @Test func everyIndexRunsOnceHoweverOftenThePoolIsUsed() {
    for pool in Machines.pools {
      for count in [0, 1, 2, 5, 64] {
        for _ in 0..<50 {
          let seen = Mutex([Int](repeating: 0, count: count))
          pool.run(count) { index in seen.withLock { $0[index] += 1 } }
          #expect(seen.withLock { $0.allSatisfy { $0 == 1 } })
        }
      }
    }
  }

  @Test func everyThreadFlushesDenormalsAndTheCallersModeComesBack() {
    let before = FloatingPointMode.isFlushing
    let pool = ThreadPool(threads: 3)
    let threads = Mutex(Set<pthread_t>())
    let forgot = Atomic(0)
    pool.run(3) { _ in
      threads.withLock { _ = $0.insert(pthread_self()) }
      if !FloatingPointMode.isFlushing { forgot.add(1, ordering: .relaxed) }
      // Each index holds its thread until all three have come, on however busy a host; ten seconds at most.
      for _ in 0..<10_000 where threads.withLock({ $0.count < 3 }) { usleep(1000) }
    }
    #expect(forgot.load(ordering: .relaxed) == 0)
    #expect(threads.withLock { $0.count } == 3)
    #expect(FloatingPointMode.isFlushing == before)
  }

  @Test func scratchBelongsToOneIndexAtATime() {
    let pool = ThreadPool(threads: 3)
    let mixed = Atomic(0)
    for floats in [10, 100_000, 50] {
      pool.run(40, scratchFloats: floats) { index, scratch in
        for i in 0..<floats { scratch[i] = Float(index) }
        usleep(100)
        for i in 0..<floats where scratch[i] != Float(index) { mixed.add(1, ordering: .relaxed) }
      }
    }
    #expect(mixed.load(ordering: .relaxed) == 0)
  }

  @Test func callersFromSeveralThreadsAreServedInTurn() async {
    let pool = ThreadPool(threads: 2)
    let total = Total()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<25 { pool.run(8) { _ in total.calls.add(1, ordering: .relaxed) } }
        }
      }
    }
    #expect(total.calls.load(ordering: .relaxed) == 4 * 25 * 8)
  }

  private final class Total: Sendable {
    let calls = Atomic(0)
  }

  @Test func anIdlePoolUsesNoProcessorTime() {
    let pool = ThreadPool(threads: 4)
    pool.run(8) { _ in }
    func threadsTime() -> Double {
      // This process's other tests compute too: ask for the time of the pool's own threads.
      let spent = Mutex([pthread_t: Double]())
      pool.run(64) { _ in
        usleep(200)
        var now = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
        let seconds = Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
        if pthread_equal(pthread_self(), caller) == 0 { spent.withLock { $0[pthread_self()] = seconds } }
      }
      return spent.withLock { $0.values.reduce(0, +) }
    }
    let caller = pthread_self()
    let before = threadsTime()
    usleep(300_000)
    #expect(threadsTime() - before < 0.1)
  }
}

struct FloatingPointModeTests {
  @Test func flushingIsSetInsideAndRestoredOutside() {
    let before = FloatingPointMode.isFlushing
    let smallest: [Float] = [0x1p-126]
    FloatingPointMode.flushing {
      #expect(FloatingPointMode.isFlushing)
      #expect(smallest[0] / 2 == 0)
    }
    #expect(FloatingPointMode.isFlushing == before)
  }
}

struct InstructionSetTests {
  @Test func anUnknownNameIsRefusedInASentence() {
    let error = #expect(throws: InstructionSetError.unknown("sse9")) {
      try InstructionSet.choose(requested: "sse9")
    }
    #expect(error?.description.contains("'sse9'; expected 'avx2' or 'avx512'") == true)
  }

  @Test func theRequestedBuildIsUsedOrRefused() throws {
    for set in InstructionSet.allCases {
      if set.isSupported {
        #expect(try Kernels.forThisProcessor(requested: set.rawValue).instructionSet == set)
      } else {
        #expect(throws: InstructionSetError.unsupported(set)) {
          try Kernels.forThisProcessor(requested: set.rawValue)
        }
      }
    }
  }
}
