import GradientExchange
import Testing
import WireProtocol

/// One runner of two (assignments 1 and 2, one gradient chunk and the statistics), told as a story: what happened, and
/// what the machine asked for.
struct RoundMachineStoryTests {
  private var machine = RoundMachine(
    assignment: AssignmentID(1), dataAddress: "a:1", gradientChunkCount: 1, step: 0, chain: .zero)
  private let digest = Digest([UInt8](repeating: 7, count: 32)) ?? .zero

  private func plan(_ step: UInt64, _ attempt: UInt64, _ shares: [UInt32: SliceRange], discard: Bool = false) -> Plan {
    let participants = shares.sorted { $0.key < $1.key }.map {
      Participant(assignment: AssignmentID($0.key), dataAddress: "a:\($0.key)", slices: [$0.value])
    }
    return Plan(
      step: step, attempt: attempt, sliceCount: 4, participants: participants, rotation: 0, discard: discard)
  }

  private func key(_ chunk: UInt32, _ lower: UInt32, _ upper: UInt32, step: UInt64 = 1) -> NodeKey {
    NodeKey(round: Round(step: step), chunk: chunk, range: SliceRange(lower, upper))
  }

  private mutating func tell(_ event: RoundEvent) -> String {
    machine.handle(event).map { TraceText.line($0) }.joined(separator: "\n")
  }

