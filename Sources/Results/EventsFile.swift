internal import WireProtocol

/// `events.jsonl`: what happened to the job, and to the cluster while the job was there, in the order in which it
/// happened: `{"sequence": 7, "time": 1700000000.25, "job": 1, "text": "…"}`. Written whole whenever something is new:
/// jobs have some hundred events, not millions.
final class EventsFile {
  private let path: String
  private var own: [JobEvents.Event] = []
  private var clusters: [JobEvents.Event] = []

  init(_ path: String) { self.path = path }

  /// `fetch` gives a job's events after a sequence number; job 0 is the cluster.
  func update(of job: JobID, from fetch: (JobID, UInt64) throws -> [JobEvents.Event]) throws {
    let before = own.count + clusters.count
    try Self.extend(&own, of: job, from: fetch)
    // Sequence numbers are the coordinator's, over all jobs. What the cluster did before and after is not the job's.
    try Self.extend(&clusters, of: JobID(0), after: own.first?.sequence ?? 0, from: fetch)
    guard own.count + clusters.count > before, let first = own.first, let last = own.last else { return }
    let during = clusters.filter { $0.sequence > first.sequence && $0.sequence < last.sequence }
    let all = (own + during).sorted { $0.sequence < $1.sequence }
    try replaceFile(path, with: all.map { line($0) + "\n" }.joined())
  }

  private static func extend(
    _ events: inout [JobEvents.Event], of job: JobID, after start: UInt64 = 0,
    from fetch: (JobID, UInt64) throws -> [JobEvents.Event]
  ) throws {
    while true {
      let page = try fetch(job, events.last?.sequence ?? start)
      if page.isEmpty { return }
      events += page
    }
  }

  private func line(_ event: JobEvents.Event) -> String {
    JSONNode.object([
      JSONNode.Member("sequence", .unsigned(event.sequence)),
      JSONNode.Member("time", .number(Double(event.unixMilliseconds) / 1000)),
      JSONNode.Member("job", .unsigned(UInt64(event.job.number))), JSONNode.Member("text", .string(event.text)),
    ]).text()
  }
}
