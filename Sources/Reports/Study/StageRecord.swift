internal import JobFiles
internal import JobKit
internal import Results

/// What one stage of a pipeline, or a job by itself, cost and where it ran, read from its directory.
struct StageRecord {
  let name: String
  let kind: String
  let state: String
  let reason: String?
  /// Its directory, relative to the report's; empty for the report's own.
  let path: String
  let hasReport: Bool
  /// Training tokens.
  let tokens: UInt64?
  /// What its job file asks for.
  let tokensPlanned: UInt64?
  /// From its beginning to its end; nil without events.
  let seconds: Double?
  /// Names of the workers that were there.
  let workers: [String]
  let sources: [TrainingRecord.Source]
  /// Its own figure in a few words.
  let finding: String
  /// Of an evaluation.
  let evaluation: EvaluationsPart.Evaluation?

  init(directory: String, path: String, result: JSONNode) {
    self.path = path
    name = result["name"]?.string ?? ""
    kind = result["kind"]?.string ?? ""
    state = result["state"]?.string ?? "UNKNOWN"
    reason = result["reason"]?.string
    hasReport = readText("\(directory)/report.html") != nil
    let work = StageSpecification.find(directory: directory, name: name).flatMap(PlannedWork.init)
    let trained = result["sweep"]?["tokens"]?.count ?? result["tokens"]?.count ?? 0
    tokens = trained > 0 ? trained : nil
    tokensPlanned = work?.tokens
    let events = StageEvents(path: "\(directory)/events.jsonl")
    seconds = events.seconds
    workers = events.workers
    let record = TrainingRecord(directory: directory, result: result)
    sources = record.sources
    evaluation = EvaluationsPart.Evaluation(stage: name, result: result)
    finding = evaluation?.finding ?? Self.finding(result, record)
  }

  /// Workers that `admix run` starts are one host together; every other is one of its own.
  var hosts: Int {
    let local = workers.count { $0.contains("(local-") }
    return workers.count - local + (local > 0 ? 1 : 0)
  }

  var hostHours: Double? { seconds.map { $0 / 3600 * Double(max(1, hosts)) } }

  private static func finding(_ result: JSONNode, _ record: TrainingRecord) -> String {
    if let cells = result["sweep"]?["cells"]?.count {
      let diverged = result["sweep"]?["diverged"]?.count ?? 0
      return "\(grouped(cells)) cells" + (diverged > 0 ? ", \(grouped(diverged)) diverged" : "")
    }
    return record.sets.compactMap { set -> String? in
      guard let change = set.change, let after = set.after else { return nil }
      return "\(set.name) \(fixed(after.loss, digits: 3)) (\(changeText(change)))"
    }.joined(separator: ", ")
  }
}

/// Who was there and how long it took, from a job's events.
private struct StageEvents {
  var seconds: Double?
  var workers: [String] = []

  init(path: String) {
    var begun: Double?
    var first: Double?
    var last: Double?
    for line in (readText(path) ?? "").split(separator: "\n") {
      guard let node = JSONNode(parsing: String(line)), let time = node["time"]?.double,
        let text = node["text"]?.string
      else { continue }
      if first == nil { first = time }
      if begun == nil, text.contains(" is RUNNING") { begun = time }
      last = time
      // `worker-2 (host.example) takes part`
      if text.hasPrefix("worker-"), let end = text.firstIndex(of: ")"), text[..<end].contains(" (") {
        let name = String(text[...end])
        if !workers.contains(name), workers.count < 1000 { workers.append(name) }
      }
    }
    if let start = begun ?? first, let last, last > start { seconds = last - start }
  }
}

/// What was asked of a job or a stage, as it was resolved.
enum StageSpecification {
  /// A job's own file, or of a stage its part of the pipeline's, which lies two directories above.
  static func find(directory: String, name: String) -> SpecMapping? {
    if let own = (try? JobFile(readingFrom: "\(directory)/job.yaml"))?.specification { return own }
    let pipeline = (try? JobFile(readingFrom: "\(directory)/../../job.yaml"))?.specification
    guard case .sequence(let stages, _, _)? = pipeline?["stages"] else { return nil }
    return stages.compactMap(\.mapping).first { $0["name"]?.scalar?.text == name }
  }
}

/// What a job file of a training or a sweep asks for.
struct PlannedWork {
  let tokens: UInt64

  /// Nil when the job is of another kind.
  init?(_ specification: SpecMapping) {
    guard let recipe = specification["recipe"]?.mapping else { return nil }
    func number(_ mapping: SpecMapping, _ key: String) -> Double? { mapping[key]?.scalar.flatMap { Double($0.text) } }
    let repeats = number(specification, "repeats") ?? 1
    var total = 0.0
    for axes in Self.points(specification) {
      func value(_ key: String) -> Double? { axes[key] ?? number(recipe, key) }
      guard let steps = value("steps"), let batch = value("global_batch_size"), let length = value("sequence_length")
      else { return nil }
      total += steps * batch * length * repeats
    }
    guard total >= 1, total < 1e18 else { return nil }
    tokens = UInt64(total)
  }

  /// The cells of a sweep by their axes; one without any for a training.
  private static func points(_ specification: SpecMapping) -> [[String: Double]] {
    var points: [[String: Double]] = []
    if let grid = specification["grid"]?.mapping {
      points = [[:]]
      for axis in grid.entries {
        guard case .sequence(let values, _, _) = axis.value, points.count * values.count <= 10_000 else { return [] }
        points = points.flatMap { point in
          values.map { value in
            var point = point
            point[axis.key] = value.scalar.flatMap { Double($0.text) } ?? 0
            return point
          }
        }
      }
    }
    if case .sequence(let cells, _, _)? = specification["cells"] {
      points += cells.compactMap(\.mapping).map { cell in
        var point: [String: Double] = [:]
        for entry in cell.entries { point[entry.key] = entry.value.scalar.flatMap { Double($0.text) } ?? 0 }
        return point
      }
    }
    return points.isEmpty ? [[:]] : points
  }
}

extension SpecValue {
  var mapping: SpecMapping? {
    if case .mapping(let mapping) = self { mapping } else { nil }
  }
  var scalar: SpecScalar? {
    if case .scalar(let scalar) = self { scalar } else { nil }
  }
}
