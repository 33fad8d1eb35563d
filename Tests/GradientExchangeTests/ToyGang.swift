import GradientExchange
import WireProtocol

/// A deterministic source of choices; one number replays a run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
  mutating func chance(_ one: Int, in total: Int) -> Bool { Int.random(in: 0..<total, using: &self) < one }
}

/// Values without arithmetic: a node's value says which tree it was made by, so that any other order of additions (a
/// reversed pair, too) gives another number.
enum ToyValue {
  static func mixed(_ words: UInt64...) -> UInt64 {
    var generator = SplitMix(state: 0)
    for word in words { generator.state = generator.next() ^ word }
    return generator.next()
  }

  static func leaf(state: UInt64, step: UInt64, chunk: UInt32, slice: UInt32) -> UInt64 {
    mixed(state, step, UInt64(chunk), UInt64(slice))
  }

  static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 { mixed(left, right) }

  static func node(state: UInt64, step: UInt64, chunk: UInt32, _ range: SliceRange) -> UInt64 {
    if range.upper - range.lower == 1 { return leaf(state: state, step: step, chunk: chunk, slice: range.lower) }
    let (left, right) = CanonicalTree.children(of: range)
    return sum(
      node(state: state, step: step, chunk: chunk, left), node(state: state, step: step, chunk: chunk, right))
  }

  static func digest(_ values: [UInt64]) -> Digest {
    var bytes: [UInt8] = []
    for word in 0..<4 {
      let value = values.reduce(UInt64(word)) { mixed($0, $1) }
      withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }
    return Digest(bytes) ?? .zero
  }
}

/// One runner: the machine, a store of toy payloads, and queues in place of threads and connections.
struct ToyRunner {
  var machine: RoundMachine
  let assignment: AssignmentID
  let gradientChunkCount: UInt32
  /// The toy's weights.
  var state: UInt64
  var store: [NodeKey: UInt64] = [:]
  /// What answers effects, in the order of each thread.
  var compute: [RoundEffect] = []
  var codec: [RoundEvent] = []
  var computing: (round: Round, subtrees: [SliceRange], chunk: UInt32)?
  var assessedRoots: [UInt64] = []
  var slicesComputed: [UInt64: UInt32] = [:]
  /// Set by a mutation check.
  var reversesOneSum = false

  init(_ number: UInt32, gradientChunkCount: UInt32, state: UInt64 = 1, step: UInt64 = 0, earlyFrameLimit: Int = 64) {
    assignment = AssignmentID(number)
    self.gradientChunkCount = gradientChunkCount
    self.state = state
    machine = RoundMachine(
      assignment: assignment, dataAddress: "toy:\(number)", gradientChunkCount: Int(gradientChunkCount), step: step,
      chain: .zero, earlyFrameLimit: earlyFrameLimit)
  }

  /// Hands `event` to the machine, does what stays inside the runner, and returns what leaves it.
  mutating func handle(_ event: RoundEvent, payload: UInt64? = nil) -> [RoundEffect] {
    var leaving: [RoundEffect] = []
    for effect in machine.handle(event) {
      switch effect {
      case .retain(let key): store[key] = store[key] ?? payload
      case .release(let key): store[key] = nil
      case .releaseRounds(let round): store = store.filter { $0.key.round >= round }
      case .combine(let left, let right, let into):
        guard let a = store[left], let b = store[right] else { preconditionFailure("no payload for \(left), \(right)") }
        store[into] = reversesOneSum && into.chunk == 0 ? ToyValue.sum(b, a) : ToyValue.sum(a, b)
        codec.append(.combined(into))
      case .compute(let round, _, let subtrees):
        let isGoingOn = computing.map { $0.round == round && subtrees.first == $0.subtrees.first } ?? false
        computing = (round, subtrees, isGoingOn ? computing?.chunk ?? 0 : 0)
      case .stopComputing: computing = nil
      case .assess, .apply, .hashState, .finishCopy: compute.append(effect)
      case .writeStateChunk: if let payload { state = payload }
      default: leaving.append(effect)
      }
    }
    return leaving
  }

  /// Whether a thread of the runner has something to do.
  var isBusy: Bool { !compute.isEmpty || !codec.isEmpty || computing != nil }

  /// Lets one thread do one thing.
  mutating func work(_ random: inout SplitMix) -> [RoundEffect] {
    switch Int.random(in: 0..<3, using: &random) {
    case 0 where !codec.isEmpty: return handle(codec.removeFirst())
    case 1 where !compute.isEmpty: return finish(compute.removeFirst())
    default: return computeOneChunk()
    }
  }

  private mutating func computeOneChunk() -> [RoundEffect] {
    guard var job = computing, let subtree = job.subtrees.first else { return [] }
    let key = NodeKey(round: job.round, chunk: job.chunk, range: subtree)
    let value = ToyValue.node(state: state, step: job.round.step, chunk: job.chunk, subtree)
    job.chunk += 1
    if job.chunk > gradientChunkCount {
      job.subtrees.removeFirst()
      job.chunk = 0
      slicesComputed[job.round.step, default: 0] += subtree.count
    }
    computing = job.subtrees.isEmpty ? nil : job
    return handle(.nodeComputed(key), payload: value)
  }

  private mutating func finish(_ effect: RoundEffect) -> [RoundEffect] {
    switch effect {
    case .assess(let round, let roots):
      let values = roots.compactMap { store[$0] }
      // A round that was thrown away meanwhile has no payloads left.
      guard values.count == roots.count else { return [] }
      assessedRoots = values
      let assessment = Assessment.usable(workUnits: 1, metrics: [])
      return handle(.assessed(round, digest: ToyValue.digest(values), assessment: assessment))
    case .apply(let step):
      state = ToyValue.mixed(state, assessedRoots.reduce(0) { ToyValue.mixed($0, $1) })
      return handle(.applied(step: step))
    case .hashState(let step), .finishCopy(let step):
      return handle(.stateHashed(step: step, digest: ToyValue.digest([state])))
    default: preconditionFailure("\(effect) is no work")
    }
  }
}
