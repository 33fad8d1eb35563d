import Testing
@testable import WorkerCore
import WireProtocol

/// A worker whose coordinator, runners and clock are the test's. Frames are words.
struct WorkerStory {
  var worker: Worker<String>
  var milliseconds: UInt64 = 0
  var effects: [String] = []
  var all: [WorkerEffect<String>] = []
  private(set) var wakeAt: MonotonicTime?
  var link = LinkID(0)
  var generation: UInt64 = 0

  init(seed: UInt64 = 1) {
    worker = Worker(settings: WorkerSettings(threads: 2, advertisedHost: "10.0.0.1", seed: seed))
    happen(.started)
  }

  var now: MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }

  mutating func happen(_ event: WorkerEvent<String>) {
    let answers = worker.handle(event, now: now)
    all += answers
    for effect in answers {
      if case .wake(let at) = effect {
        wakeAt = at
        continue
      }
      if case .connect(let id) = effect { link = id }
      effects.append(WorkerStory.text(effect))
    }
  }

  /// What happened since the last look.
  mutating func take() -> [String] {
    defer { effects = [] }
    return effects.filter { !$0.hasPrefix("log") }
  }

  mutating func pass(milliseconds more: UInt64, acknowledging: Bool = false) {
    let end = milliseconds + more
    while milliseconds < end {
      let next = wakeAt.map { max($0.nanoseconds / 1_000_000, milliseconds + 1) } ?? end
      milliseconds = min(end, next)
      if let wakeAt, wakeAt <= now { happen(.timerFired) }
      if acknowledging { acknowledge() }
    }
  }

  /// The newest heartbeat.
  mutating func acknowledge() {
    let sequence = worker.heartbeats.sequence
    happen(.coordinatorSaid(link, .heartbeatAcknowledged(HeartbeatAcknowledged(sequence: sequence))))
  }

  mutating func welcome() {
    generation += 1
    happen(
      .welcomed(
        link,
        Welcome(
          wireVersion: 1, cluster: .zero, worker: WorkerID(1), generation: generation, heartbeatMilliseconds: 1000,
          suspicionMilliseconds: 3000, leaseMilliseconds: 10_000, fenceMilliseconds: 8000)))
  }

  static func assign(_ number: UInt32) -> Assign {
    Assign(
      assignment: AssignmentID(number), job: JobID(1), jobType: "toy", phase: 0, phaseName: "train", work: .member,
      payload: [], inputs: [], checkpoint: nil, checkpointStep: 0, checkpointChain: .zero, runToken: .zero)
  }

  /// The runner of assignment 7 runs.
  static func withRunner() -> WorkerStory {
    var story = WorkerStory()
    story.welcome()
    story.happen(.coordinatorSaid(story.link, .assign(assign(7))))
    story.happen(.inputsFetched(AssignmentID(7), directory: "/run/7"))
    story.happen(.runnerReady(AssignmentID(7)))
    _ = story.take()
    return story
  }

  static func text(_ effect: WorkerEffect<String>) -> String {
    switch effect {
    case .connect(let link): "connect \(link.number)"
    case .close(let link, _): "close \(link.number)"
    case .send(.inventory(let inventory), _, _): "INVENTORY \(inventory.runners.map(\.assignment.number))"
    case .send(.heartbeat(let heartbeat), _, _): "HEARTBEAT \(heartbeat.sequence)"
    case .send(.runnerExited(let exit), _, _): "RUNNER_EXITED \(exit.assignment.number): \(exit.lastLines)"
    case .relayToCoordinator(let frame, _, let id, let generation): "up \(frame) from \(id.number) gen \(generation)"
    case .relayToRunner(let frame, let id): "down \(frame) to \(id.number)"
    case .fetchInputs(let id, _, _): "fetch \(id.number)"
    case .cancelFetch(let id): "cancel fetch \(id.number)"
    case .startRunner(let id, _): "start \(id.number)"
    case .sendToRunner(.begin(let begin), let id): "BEGIN \(begin.directory) to \(id.number)"
    case .sendToRunner(.fence, let id): "FENCE to \(id.number)"
    case .sendToRunner(.unfence(let unfence), let id): "UNFENCE \(unfence.generation) to \(id.number)"
    case .sendToRunner(.published(let answer), let id):
      "PUBLISHED \(answer.request) \(answer.failure ?? "ok") to \(id.number)"
    case .sendToRunner(.leave, let id): "LEAVE to \(id.number)"
    case .killRunner(let id): "kill \(id.number)"
    case .upload(let id, let request, let items): "upload \(request) of \(id.number): \(items.count) files"
    case .discardDirectory(let id): "discard \(id.number)"
    case .wake(let at): "wake \(at.nanoseconds)"
    case .stop(let refusal): "stop: \(refusal.sentence)"
    case .log(let line): "log \(line)"
    }
  }
}
