import GradientExchange
import WireProtocol

/// Plans, commits and re-plans a toy cluster until `steps` steps are done, and checks on the way what may never be.
struct ToyCoordinator {
  struct Faults {
    var deaths = 0
    var joins = 0
    var fences = 0
    var disconnections = 0
    var discards = 0
    var restarts = 0
  }

  var cluster: ToyCluster
  let sliceCount: UInt32
  let chunkCount: UInt32
  var faults: Faults

  var members: [AssignmentID] = []
  var fenced: [AssignmentID] = []
  var step: UInt64 = 0
  var chain = Digest.zero
  /// Weights after `step`, by the naive recursion.
  var state: UInt64 = 1
  var digests: [UInt64: Digest] = [:]
  var attempt: UInt64 = 0
  var hasDiscarded = false
  var shares: [AssignmentID: [SliceRange]] = [:]
  var prepared: Set<AssignmentID> = []
  var copying: Set<AssignmentID> = []
  var applied: [AssignmentID: UInt64] = [:]
  var nextID: UInt32 = 1
  /// What may never be, and was.
  var violations: [String] = []

  init(seed: UInt64, runners: UInt32, sliceCount: UInt32, chunkCount: UInt32, faults: Faults = Faults()) {
    cluster = ToyCluster(seed: seed)
    self.sliceCount = sliceCount
    self.chunkCount = chunkCount
    self.faults = faults
    for _ in 0..<runners { members.append(addRunner(limit: 6)) }
  }

  private mutating func addRunner(limit: Int) -> AssignmentID {
    let id = AssignmentID(nextID)
    cluster.runners[id] = ToyRunner(nextID, gradientChunkCount: chunkCount, earlyFrameLimit: limit)
    nextID += 1
    return id
  }

  /// Runs to `steps` commits; false when it got stuck.
  mutating func run(steps: UInt64) -> Bool {
    plan()
    for _ in 0..<60_000 {
      if step == steps, applied.values.filter({ $0 == steps }).count >= members.count { return true }
      disturb()
      let moved = cluster.tick()
      for (from, effect) in cluster.reports { take(effect, from: from) }
      cluster.reports = []
      if !moved, copying.isEmpty, step == steps { return true }
      if !moved, faults.fences == 0, fenced.isEmpty { return false }
      if !moved { readmit() }
    }
    return false
  }

  private mutating func plan(discard: Bool = false) {
    guard copying.isEmpty else { return }
    attempt += 1
    hasDiscarded = hasDiscarded || discard
    prepared = []
    shareOut()
    let participants = members.map { id in
      Participant(assignment: id, dataAddress: "toy:\(id.number)", slices: shares[id] ?? [])
    }
    let plan = Plan(
      step: step + 1, attempt: attempt, sliceCount: sliceCount, participants: participants,
      rotation: UInt32(attempt), discard: hasDiscarded)
    for id in members { cluster.orders[id, default: []].append(.planReceived(plan)) }
  }

  /// Survivors keep what they have; the rest goes to members in turn.
  private mutating func shareOut() {
    shares = shares.filter { members.contains($0.key) }
    var free = SliceSet([SliceRange(0, sliceCount)], sliceCount: sliceCount)
    for range in shares.values.joined() { free.remove(range) }
    for range in free.ranges {
      var lower = range.lower
      while lower < range.upper {
        let length = UInt32.random(in: 1...range.upper - lower, using: &cluster.random)
        let piece = SliceRange(lower, lower + length)
        if let id = members.randomElement(using: &cluster.random) { shares[id, default: []].append(piece) }
        lower += length
      }
    }
  }

  private mutating func take(_ effect: RoundEffect, from id: AssignmentID) {
    switch effect {
    case .sendPrepared(let said):
      guard said.step == step + 1, said.attempt == attempt, members.contains(id) else { return }
      check(said.digest == expectedDigest(), "\(id) is prepared for step \(said.step) with other roots")
      prepared.insert(id)
      if prepared.count == members.count { commit(said.digest) }
    case .sendApplied(let done, let said):
      check(done == step || done + 1 == step, "\(id) applied step \(done), the last commit is \(step)")
      if done == step { check(said == chain && cluster.runners[id]?.state == state, "\(id) applied something else") }
      applied[id] = max(applied[id] ?? 0, done)
    case .sendStateHashed(let said):
      guard said.step == step else { return }
      check(said.stateDigest == ToyValue.digest([state]), "\(id) has another state after step \(step)")
      guard copying.remove(id) != nil else { return }
      members.append(id)
      members.sort()
      applied[id] = step
      if copying.isEmpty { plan() }
    case .sendState(let said): reported(said, by: id)
    default: check(false, "\(id): \(effect)")
    }
  }

