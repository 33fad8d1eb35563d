internal import Glibc
internal import Transport
internal import WireProtocol

/// A runner: its process, its socket, and its end. On the control loop's thread.
///
/// The end is reported once both are over: what a runner says last (COMPLETED) is still in the socket when the kernel
/// tells of its exit.
final class RunnerProcess {
  struct Handlers {
    /// HELLO came; frames may be sent.
    var onReady: () -> Void
    var onFrame: (Frame) -> Void
    /// A line of its standard output or error.
    var onLine: (String) -> Void
    var onExit: (ChildExit) -> Void
  }

  let assignment: AssignmentID
  private let loop: EventLoop
  private let handlers: Handlers
  private let welcome: Welcome
  private var child: ChildProcess?
  private var connection: Connection?
  private var exit: ChildExit?
  private var hasReported = false
  private var timer: LoopTimer?

  /// After its socket ended a runner has this long to end itself; after it ended, what it sent has this long to come.
  private static let partingDuration = Duration.seconds(2)
  /// On a loaded host a process may need seconds before its first instruction.
  private static let helloPatience = Duration.seconds(60)

  /// Throws when the process could not be started.
  init(
    assignment: AssignmentID, launch: ChildProcess.Launch, policy: ServerHandshake.Policy, welcome: Welcome,
    loop: EventLoop, handlers: Handlers
  ) throws(TransportError) {
    self.assignment = assignment
    self.loop = loop
    self.handlers = handlers
    self.welcome = welcome
    var policy = policy
    policy.patience = Self.helloPatience
    let pair = try SocketPair.make()
    var launch = launch
    launch.descriptors = [(ours: pair.theirs, child: WorkerOptions.runnerDescriptor)]
    let connection: Connection
    do throws(TransportError) {
      connection = try Connection.adopt(
        fileDescriptor: pair.ours, name: "runner of \(assignment)", loop: loop)
    } catch {
      pair.closeOurs()
      pair.closeTheirs()
      throw error
    }
    self.connection = connection
    connection.onClose = { [self] reason in socketEnded(reason) }
    do throws(TransportError) {
      child = try ChildProcess.spawn(launch, loop: loop, onLine: handlers.onLine) { [self] exit in ended(exit) }
    } catch {
      pair.closeTheirs()
      hasReported = true
      connection.abort("the runner could not be started")
      throw error
    }
    pair.closeTheirs()
    connection.awaitHello(policy) { [self] _ in
      connection.onFrame = { [self] frame in self.handlers.onFrame(frame) }
      connection.admit(welcome)
      self.handlers.onReady()
    }
  }

  var processID: Int32? { exit == nil ? child.map { Int32($0.processID) } : nil }

  /// `generation` is what the runner puts into the headers of its own frames.
  func send(_ message: some WireMessage, generation: UInt64) {
    guard let connection, connection.established != nil else { return }
    do throws(TransportError) {
      try connection.send(message, stream: assignment.number, generation: generation)
    } catch {
      // A runner that does not read its socket is closed by the connection, and killed in `socketEnded`.
    }
  }

  func send(_ frame: Frame) {
    guard let connection, connection.established != nil else { return }
    do throws(TransportError) {
      try connection.send(frame)
    } catch {
      // As above.
    }
  }

  func kill() { child?.kill(SIGKILL) }

  private func ended(_ exit: ChildExit) {
    self.exit = exit
    // Whatever it forked is in its process group still.
    if let process = child?.processID { _ = Glibc.kill(-process, SIGKILL) }
    timer?.cancel()
    guard connection != nil else { return report() }
    timer = loop.schedule(after: Self.partingDuration) { [self] in
      connection?.abort("the runner has ended")
    }
  }

  private func socketEnded(_ reason: CloseReason) {
    connection = nil
    timer?.cancel()
    guard exit == nil else { return report() }
    switch reason.cause {
    case .ended: timer = loop.schedule(after: Self.partingDuration) { [self] in kill() }
    default:
      handlers.onLine("the worker ends this runner: \(reason)")
      kill()
    }
  }

  private func report() {
    guard let exit, !hasReported else { return }
    hasReported = true
    handlers.onExit(exit)
  }
}
