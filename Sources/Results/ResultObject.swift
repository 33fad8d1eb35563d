internal import Glibc
public import WireProtocol

/// Where a job's results lie on this machine, when they do.
public struct ResultPlaces: Sendable {
  public var model: String?
  public var checkpoint: String?
  public init(model: String? = nil, checkpoint: String? = nil) {
    self.model = model
    self.checkpoint = checkpoint
  }
}

/// `result.json`, and what `run --json` and `show --json` print: the members that every job has, merged with those the
/// job's phases ended with. `rows` are all committed steps, for the speed of a job that is over.
public func resultObject(
  _ detail: JobDetail, rows: [MetricRows.Row] = [], places: ResultPlaces = ResultPlaces()
) -> JSONNode {
  let status = detail.status
  // Keys that are always there, in the order in which people look for them.
  let frame: JSONNode = [
    "schema": .integer(schemaVersion), "id": .unsigned(UInt64(status.id.number)), "name": .string(status.name),
    "kind": .string(status.kind), "state": .null, "reason": .null, "steps": .null, "weights_sha256": .null,
    "tokens_per_second": .null, "peak_memory_bytes": .null,
    "validation": ["before": [:], "after": [:], "curve": []],
    "mixture": ["requested": .null, "achieved": .null],
  ]
  let computed: JSONNode = [
    "schema": .integer(schemaVersion),
    "state": .string(status.state.word),
    "reason": status.reason.isEmpty ? .null : .string(status.reason),
    "steps": .unsigned(status.step),
    "steps_planned": .unsigned(status.steps),
    "phase": .string(status.phase),
    "tokens": .unsigned(detail.telemetry.workUnits),
    "tokens_per_second": tokensPerSecond(detail, rows: rows).map(JSONNode.number) ?? .null,
    "peak_memory_bytes": .unsigned(detail.telemetry.peakResidentBytes),
    "validation": [
      "before": measures(detail.evaluations.first, named: detail.measures),
      "after": measures(detail.evaluations.last, named: detail.measures),
      "curve": .array(
        detail.evaluations.map { evaluation in
          ["step": .unsigned(evaluation.step), "sets": measures(evaluation, named: detail.measures)]
        }),
    ],
    "wire": wire(detail.telemetry),
    "recovery": [
      "extra_attempts": .unsigned(detail.telemetry.extraAttempts),
      "slices_computed": .unsigned(detail.telemetry.slicesComputed),
      "checkpoints_read": .unsigned(detail.telemetry.checkpointsRead),
    ],
    "recipe_sha256": .string(detail.recipeDigest.hex),
    "model": places.model.map(JSONNode.string) ?? .null,
    "checkpoint": places.checkpoint.map(JSONNode.string) ?? .null,
  ]
  var result = phaseResults(detail).reduce(frame) { $0.merged(with: $1) }.merged(with: computed)
  if let seconds = cellSeconds(result) { result = result.merged(with: ["hours": .number(seconds / 3600)]) }
  return detail.shards.isEmpty ? result : result.merged(with: ["shards": shardObjects(detail.shards)])
}

/// What the cells of a sweep took together; nil for another job.
private func cellSeconds(_ result: JSONNode) -> Double? {
  guard let cells = result["cells"]?.members, !cells.isEmpty else { return nil }
  return cells.reduce(0) { sum, cell in
    let parts = cell.value["seconds_of_part"]?.members ?? []
    return sum + (cell.value["seconds"]?.double ?? 0) + parts.reduce(0) { $0 + ($1.value.double ?? 0) }
  }
}

private func phaseResults(_ detail: JobDetail) -> [JSONNode] {
  detail.results.compactMap { text in
    guard let node = JSONNode(parsing: text), case .object = node else { return nil }
    return node
  }
}

private func measures(_ evaluation: Finish.Evaluation?, named names: [String]) -> JSONNode {
  guard let evaluation else { return [:] }
  return .object(
    evaluation.measures.compactMap { total in
      guard Int(total.measure) < names.count, total.weight > 0 else { return nil }
      let name = names[Int(total.measure)]
      // About another measure.
      if name.hasPrefix(".") { return nil }
      let squares = names.firstIndex(of: ".\(name)/squares").flatMap { index in
        evaluation.measures.first { Int($0.measure) == index }
      }
      return JSONNode.Member(name, measure(total, squares: squares))
    })
}

/// `squares`: for the same tokens the squares of their rows' mean losses, with the number of rows.
private func measure(_ total: MeasureTotal, squares: MeasureTotal?) -> JSONNode {
  let loss = total.sum / Double(total.weight)
  let bits = total.byteCount > 0 ? total.sum / M_LN2 / Double(total.byteCount) : .nan
  var members: [JSONNode.Member] = [
    JSONNode.Member("loss", .number(loss)), JSONNode.Member("bits_per_byte", .number(bits)),
    JSONNode.Member("tokens", .unsigned(total.weight)), JSONNode.Member("bytes", .unsigned(total.byteCount)),
  ]
  if let squares, squares.weight == total.weight {
    // Rows are drawn, not tokens: tokens of one row have much in common.
    let rows = Double(squares.byteCount)
    let variance = max(0, squares.sum / Double(squares.weight) - loss * loss)
    members.append(JSONNode.Member("rows", .unsigned(squares.byteCount)))
    members.append(
      JSONNode.Member("standard_error", rows > 1 ? .number((variance / (rows - 1)).squareRoot()) : .null))
  }
  return .object(members)
}

private func wire(_ telemetry: JobTelemetry) -> JSONNode {
  [
    "raw_bytes": .unsigned(telemetry.rawBytes), "sent_bytes": .unsigned(telemetry.sentBytes),
    "ratio": telemetry.sentBytes == 0
      ? .null : .number(Double(telemetry.rawBytes) / Double(telemetry.sentBytes)),
    "wait_seconds": .number(telemetry.waitSeconds), "step_seconds": .number(telemetry.stepSeconds),
  ]
}

/// What the coordinator says while the job runs; afterwards a step's tokens over the median time between two commits,
/// which pauses and evaluations do not move.
private func tokensPerSecond(_ detail: JobDetail, rows: [MetricRows.Row]) -> Double? {
  if detail.status.state == .running, detail.status.workUnitsPerSecond > 0 { return detail.status.workUnitsPerSecond }
  let gaps = zip(rows, rows.dropFirst()).map { earlier, later in
    later.unixMilliseconds > earlier.unixMilliseconds ? Double(later.unixMilliseconds - earlier.unixMilliseconds) : 0
  }.sorted()
  guard !gaps.isEmpty, gaps[gaps.count / 2] > 0, detail.status.step > 0 else {
    return detail.status.workUnitsPerSecond > 0 ? detail.status.workUnitsPerSecond : nil
  }
  return Double(detail.telemetry.workUnits) / Double(detail.status.step) / (gaps[gaps.count / 2] / 1000)
}
