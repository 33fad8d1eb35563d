internal import Results

/// All that a training's report is made of, read from its output directory.
struct TrainingRecord {
  struct Set {
    let name: String
    let role: String?
    /// The source it was held out from; nil for texts of its own, or where that is not known.
    let from: String?
    /// Whether the corpus index said where the set comes from.
    let isIndexed: Bool
    /// Share of its 13-grams that training text has.
    let overlap: Double?
    let before: Measure?
    let after: Measure?
    let curve: [(step: UInt64, measure: Measure)]

    /// Relative change of the loss; nil when it was measured less than twice.
    var change: Double? {
      guard let before, let after, before.loss > 0, curve.count > 1 else { return nil }
      return (after.loss - before.loss) / before.loss
    }
  }
  struct Measure {
    let loss: Double
    let bitsPerByte: Double?
    let tokens: UInt64
    let rows: UInt64?
    let standardError: Double?
  }
  struct Source {
    let name: String
    let role: String
    let requestedShare: Double
    let achievedShare: Double
    let rows: UInt64
    let tokens: UInt64
    let bytes: UInt64
    let passes: Double?
    let tokensPerByte: Double?
    let tokensPerCharacter: Double?
  }
  /// What one step cost: means of the workers that took part.
  struct StepCost {
    let step: UInt64
    let computing: Double
    let waiting: Double
    /// From one commit to the next beyond what the workers spent: commits, evaluations, joins.
    let between: Double
    let rawBytes: Double
    let sentBytes: Double
  }

  let result: JSONNode
  let facts: JobFacts?
  let rows: [MetricsLines.Row]
  let events: [RecordedEvent]
  let sets: [Set]
  let sources: [Source]

  init(directory: String, result: JSONNode) {
    self.result = result
    facts = JobFacts(path: "\(directory)/job.yaml")
    let last = result["steps"]?.count ?? .max
    rows = MetricsLines.read("\(directory)/metrics.jsonl").rows.filter { $0.step <= last }
    events = RecordedEvent.read("\(directory)/events.jsonl", rows: rows)
    sets = Self.sets(result)
    let ledger = readText("\(directory)/ledger.json").flatMap(JSONNode.init(parsing:))
    sources = Self.sources(ledger?["entries"] ?? result["sweep"]?["sources"])
  }

  var name: String { result["name"]?.string ?? "job" }
  var state: String { result["state"]?.string ?? "UNKNOWN" }
  var steps: UInt64 { result["steps"]?.count ?? 0 }
  var stepsPlanned: UInt64 { result["steps_planned"]?.count ?? 0 }
  var tokens: UInt64 { result["tokens"]?.count ?? sources.reduce(0) { $0 + $1.tokens } }
  var marks: [PlotMark] { RecordedEvent.marks(events, steps: steps) }

  /// Seconds from the first event, the submission, to the last; nil without events.
  var elapsed: Double? {
    guard let first = events.first?.time, let last = events.last?.time, last > first else { return nil }
    return last - first
  }

  /// Costs of the steps whose beginning and end are known.
  var costs: [StepCost] {
    rows.indices.compactMap { index in
      let row = rows[index]
      // A commit is journaled before its step's reports come: they are in the totals of the row after.
      func total(_ label: String, _ final: String) -> Double? {
        guard let before = row["total/\(label)"] else { return nil }
        let after = index + 1 < rows.count ? rows[index + 1]["total/\(label)"] : result["wire"]?[final]?.double
        return after.map { max(0, $0 - before) }
      }
      guard let workers = row["workers"], workers > 0, let seconds = total("step_seconds", "step_seconds"),
        let waits = total("wait_seconds", "wait_seconds"), let raw = total("raw_bytes", "raw_bytes"),
        let sent = total("sent_bytes", "sent_bytes")
      else { return nil }
      let wall = index > 0 ? row.time - rows[index - 1].time : seconds / workers
      return StepCost(
        step: row.step, computing: max(0, seconds - waits) / workers, waiting: min(waits, seconds) / workers,
        between: max(0, wall - seconds / workers), rawBytes: raw, sentBytes: sent)
    }
  }

  private static func sets(_ result: JSONNode) -> [Set] {
    let curve = result["validation"]?["curve"]?.elements ?? []
    let found = (curve.last ?? result["validation"]?["after"].map { ["sets": $0] })?["sets"]?.members.map(\.key) ?? []
    let indexed = result["corpus"]?["sets"]?.elements ?? []
    // In the job file's order, which the index keeps.
    let order = indexed.compactMap { $0["name"]?.string }
    let names = found.sorted { (order.firstIndex(of: $0) ?? .max) < (order.firstIndex(of: $1) ?? .max) }
    let points = names.map { name in
      curve.compactMap { point -> (step: UInt64, measure: Measure)? in
        guard let step = point["step"]?.count, let measure = measure(point["sets"]?[name]) else { return nil }
        return (step, measure)
      }
    }
    return zip(names, points).map { name, points in
      let about = indexed.first { $0["name"]?.string == name }
      return Set(
        name: name, role: about?["role"]?.string, from: about?["from"]?.string, isIndexed: about != nil,
        overlap: about?["overlapShare"]?.double, before: points.first?.measure, after: points.last?.measure,
        curve: points)
    }
  }

  private static func measure(_ node: JSONNode?) -> Measure? {
    guard let node, let loss = node["loss"]?.double ?? (node["loss"] == .null ? .nan : nil) else { return nil }
    return Measure(
      loss: loss, bitsPerByte: node["bits_per_byte"]?.double, tokens: node["tokens"]?.count ?? 0,
      rows: node["rows"]?.count, standardError: node["standard_error"]?.double)
  }

  /// Of a ledger, or of a sweep's cells together.
  private static func sources(_ entries: JSONNode?) -> [Source] {
    (entries?.elements ?? []).compactMap { entry in
      guard let name = entry["name"]?.string, let role = entry["role"]?.string,
        let requested = entry["requestedShare"]?.double, let achieved = entry["achievedShare"]?.double
      else { return nil }
      return Source(
        name: name, role: role, requestedShare: requested, achievedShare: achieved, rows: entry["rows"]?.count ?? 0,
        tokens: entry["tokens"]?.count ?? 0, bytes: entry["bytes"]?.count ?? 0,
        passes: (entry["passes"] ?? entry["mostPasses"])?.double,
        tokensPerByte: entry["tokensPerByte"]?.double, tokensPerCharacter: entry["tokensPerCharacter"]?.double)
    }
  }
}
