import ControlClient
import Results
import WireProtocol

/// Follows the job of `admix run`: keeps the output tree and the progress line up to date, and gives Ctrl-C its
/// meaning.
struct LocalRun {
  struct Ended {
    var detail: JobDetail
    var result: JSONNode
    var wasInterrupted: Bool
  }

  let connection: CoordinatorConnection
  let job: JobID
  let tree: OutputTree

  /// Between two looks at the job, and between two updates of the output tree.
  private static let lookInterval = Duration.milliseconds(200)
  private static let updateInterval = Duration.seconds(1)

  /// Returns when the job is over or rests; throws `.cancelled` at the second Ctrl-C.
  func follow() throws -> Ended {
    let follower = JobFollower(connection, job: job)
    let source = CoordinatorResults(connection: connection)
    var isPausing = false
    var lastUpdate = ContinuousClock.now - Self.updateInterval
    var lastStep = UInt64.max
    while true {
      let interrupts = Interrupts.number
      if interrupts > 1 {
        throw CommandFailure(.cancelled, "stopped at once; the same command goes on from the last checkpoint")
      }
      if interrupts == 1, !isPausing {
        isPausing = true
        Console.shared.note("finishing the step and writing a checkpoint; Ctrl-C again stops at once")
        try pause()
      }
      let status = try follower.look()
      // A job that was told to pause may have been over by then; one that pauses by itself has a reason.
      if status.state.isFinal || status.state == .paused {
        let result = try tree.update(job, from: source)
        _ = try follower.look()
        return Ended(detail: try connection.detail(of: job), result: result, wasInterrupted: isPausing)
      }
      if status.step != lastStep, ContinuousClock.now - lastUpdate >= Self.updateInterval {
        try tree.update(job, from: source)
        (lastStep, lastUpdate) = (status.step, .now)
      }
      nap(Self.lookInterval, interrupts: interrupts)
    }
  }

  /// That the job is over already is no error here.
  private func pause() throws {
    do {
      try connection.control(job, .pause)
    } catch let error where error.requestFailure == .wrongState {
      return
    }
  }
}