  @Test mutating func aStepFromPlanToApplied() {
    #expect(tell(.planReceived(plan(1, 1, [1: SliceRange(0, 2), 2: SliceRange(2, 4)]))) == """
      release rounds before step 1
      connect 2
      compute step 1: 0..<2
      """)
    #expect(tell(.peerConnected(AssignmentID(2))) == "")
    // Chunk 0 is rank 0's, which is this runner; the statistics are the other's.
    #expect(tell(.nodeComputed(key(0, 0, 2))) == "retain step 1 chunk 0 0..<2")
    #expect(tell(.nodeComputed(key(1, 0, 2))) == """
      retain step 1 chunk 1 0..<2
      send node step 1 chunk 1 0..<2 to 2
      """)
    #expect(tell(.nodeReceived(key(0, 2, 4), from: AssignmentID(2))) == """
      retain step 1 chunk 0 2..<4
      combine step 1 chunk 0 0..<2 + 2..<4
      """)
    #expect(tell(.nodeReceived(key(0, 2, 4), from: AssignmentID(2))) == "", "a double is dropped")
    #expect(tell(.combined(key(0, 0, 4))) == """
      release step 1 chunk 0 0..<2
      release step 1 chunk 0 2..<4
      send root step 1 chunk 0 0..<4 to 2
      """)
    #expect(tell(.rootReceived(.root(Round(step: 1), chunk: 1), from: AssignmentID(2))) == """
      retain step 1 chunk 1 root
      release step 1 chunk 1 0..<2
      assess step 1
      """)
    let assessed = RoundEvent.assessed(
      Round(step: 1), digest: digest, assessment: .usable(workUnits: 9, metrics: []))
    #expect(tell(assessed) == "prepared step 1 attempt 1")
    #expect(tell(.commitReceived(Commit(step: 1, digest: .zero))) == """
      state step 0 attempt 1 keeps 0..<2 prepared
      """, "another digest is not applied")
    #expect(tell(.commitReceived(Commit(step: 1, digest: digest))) == "apply step 1")
    #expect(tell(.commitReceived(Commit(step: 1, digest: digest))) == "", "not twice")
    #expect(tell(.applied(step: 1)) == "applied step 1\nrelease rounds before step 2")
    #expect(tell(.commitReceived(Commit(step: 1, digest: digest))) == "applied step 1", "the answer, once more")
    #expect(machine.chain == Digest.zero.chained(with: digest))
  }

  @Test mutating func aDeathGivesTheChunksAndSlicesOfTheDeadToTheLiving() {
    _ = tell(.planReceived(plan(1, 1, [1: SliceRange(0, 2), 2: SliceRange(2, 3), 3: SliceRange(3, 4)])))
    _ = tell(.peerConnected(AssignmentID(2)))
    _ = tell(.nodeComputed(key(0, 0, 2)))
    _ = tell(.nodeComputed(key(1, 0, 2)))
    // Rank 1 of three owns the statistics; now rank 1 is assignment 3.
    #expect(tell(.peerDisconnected(AssignmentID(2))) == "connect 2")
    #expect(tell(.planReceived(plan(1, 2, [1: SliceRange(0, 3), 3: SliceRange(3, 4)]))) == """
      connect 3
      compute step 1: 2..<3
      """)
    #expect(tell(.peerConnected(AssignmentID(3))) == "send node step 1 chunk 1 0..<2 to 3")
    #expect(tell(.planReceived(plan(1, 1, [1: SliceRange(0, 4)]))) == "", "an older attempt says nothing new")
    #expect(tell(.reportRequested) == "state step 0 attempt 2 keeps 0..<3")
  }

  @Test mutating func framesOfTheNextStepWaitForItsPlan() {
    let early = NodeKey(round: Round(step: 2), chunk: 0, range: SliceRange(2, 4))
    let tooEarly = NodeKey(round: Round(step: 3), chunk: 0, range: SliceRange(2, 4))
    #expect(tell(.nodeReceived(early, from: AssignmentID(2))) == "retain step 2 chunk 0 2..<4")
    #expect(tell(.nodeReceived(early, from: AssignmentID(2))) == "")
    #expect(tell(.nodeReceived(tooEarly, from: AssignmentID(2))) == "")
    #expect(tell(.planReceived(plan(2, 5, [1: SliceRange(0, 2), 2: SliceRange(2, 4)]))) == "state step 0 attempt 0")
  }

  @Test mutating func aNodeComputedAfterItsRootCameIsNotKept() {
    _ = tell(.planReceived(plan(1, 1, [1: SliceRange(0, 2), 2: SliceRange(2, 4)])))
    _ = tell(.peerConnected(AssignmentID(2)))
    // From a peer that has the root of an earlier attempt: it owes the owner's successor the root.
    #expect(tell(.rootReceived(.root(Round(step: 1), chunk: 1), from: AssignmentID(2))) == "retain step 1 chunk 1 root")
    #expect(tell(.nodeComputed(key(1, 0, 2))) == "")
    #expect(tell(.peerDisconnected(AssignmentID(2))) == "connect 2")
    #expect(tell(.peerConnected(AssignmentID(2))) == "", "the owner sent the root itself")
  }

  @Test mutating func aFencedRunnerSendsAndAppliesNothingAndForgetsNothing() {
    _ = tell(.planReceived(plan(1, 1, [1: SliceRange(0, 2), 2: SliceRange(2, 4)])))
    _ = tell(.peerConnected(AssignmentID(2)))
    _ = tell(.fenced)
    #expect(tell(.nodeComputed(key(1, 0, 2))) == "retain step 1 chunk 1 0..<2")
    #expect(tell(.reportRequested) == "")
    #expect(tell(.unfenced) == "send node step 1 chunk 1 0..<2 to 2")
  }

  @Test mutating func aDiscardedRoundIsComputedAnewAndItsLateFramesAreDropped() {
    let shares = [UInt32(1): SliceRange(0, 2), UInt32(2): SliceRange(2, 4)]
    _ = tell(.planReceived(plan(1, 1, shares)))
    _ = tell(.nodeComputed(key(0, 0, 2)))
    #expect(tell(.planReceived(plan(1, 2, shares, discard: true))) == """
      stop computing
      release rounds before step 1 restarted at 2
      connect 2
      compute step 1 restarted at 2: 0..<2
      """)
    #expect(tell(.nodeComputed(key(0, 0, 2))) == "")
    #expect(tell(.nodeReceived(key(0, 2, 4), from: AssignmentID(2))) == "")
  }

  @Test mutating func aJoinerCopiesChunkByChunkAndServesNothingMeanwhile() {
    let holder = Participant(assignment: AssignmentID(2), dataAddress: "a:2", slices: [])
    let chain = Digest.zero.chained(with: digest)
    #expect(tell(.copyStateReceived(CopyState(step: 5, chain: chain, holders: [holder]))) == """
      release rounds before step 6
      connect 2
      """)
    #expect(tell(.peerConnected(AssignmentID(2))) == "request chunk 0 after step 5 from 2")
    #expect(tell(.reportRequested) == "state of no step")
    _ = tell(.stateChunkReceived(step: 5, chunk: 0, part: .weights, from: AssignmentID(2)))
    _ = tell(.peerDisconnected(AssignmentID(2)))
    #expect(tell(.peerConnected(AssignmentID(2))) == "request chunk 0 after step 5 from 2", "asked again, whole")
    _ = tell(.stateChunkReceived(step: 5, chunk: 0, part: .weights, from: AssignmentID(2)))
    _ = tell(.stateChunkReceived(step: 5, chunk: 0, part: .firstMoment, from: AssignmentID(2)))
    #expect(tell(.stateChunkReceived(step: 5, chunk: 0, part: .secondMoment, from: AssignmentID(2))) == """
      write chunk 0 secondMoment
      finish copy of step 5
      """)
    #expect(tell(.stateHashed(step: 5, digest: digest)) == "state hashed step 5\nrelease rounds before step 6")
    #expect(machine.step == 5 && machine.chain == chain)
  }

  @Test mutating func aFrameThatIsNoNodeCostsItsConnection() {
    _ = tell(.planReceived(plan(1, 1, [1: SliceRange(0, 2), 2: SliceRange(2, 4)])))
    #expect(tell(.nodeReceived(key(0, 1, 3), from: AssignmentID(2))).hasPrefix("reset 2: "))
    #expect(tell(.nodeReceived(key(9, 0, 1), from: AssignmentID(2))).hasPrefix("reset 2: "))
  }

  @Test mutating func aStepWithoutAResultIsAborted() {
    _ = tell(.planReceived(plan(1, 1, [1: SliceRange(0, 4)])))
    _ = tell(.nodeComputed(key(0, 0, 4)))
    #expect(tell(.nodeComputed(key(1, 0, 4))) == "retain step 1 chunk 1 0..<4\nassess step 1")
    let assessed = RoundEvent.assessed(Round(step: 1), digest: digest, assessment: .nonFinite(reason: "loss is nan"))
    #expect(tell(assessed) == "aborted step 1 attempt 1: loss is nan")
    #expect(tell(.commitReceived(Commit(step: 1, digest: digest))) == "state step 0 attempt 1 keeps 0..<4")
  }
}
