internal import Glibc
internal import Transport
internal import WireProtocol
internal import WorkerCore

/// Runners as processes.
extension WorkerService {
  func startRunner(_ assignment: AssignmentID, _ assign: Assign) {
    var launch = ChildProcess.Launch(executable: options.runner.executable, arguments: options.runner.arguments)
    launch.workingDirectory = directories[assignment]
    launch.environment = runnerEnvironment()
    let policy = ServerHandshake.Policy(
      roles: [.runner], numericsVersion: options.numericsVersion, build: options.build, allowsMissingBodyChecksum: true)
    // Leases are the worker's own business: a runner hears FENCE.
    let welcome = Welcome(
      wireVersion: WireVersion.current, cluster: cluster, worker: WorkerID(0), generation: generation,
      heartbeatMilliseconds: 0, suspicionMilliseconds: 0, leaseMilliseconds: 0, fenceMilliseconds: 0)
    lineLimits[assignment] = LineLimit()
    do throws(TransportError) {
      runners[assignment] = try RunnerProcess(
        assignment: assignment, launch: launch, policy: policy, welcome: welcome, loop: loop,
        handlers: RunnerProcess.Handlers(
          onReady: { [self] in take(.runnerReady(assignment)) },
          onFrame: { [self] frame in runnerSaid(frame, assignment) },
          onLine: { [self] line in runnerWrote(line, assignment) },
          onExit: { [self] exit in runnerEnded(exit, assignment) }))
    } catch {
      take(.runnerExited(assignment, status: -1, signal: 0, lastLines: "\(error)"))
    }
  }

  private func runnerSaid(_ frame: Frame, _ assignment: AssignmentID) {
    guard frame.type == .publish else { return take(.frameFromRunner(assignment, frame)) }
    do throws(WireError) {
      take(.runnerPublished(assignment, try frame.decode()))
    } catch {
      runnerWrote("a PUBLISH was not understood: \(error)", assignment)
      runners[assignment]?.kill()
    }
  }

  /// What a runner writes goes to the job's log, as if it had said it: no more of it than people read.
  private func runnerWrote(_ line: String, _ assignment: AssignmentID) {
    guard !line.isEmpty, let dropped = lineLimits[assignment]?.allow(now: loop.now) else { return }
    let note = dropped > 0 ? " (\(dropped) lines before it were left out)" : ""
    let text = String(decoding: line.utf8.prefix(WireLimits.sentenceBytes / 2), as: UTF8.self)
    take(.frameFromRunner(assignment, Frame(LogLine(text: text + note))))
  }

  private func runnerEnded(_ exit: ChildExit, _ assignment: AssignmentID) {
    runners[assignment] = nil
    lineLimits[assignment] = nil
    if runners.isEmpty { reaper?.reapAll() }
    let limit = WireLimits.linesBytes / 2
    take(
      .runnerExited(
        assignment, status: exit.status, signal: UInt32(clamping: exit.signal),
        lastLines: String(decoding: exit.lastLines.utf8.suffix(limit), as: UTF8.self)))
    finishIfIdle()
  }

  /// Ours, but for the failpoints: a variable that someone forgot in a shell must not kill a runner in production.
  private func runnerEnvironment() -> [String] {
    var variables = options.failpoints ? ["ADMIX_FAILPOINTS_ENABLED=1"] : []
    var next = environ
    while let text = next.pointee {
      let variable = String(cString: text)
      let isPermission = variable.hasPrefix("ADMIX_FAILPOINTS_ENABLED=")
      let isFailpoint = variable.hasPrefix("ADMIX_FAILPOINT=")
      if !isPermission && (options.failpoints || !isFailpoint) { variables.append(variable) }
      next += 1
    }
    return variables
  }
}

/// Lets a hundred lines through at once and ten a second: a runner in a loop of warnings must not fill the journal.
struct LineLimit {
  private var tokens: Double = 100
  private var last: MonotonicTime?
  private var dropped = 0

  /// How many lines were left out before this one; nil when this one is to be left out, too.
  mutating func allow(now: MonotonicTime) -> Int? {
    if let last { tokens = min(100, tokens + now.elapsed(since: last).inSeconds * 10) }
    last = now
    guard tokens >= 1 else {
      dropped += 1
      return nil
    }
    tokens -= 1
    defer { dropped = 0 }
    return dropped
  }
}
