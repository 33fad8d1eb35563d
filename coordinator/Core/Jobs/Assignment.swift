import WireProtocol

/// One runner's piece of work on one worker.
struct Assignment: Sendable {
  enum Standing: Sendable {
    case live
    /// Its worker's lease has ended. It may come back with what it holds, or be dead.
    case lost
  }
  let record: AssignmentRecord
  var standing = Standing.live
  /// Its runner has said something in this boot of the coordinator.
  var hasSpoken = false

  var id: AssignmentID { record.assignment }
  var worker: WorkerID { record.worker }
  var job: JobID { record.job }
}
