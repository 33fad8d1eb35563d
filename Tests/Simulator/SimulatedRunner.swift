import CoordinatorCore
import GradientExchange
import WireProtocol
import WorkerCore

/// A runner's process: the round machine, a compute thread, a payload store, data connections. What it does around the
/// machine is what the job runner does.
final class SimulatedRunner {
  let host: SimulatedHost
  let assign: Assign
  let process = SimulatedProcess()
  var machine: RoundMachine?
  let toy: ToyJob?
  var state: [UInt64] = []

  var payloads: [NodeKey: ToyJob.Sum] = [:]
  /// What `.assess` saw, for `.apply`.
  var assessedRoots: [ToyJob.Sum] = []
  /// The compute thread's work in order, and the slices it computes when there is no other.
  var tasks: [Task] = []
  var computing: (round: Round, subtrees: [SliceRange])?
  var isBusy = false

  enum Task {
    case effect(RoundEffect)
    case evaluateRows(Evaluate, [UInt32])
  }

  /// Answers that are repeated when the request is.
  var hashAnswers: [UInt64: StateHashed] = [:]
  var savedAnswers: [UInt64: CheckpointSaved] = [:]
  var completed: Completed?
  var saving: Set<UInt64> = []
  var isFinishing = false
  /// By the request of a PUBLISH.
  var publishing: [UInt64: (PublishedThing, StoredBlob, Digest)] = [:]
  var nextRequest: UInt64 = 1
  var connecting: Set<AssignmentID> = []

  enum PublishedThing {
    case checkpoint(step: UInt64, chain: Digest)
    case outputs(chain: Digest)
    case shard
  }

  init(_ host: SimulatedHost, _ assign: Assign) {
    self.host = host
    self.assign = assign
    toy = assign.payload.first.flatMap { host.cluster.workload.toys[$0] }
    process.start()
  }

  var assignment: AssignmentID { assign.assignment }
  var cluster: SimulatedCluster { host.cluster }
  var dataAddress: String { "\(host.name):\(assignment.number)" }

  func die() {
    guard process.isAlive else { return }
    process.die()
    cluster.checks.gone(assignment)
    let links = cluster.network.peerLinks.filter { $0.value.ends.0 === self || $0.value.ends.1 === self }
    for (pair, link) in links.sorted(by: { ($0.key.low, $0.key.high) < ($1.key.low, $1.key.high) }) {
      let other = link.other(than: self)
      link.isCut = true
      cluster.network.peerLinks[pair] = nil
      cluster.after(cluster.choices.milliseconds(0...20), in: other.process) { [self] in
        other.handle(.peerDisconnected(assignment))
      }
    }
  }

  /// Dies of its own accord.
  func crash() {
    guard process.isAlive else { return }
    die()
    host.exited(self, status: 0, signal: 11)
  }

  func dies(at point: CrashPoint) -> Bool {
    guard cluster.dies(at: point) else { return false }
    crash()
    return true
  }

  // MARK: From the worker

  func handle(_ word: RunnerWord) {
    switch word {
    case .begin: begin()
    case .fence: handle(.fenced)
    case .unfence: handle(.unfenced)
    case .published(let published): self.published(published)
    case .leave:
      die()
      host.exited(self, status: 0, signal: 0)
    }
  }

  private func begin() {
    if case .shard = assign.work { return beginShard() }
    guard let toy else { return cluster.checks.violated("ASSIGN of a member has payload \(assign.payload)") }
    cluster.after(cluster.choices.milliseconds(5...120), in: process) { [self] in
      if dies(at: .runnerLoading) { return }
      var step: UInt64 = 0
      var chain = Digest.zero
      state = toy.initial
      if let digest = assign.checkpoint?.files.first?.digest {
        guard case .checkpoint(let savedStep, let savedChain, let saved)? = cluster.store[digest] else {
          return crash()
        }
        (step, chain, state) = (savedStep, savedChain, saved)
        if step != assign.checkpointStep || chain != assign.checkpointChain {
          cluster.checks.violated("the checkpoint of step \(step) came as that of \(assign.checkpointStep)")
        }
      }
      machine = RoundMachine(
        assignment: assignment, dataAddress: dataAddress, gradientChunkCount: toy.gradientChunkCount, step: step,
        chain: chain)
      handle(.reportRequested)
    }
  }

