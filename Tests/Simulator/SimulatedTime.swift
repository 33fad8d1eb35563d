import WireProtocol

/// A deterministic source of choices; one number replays a run (SplitMix64; Steele, Lea and Flood, OOPSLA 2014).
struct Choices: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Choices.mixed(state)
  }

  static func mixed(_ word: UInt64) -> UInt64 {
    var z = word
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
  mutating func within(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
  mutating func milliseconds(_ range: ClosedRange<Int>) -> Duration {
    .microseconds(within(range) * 1000 + below(1000))
  }
}

/// What is to happen, by virtual time; of one time the earlier scheduled first. A binary heap.
struct Agenda {
  private struct Entry {
    let time: UInt64
    let sequence: UInt64
    let action: () -> Void
    func precedes(_ other: Entry) -> Bool { (time, sequence) < (other.time, other.sequence) }
  }
  private var heap: [Entry] = []
  private var sequence: UInt64 = 0

  mutating func add(at time: UInt64, _ action: @escaping () -> Void) {
    sequence += 1
    heap.append(Entry(time: time, sequence: sequence, action: action))
    var child = heap.count - 1
    while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func next() -> (time: UInt64, action: () -> Void)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return (first.time, first.action) }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].precedes(heap[least]) {
        least = child
      }
      if least == parent { break }
      heap.swapAt(parent, least)
      parent = least
    }
    return (first.time, first.action)
  }
}

/// A process that may be killed, started again, or stopped for a while. Work for an earlier life is dropped; work that
/// comes while it is stopped waits.
final class SimulatedProcess {
  private(set) var life = 0
  private(set) var isAlive = false
  var stoppedUntil: UInt64 = 0

  func start() {
    life += 1
    isAlive = true
    stoppedUntil = 0
  }
  func die() { isAlive = false }
}
