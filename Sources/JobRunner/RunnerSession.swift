import Glibc
import GradientExchange
import JobKit
import Transport
import WireProtocol

/// A runner from HELLO to its end: hands the assignment to the session for its shape of work. Belongs to the loop.
final class RunnerSession {
  private let connection: Connection
  private let jobTypes: [any JobType]
  private let settings: RunnerSettings
  private let failpoints: Failpoints
  private let supervisor: Supervisor
  private var work: (any WorkSession)?
  private var terminationWatch: SignalWatch?
  private(set) var status: Int32 = 0

  init(connection: Connection, jobTypes: [any JobType], settings: RunnerSettings, failpoints: Failpoints) {
    self.connection = connection
    self.jobTypes = jobTypes
    self.settings = settings
    self.failpoints = failpoints
    supervisor = Supervisor(connection: connection)
  }

  func start() {
    if settings.ownsProcess { terminationWatch = connection.loop.watch(signal: SIGTERM) { self.end(0) } }
    connection.onClose = { reason in self.supervisorGone(reason) }
    connection.onFrame = { frame in self.receive(frame) }
    let hello = Hello(
      wireVersionLow: WireVersion.oldestSpoken, wireVersionHigh: WireVersion.current, role: .runner, boot: .random(),
      build: settings.build, numericsVersion: ExchangeNumerics.version,
      plugins: jobTypes.map { PluginVersion(name: $0.name, version: $0.version) })
    connection.sayHello(hello, checksums: false) { result in
      if case .failure(let error) = result { self.end(RunnerMain.complain("\(error)")) }
    }
  }

  /// The worker is gone, or has closed the socket on purpose: whatever is being computed is nobody's.
  private func supervisorGone(_ reason: CloseReason) {
    if case .malformed(let error) = reason.cause { return end(RunnerMain.complain("\(error)")) }
    end(status)
  }

  private func end(_ status: Int32) {
    self.status = status
    work?.stop()
    connection.loop.stop()
  }

  private func receive(_ frame: Frame) {
    do throws(WireError) {
      switch frame.type {
      case .begin: try begin(frame.decode(Begin.self), generation: frame.header.generation)
      case .fence:
        supervisor.fence()
        work?.fenced()
      case .unfence:
        let unfence = try frame.decode(Unfence.self)
        supervisor.unfence(generation: unfence.generation)
        work?.unfenced()
      case .published: supervisor.published(try frame.decode(Published.self))
      case .leave: end(0)
      default: try work?.receive(frame)
      }
    } catch {
      end(RunnerMain.complain("a frame of the worker was not understood: \(error)"))
    }
  }

  private func begin(_ begin: Begin, generation: UInt64) {
    guard work == nil else { return }
    supervisor.begin(begin.assign.assignment, generation: generation)
    guard let jobType = jobTypes.first(where: { $0.name == begin.assign.jobType }) else {
      let known = jobTypes.map(\.name).joined(separator: ", ")
      return supervisor.say(Failed(message: "this runner has no job type \(begin.assign.jobType); it has: \(known)"))
    }
    do throws(OutputError) {
      try OutputFiles.makeDirectory("\(begin.directory)/scratch")
    } catch {
      return supervisor.say(Failed(message: "\(error)"))
    }
    let context = WorkContext(
      begin: begin, jobType: jobType, supervisor: supervisor, settings: settings, failpoints: failpoints,
      loop: connection.loop)
    switch begin.assign.work {
    case .shard(let index, let count, _):
      work = ShardSession(context, index: Int(index), of: Int(count))
    case .member:
      work = SteppedSession(context)
    }
    work?.start()
  }
}

/// One assignment's work. Belongs to the loop.
protocol WorkSession: AnyObject {
  func start()
  func receive(_ frame: Frame) throws(WireError)
  func fenced()
  func unfenced()
  func stop()
}

/// What both shapes of work are given.
struct WorkContext {
  let begin: Begin
  let jobType: any JobType
  let supervisor: Supervisor
  let settings: RunnerSettings
  let failpoints: Failpoints
  let loop: EventLoop
  let board = ProgressBoard()

  var assign: Assign { begin.assign }
  var scratchDirectory: String { "\(begin.directory)/scratch" }
  var inputs: [String: String] {
    Dictionary(
      assign.inputs.map { ($0.name, "\(begin.directory)/inputs/\($0.name)") }, uniquingKeysWith: { first, _ in first })
  }
}
