public import WireProtocol

/// The shards of the phase that a job is in: a line each that runs or has said something, with its last word, and how
/// many wait or are done.
public func shardLines(_ shards: [ShardStatus]) -> [String] {
  guard shards.count > 1 else { return [] }
  let waiting = shards.count { $0.state == .waiting }
  let done = shards.count { $0.state == .completed }
  var table = Table([("SHARD", .left), ("STATE", .left), ("WORKER", .left), ("DONE", .right), ("ACTIVITY", .left)])
  let running = shards.count { $0.state == .running }
  let shown = shards.filter { $0.state == .running || !$0.values.isEmpty }
  for shard in shown.prefix(shardsShown) {
    table.add([
      shard.name, word(shard.state), shard.worker, shard.fraction >= 0 ? percent(shard.fraction) : "–",
      [shard.activity, shardValues(shard)].filter { !$0.isEmpty }.joined(separator: "  "),
    ])
  }
  return ["shards: \(done) done, \(running) running, \(waiting) waiting"] + (shown.isEmpty ? [] : table.lines)
}

/// `loss 2.417 zh_held 3.114`
public func shardValues(_ shard: ShardStatus) -> String {
  shard.values.map { "\($0.label) \(significant($0.value))" }.joined(separator: " ")
}

/// More running shards than this are a matter for `show --json`.
private let shardsShown = 64

/// `show --json` and `result.json`'s list while a phase has shards.
func shardObjects(_ shards: [ShardStatus]) -> JSONNode {
  .array(
    shards.map { shard in
      [
        "name": .string(shard.name),
        "state": .string(word(shard.state)),
        "worker": shard.worker.isEmpty ? .null : .string(shard.worker),
        "activity": shard.activity.isEmpty ? .null : .string(shard.activity),
        "fraction": shard.fraction >= 0 ? .number(shard.fraction) : .null,
        "values": .object(shard.values.map { JSONNode.Member($0.label, .number($0.value)) }),
      ]
    })
}

private func word(_ state: ShardStatus.State) -> String {
  switch state {
  case .waiting: "waiting"
  case .running: "running"
  case .completed: "completed"
  }
}

/// Four digits that count: `2.417`, `100`, `3.07e-04`.
private func significant(_ value: Double) -> String {
  guard value.isFinite, value != 0 else { return "\(value)" }
  if value == value.rounded(), abs(value) < 1e9 { return fixed(value, digits: 0) }
  if abs(value) >= 0.01 { return fixed(value, digits: 3) }
  var (mantissa, exponent) = (abs(value), 0)
  while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
  return "\(value < 0 ? "-" : "")\(fixed(mantissa, digits: 2))e\(exponent)"
}
