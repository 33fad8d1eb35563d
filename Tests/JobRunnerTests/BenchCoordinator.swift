import Transport
import WireProtocol

/// Leads a gang on a bench through steps, one message after the other.
struct BenchCoordinator {
  let bench: RunnerBench
  let sliceCount: UInt32
  var members: [UInt32] = []
  var addresses: [UInt32: String] = [:]
  var step: UInt64 = 0
  var chain = Digest.zero
  var attempt: UInt64 = 0
  var digests: [Digest] = []
  var applied: [Applied] = []

  init(bench: RunnerBench, sliceCount: UInt32 = 8) {
    self.bench = bench
    self.sliceCount = sliceCount
  }

  /// Waits for RUNNER_STATE of runners that were started.
  mutating func gather(_ numbers: [UInt32]) throws {
    for number in numbers {
      let state = try bench.wait(for: RunnerState.self, from: number)
      addresses[number] = state.dataAddress
      members.append(number)
    }
  }

  /// Slices in contiguous ranges, as even as they get.
  func shares() -> [UInt32: [SliceRange]] {
    var shares: [UInt32: [SliceRange]] = [:]
    for (rank, number) in members.enumerated() {
      let lower = sliceCount * UInt32(rank) / UInt32(members.count)
      let upper = sliceCount * UInt32(rank + 1) / UInt32(members.count)
      shares[number] = lower < upper ? [SliceRange(lower, upper)] : []
    }
    return shares
  }

  @discardableResult
  mutating func plan(_ shares: [UInt32: [SliceRange]]? = nil, discard: Bool = false) -> Plan {
    attempt += 1
    let shares = shares ?? self.shares()
    let participants = members.map {
      Participant(assignment: AssignmentID($0), dataAddress: addresses[$0] ?? "", slices: shares[$0] ?? [])
    }
    let plan = Plan(
      step: step + 1, attempt: attempt, sliceCount: sliceCount, participants: participants, rotation: UInt32(step),
      discard: discard)
    for number in members { bench.say(plan, to: number) }
    return plan
  }

  /// PREPARED of all members, with one digest.
  mutating func awaitPrepared() throws -> Digest {
    var found: Set<Digest> = []
    for number in members {
      let attempt = attempt
      found.insert(try bench.wait(for: Prepared.self, from: number) { $0.attempt == attempt }.digest)
    }
    guard found.count == 1, let digest = found.first else { throw BenchFailure("digests disagree at \(step + 1)") }
    return digest
  }

  mutating func commit(_ digest: Digest) throws {
    step += 1
    digests.append(digest)
    for number in members { bench.say(Commit(step: step, digest: digest), to: number) }
    for number in members {
      let step = step
      let answer = try bench.wait(for: Applied.self, from: number) { $0.step == step }
      if number == members[0] { chain = answer.chain }
      guard answer.chain == chain else { throw BenchFailure("chains disagree at \(step)") }
      applied.append(answer)
    }
  }

  mutating func run(steps: Int) throws {
    for _ in 0..<steps {
      plan()
      try commit(try awaitPrepared())
    }
  }

  /// The digest of the state, which all members must share.
  func stateDigest() throws -> Digest {
    var found: Set<Digest> = []
    for number in members {
      bench.say(HashState(step: step), to: number)
      found.insert(try bench.wait(for: StateHashed.self, from: number).stateDigest)
    }
    guard found.count == 1, let digest = found.first else { throw BenchFailure("states disagree at \(step)") }
    return digest
  }

  func dismiss() throws {
    for number in members {
      bench.say(Leave(), to: number)
      let exit = try bench.waitForExit(number)
      guard exit.status == 0, exit.signal == 0 else { throw BenchFailure("runner \(number) left with \(exit)") }
    }
  }
}
