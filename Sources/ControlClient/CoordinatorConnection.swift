public import WireProtocol

/// How a client reaches its coordinator.
public struct ClientOptions: Sendable {
  /// `HOST:PORT`, `[V6]:PORT` or `unix:PATH`.
  public var address: String
  /// Stands in HELLO, and in the sentence of a refusal.
  public var build: String
  /// 0 when the client computes nothing: then the coordinator does not compare.
  public var numericsVersion: UInt32
  public var connectTimeout: Duration
  public var requestTimeout: Duration
  public init(
    address: String, build: String, numericsVersion: UInt32 = 0, connectTimeout: Duration = .seconds(5),
    requestTimeout: Duration = .seconds(30)
  ) {
    self.address = address
    self.build = build
    self.numericsVersion = numericsVersion
    self.connectTimeout = connectTimeout
    self.requestTimeout = requestTimeout
  }
}

/// A command line's connection to the coordinator. Every call blocks its caller; calls may come from any thread.
///
/// A connection that broke is made again by the next call (a coordinator that was restarted is not an error while it
/// answers within the connect timeout): all requests may be repeated without harm, SUBMIT by its token.
public final class CoordinatorConnection: Sendable {
  let options: ClientOptions
  let control: ControlChannel

  /// Connects and shakes hands. Throws `.address`, `.unreachable`, `.refused`, `.timedOut`.
  public init(_ options: ClientOptions) throws(ClientError) {
    self.options = options
    self.control = try ControlChannel(options)
    try control.connect()
  }

  /// The cluster's name for good, from WELCOME.
  public var cluster: Token128 { control.cluster }

  /// Sends a request and waits for its answer. Throws `.requestFailed` when the coordinator answers REQUEST_FAILED.
  public func request<Request: WireMessage, Answer: WireMessage>(
    _ request: Request, answer: Answer.Type, timeout: Duration? = nil
  ) throws(ClientError) -> Answer {
    try control.request(request, answer: answer, timeout: timeout ?? options.requestTimeout)
  }

  /// All blobs of the plan must be in the store (`upload`). Repeating it with the same token gives the same job.
  public func submit(_ submit: Submit) throws(ClientError) -> JobID {
    try request(submit, answer: Submitted.self).job
  }

  /// Returns once the journal has it.
  public func control(_ job: JobID, _ action: ControlJob.Action) throws(ClientError) {
    _ = try request(ControlJob(job: job, action: action), answer: Acknowledged.self)
  }

  public func status() throws(ClientError) -> ClusterStatus {
    try request(QueryStatus(), answer: ClusterStatus.self)
  }

  public func detail(of job: JobID) throws(ClientError) -> JobDetail {
    try request(QueryJob(job: job), answer: JobDetail.self)
  }

  /// Committed steps after `step`, oldest first. Fewer than `limit` rows do not mean the end: ask until there are none.
  public func metrics(
    of job: JobID, after step: UInt64, limit: UInt32 = 500
  ) throws(ClientError) -> [MetricRows.Row] {
    try request(QueryMetrics(job: job, afterStep: step, limit: limit), answer: MetricRows.self).rows
  }

  /// Events of the job (of job 0: of the cluster) after `sequence`, oldest first; as with `metrics`.
  public func events(
    of job: JobID, after sequence: UInt64, limit: UInt32 = 500
  ) throws(ClientError) -> [JobEvents.Event] {
    try request(QueryEvents(job: job, afterSequence: sequence, limit: limit), answer: JobEvents.self).events
  }

  /// Which of these blobs the store does not have.
  public func missing(_ digests: [Digest]) throws(ClientError) -> [Digest] {
    var missing: [Digest] = []
    // A control frame holds 256 KiB: 4,096 digests are half of that.
    for start in stride(from: 0, to: digests.count, by: 4096) {
      let part = Array(digests[start..<min(start + 4096, digests.count)])
      missing += try request(FindMissing(digests: part), answer: Missing.self).digests
    }
    return missing
  }

  /// Brings into the store what it does not have of `files`; resumes where an earlier upload was cut. `progress` is
  /// called on the caller's thread. Throws `.file` when a file is gone, unreadable or no longer what was hashed.
  public func upload(
    _ files: [LocalFile], progress: (TransferProgress) -> Void = { _ in }
  ) throws(ClientError) {
    try uploadMissing(files, progress: progress)
  }

  /// Writes the tree's files below `directory` (made when missing), each verified before it takes its name; files that
  /// are there with the right content stay as they are, and a cut download goes on where it stopped.
  public func download(
    _ tree: NamedTree, to directory: String, progress: (TransferProgress) -> Void = { _ in }
  ) throws(ClientError) {
    try downloadFiles(tree.files, to: directory, progress: progress)
  }

  /// Closes the connections; calls after this throw `.connectionLost`.
  public func close() { control.close() }
}