  private func beginShard() {
    cluster.after(cluster.choices.milliseconds(20...400), in: process) { [self] in
      if dies(at: .runnerLoading) { return }
      publish(.shard, .shard, ToyJob.digest([UInt64(assign.payload.first ?? 0), 99]))
    }
  }

  // MARK: From the coordinator

  func handle(_ message: CoordinatorMessage) {
    switch message {
    case .plan(let plan): handle(.planReceived(plan))
    case .commit(let commit):
      if dies(at: .runnerBetweenPreparedAndCommit) { return }
      handle(.commitReceived(commit))
    case .reportState:
      if let completed { return tell(.completed(completed)) }
      handle(.reportRequested)
    case .copyState(let copy):
      cluster.counters.copies += 1
      handle(.copyStateReceived(copy))
    case .hashState(let request):
      if let answer = hashAnswers[request.step] { return tell(.stateHashed(answer)) }
      handle(.hashStateReceived(request))
    case .evaluate(let evaluate): handle(.evaluateReceived(evaluate))
    case .saveCheckpoint(let save):
      if let answer = savedAnswers[save.step] { return tell(.checkpointSaved(answer)) }
      if !saving.contains(save.step) { handle(.saveCheckpointReceived(save)) }
    case .finish(let finish):
      if let completed { return tell(.completed(completed)) }
      if !isFinishing { handle(.finishReceived(finish)) }
    default: cluster.checks.violated("a runner was sent \(message)")
    }
  }

  func tell(_ message: RunnerMessage) {
    host.fromRunner(self, .frameFromRunner(assignment, .up(message)))
  }

  // MARK: Files

  func publish(_ thing: PublishedThing, _ blob: StoredBlob, _ digest: Digest) {
    if dies(at: .runnerBeforePublishing) { return }
    let request = nextRequest
    nextRequest += 1
    publishing[request] = (thing, blob, digest)
    let item = Publish.Item(absolutePath: "/\(request)", path: "state")
    host.fromRunner(self, .runnerPublished(assignment, Publish(request: request, items: [item])))
  }

  func file(at path: String) -> (Digest, StoredBlob) {
    guard let request = UInt64(path.dropFirst()), let (_, blob, digest) = publishing[request] else {
      return (.zero, .shard)
    }
    return (digest, blob)
  }

  private func published(_ answer: Published) {
    guard let (thing, _, _) = publishing.removeValue(forKey: answer.request) else { return }
    switch thing {
    case .checkpoint(let step, let chain):
      if dies(at: .runnerBeforeCheckpointSaved) { return }
      saving.remove(step)
      let saved = CheckpointSaved(
        step: step, chain: chain, tree: NamedTree(name: "checkpoint", files: answer.files), failure: answer.failure)
      if answer.failure == nil { savedAnswers[step] = saved }
      tell(.checkpointSaved(saved))
    case .outputs(let chain):
      if dies(at: .runnerBeforeCompleted) { return }
      if let failure = answer.failure {
        isFinishing = false
        let step = machine?.step ?? 0
        return tell(
          .checkpointSaved(
            CheckpointSaved(
              step: step, chain: chain, tree: NamedTree(name: "checkpoint", files: []), failure: failure)))
      }
      complete([NamedTree(name: "model", files: answer.files), NamedTree(name: "checkpoint", files: answer.files)])
    case .shard:
      if answer.failure != nil { return crash() }
      if dies(at: .runnerBeforeCompleted) { return }
      complete([NamedTree(name: assign.payload.first.map { "shard-\($0)" } ?? "", files: answer.files)])
    }
  }

  private func complete(_ outputs: [NamedTree]) {
    let answer = Completed(outputs: outputs, result: "{}")
    completed = answer
    tell(.completed(answer))
  }
}