  private mutating func check(_ holds: Bool, _ sentence: String) {
    if !holds { violations.append(sentence) }
  }

  private func expectedDigest() -> Digest {
    let roots = (0...chunkCount).map {
      ToyValue.node(state: state, step: step + 1, chunk: $0, SliceRange(0, sliceCount))
    }
    return ToyValue.digest(roots)
  }

  private mutating func commit(_ digest: Digest) {
    let roots = (0...chunkCount).map {
      ToyValue.node(state: state, step: step + 1, chunk: $0, SliceRange(0, sliceCount))
    }
    step += 1
    state = ToyValue.mixed(state, roots.reduce(0) { ToyValue.mixed($0, $1) })
    chain = chain.chained(with: digest)
    digests[step] = digest
    shares = [:]
    hasDiscarded = false
    for id in members { cluster.orders[id, default: []].append(.commitReceived(Commit(step: step, digest: digest))) }
    // Who copies an older state will not find it any more.
    for id in copying { cluster.orders[id, default: []].append(.reportRequested) }
    plan()
  }

  /// Something breaks now and then, as long as there are faults left to happen.
  private mutating func disturb() {
    guard cluster.random.chance(1, in: 25), copying.isEmpty else { return }
    switch Int.random(in: 0..<6, using: &cluster.random) {
    case 0 where faults.deaths > 0 && members.count > 1:
      faults.deaths -= 1
      guard let victim = members.randomElement(using: &cluster.random) else { return }
      members.removeAll { $0 == victim }
      cluster.kill(victim)
      plan()
    case 1 where faults.disconnections > 0:
      faults.disconnections -= 1
      let pair = members.shuffled(using: &cluster.random).prefix(2)
      if pair.count == 2 { cluster.disconnect(pair[0], pair[1]) }
    case 2 where faults.discards > 0:
      faults.discards -= 1
      plan(discard: true)
    case 3 where faults.fences > 0 && members.count > 1:
      faults.fences -= 1
      guard let victim = members.randomElement(using: &cluster.random) else { return }
      members.removeAll { $0 == victim }
      fenced.append(victim)
      cluster.orders[victim] = []
      cluster.give(.fenced, to: victim)
      plan()
    case 4 where !fenced.isEmpty: readmit()
    case 5 where faults.joins > 0:
      faults.joins -= 1
      admit(addRunner(limit: 64))
    default: break
    }
  }

  private mutating func readmit() {
    guard copying.isEmpty, let id = fenced.first else { return }
    fenced.removeFirst()
    cluster.give(.unfenced, to: id)
    cluster.orders[id, default: []].append(.reportRequested)
    copying.insert(id)
  }

  private mutating func admit(_ id: AssignmentID) {
    cluster.give(.reportRequested, to: id)
    copying.insert(id)
  }

  /// A runner that came (back): it fits, or hears the COMMIT it missed, or copies.
  private mutating func reported(_ said: RunnerState, by id: AssignmentID) {
    guard copying.contains(id) else { return }
    if said.step == step, said.chain == chain {
      cluster.orders[id, default: []].append(.hashStateReceived(HashState(step: step)))
    } else if said.step + 1 == step, let digest = digests[step], said.prepared?.digest == digest {
      cluster.orders[id, default: []].append(.commitReceived(Commit(step: step, digest: digest)))
      cluster.orders[id, default: []].append(.hashStateReceived(HashState(step: step)))
    } else {
      let holders = members.map { Participant(assignment: $0, dataAddress: "toy:\($0.number)", slices: []) }
      cluster.orders[id, default: []].append(
        .copyStateReceived(CopyState(step: step, chain: chain, holders: holders)))
    }
  }
}
