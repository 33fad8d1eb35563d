import GradientExchange
import Synchronization
import WireProtocol

/// What a codec thread holds: digests of roots, made as they arrive. Only that thread touches it.
final class CodecThread {
  private var digests: [NodeKey: Digest] = [:]

  func hashRoot(_ key: NodeKey, _ values: NodeValues) {
    if digests[key] == nil { digests[key] = ReducedDigest.chunk(values) }
  }

  func digest(of key: NodeKey, _ values: NodeValues) -> Digest {
    digests[key] ?? ReducedDigest.chunk(values)
  }

  func forget(before round: Round) { digests = digests.filter { $0.key.round >= round } }
}

/// The threads that encode, decode, add and hash. A chunk's work is one thread's, in the order of the calls.
final class CodecThreads: Sendable {
  private let threads: [WorkThread<CodecThread>]

  /// One thread keeps up with four that compute; more than four would wait for memory.
  init(besideThreads computing: Int) {
    threads = (0..<max(1, min(4, computing / 4))).map { _ in
      WorkThread<CodecThread>(name: "codec") { CodecThread() }
    }
  }

  var count: Int { threads.count }

  func start() { for thread in threads { thread.start() } }
  func stop() { for thread in threads { thread.stop() } }

  /// Nanoseconds that all of them have waited for work.
  var idleNanoseconds: UInt64 { threads.reduce(0) { $0 + $1.idleNanoseconds } }

  func run(chunk: UInt32, _ work: @escaping @Sendable (CodecThread) -> Void) {
    threads[Int(chunk) % threads.count].run(work)
  }

  func forget(before round: Round) {
    for thread in threads { thread.run { $0.forget(before: round) } }
  }

  /// The step's digest, over the digests of all roots, statistics last; `completion` runs on one of the threads.
  func stepDigest(
    _ roots: [(key: NodeKey, values: NodeValues)], completion: @escaping @Sendable (Digest) -> Void
  ) {
    let collected = CollectedDigests(count: roots.count, parts: threads.count)
    for (index, thread) in threads.enumerated() {
      let mine = roots.enumerated().filter { Int($0.element.key.chunk) % threads.count == index }
      thread.run { state in
        let digests = mine.map { (place: $0.offset, digest: state.digest(of: $0.element.key, $0.element.values)) }
        if let all = collected.add(digests) { completion(ReducedDigest.joined(all)) }
      }
    }
  }
}

/// Digests of a step's roots, from several threads.
private final class CollectedDigests: Sendable {
  private struct State {
    var digests: [Digest]
    var missing: Int
  }
  private let state: Mutex<State>

  init(count: Int, parts: Int) {
    state = Mutex(State(digests: Array(repeating: .zero, count: count), missing: parts))
  }

  /// All digests, for whoever adds the last part.
  func add(_ part: [(place: Int, digest: Digest)]) -> [Digest]? {
    state.withLock { state in
      for (place, digest) in part { state.digests[place] = digest }
      state.missing -= 1
      return state.missing == 0 ? state.digests : nil
    }
  }
}
