public import WireProtocol

/// What one event leads to. The daemon takes batches strictly in order: a batch's effects run only after its records,
/// and all batches before it, are durable. So whatever is acknowledged is in the journal by construction; and when the
/// process dies, batches that were not persisted vanish together with their effects.
public struct CoordinatorBatch: Sendable {
  /// Run at once, ahead of everything that waits for the disk: acknowledgements of heartbeats, which say only that
  /// this process lives.
  public var urgent: [CoordinatorEffect] = []
  /// Persisted in one transaction.
  public var records: [JournalRecord] = []
  /// In this order, after the records.
  public var effects: [CoordinatorEffect] = []
  public init() {}
}

/// What is to be done.
public enum CoordinatorEffect: Sendable {
  /// `stream` is the assignment's number for a runner, 0 otherwise; `correlation` answers a client's request.
  case send(CoordinatorMessage, to: ConnectionID, stream: UInt32, correlation: UInt64, generation: UInt64)
  /// Say GOODBYE with this sentence and close.
  case close(ConnectionID, sentence: String)
  /// Send `.timerFired` at this time; replaces an earlier wake.
  case wake(at: MonotonicTime)
  /// Answer with METRIC_ROWS from the journal's commits.
  case answerMetrics(QueryMetrics, to: ConnectionID, correlation: UInt64)
  /// Answer with JOB_EVENTS from the journal's events.
  case answerEvents(QueryEvents, to: ConnectionID, correlation: UInt64)
  /// Nothing refers to these blobs any more.
  case deleteArtifacts([Digest])
  /// For the coordinator's own log.
  case log(String)
}

/// From the coordinator to a worker, a runner or a client.
public enum CoordinatorMessage: Equatable, Sendable {
  case welcome(Welcome)
  case heartbeatAcknowledged(HeartbeatAcknowledged)
  case assign(Assign)
  case revoke(Revoke)
  case reportState(ReportState)
  case plan(Plan)
  case commit(Commit)
  case evaluate(Evaluate)
  case copyState(CopyState)
  case hashState(HashState)
  case saveCheckpoint(SaveCheckpoint)
  case finish(Finish)
  case submitted(Submitted)
  case requestFailed(RequestFailed)
  case acknowledged(Acknowledged)
  case clusterStatus(ClusterStatus)
  case jobDetail(JobDetail)
}
