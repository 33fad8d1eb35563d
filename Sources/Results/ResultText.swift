public import WireProtocol

/// What `admix show JOB` and the end of `admix run` tell a person.
public func resultLines(_ detail: JobDetail, result: JSONNode) -> [String] {
  let status = detail.status
  var lines = SummaryLines(result)
  lines.add("phase", status.state.isFinal ? nil : status.phase)
  lines.add("checkpoints", detail.checkpoints.map { "step \($0.step)" }.joined(separator: ", "))
  if (result["stages"]?.members ?? []).isEmpty {
    lines.add("stages", detail.children.map { "job \($0)" }.joined(separator: ", "))
  }
  for line in shardLines(detail.shards) { lines.add("", line) }
  return lines.finished()
}

/// The same from `result.json` alone, for a job whose coordinator is gone.
public func resultLines(_ result: JSONNode) -> [String] { SummaryLines(result).finished() }

private struct SummaryLines {
  private var lines: [String] = []
  private let result: JSONNode

  init(_ result: JSONNode) {
    self.result = result
    var words = ["name", "state", "kind"].map { result[$0]?.string ?? "?" }
    // A finished evaluation has none.
    if let planned = result["steps_planned"]?.count, planned > 0 {
      words.append("step \(result["steps"]?.count ?? 0)/\(planned)")
    }
    lines = ["\(result["id"]?.count ?? 0) \(words.joined(separator: "  "))"]
    add("reason", result["reason"]?.string)
  }

  mutating func add(_ label: String, _ text: String?) {
    guard let text, !text.isEmpty else { return }
    lines.append("  " + label.padding(to: 12) + text)
  }

  func finished() -> [String] {
    var all = self
    all.addLosses()
    all.add("mixture", mixtureLine(result["mixture"]))
    all.add("tokens", tokensLine(result["mixture"]))
    for source in result["conversations"]?["sources"]?.elements ?? [] { all.add("rows", rowsLine(source)) }
    if let speed = result["tokens_per_second"]?.double { all.add("speed", "\(rate(speed)) tok/s") }
    all.add("cells", cellsLine(result))
    all.add("wire", wireLine(result["wire"]))
    if let peak = result["peak_memory_bytes"]?.count, peak > 0 { all.add("memory", "\(bytes(peak)) at most") }
    for stage in result["stages"]?.members ?? [] {
      let losses = (stage.value["validation"]?["after"]?.members ?? []).map { lossLine($0.key, result: stage.value) }
      all.add("stage", ([stage.key, stage.value["state"]?.string ?? ""] + losses).joined(separator: "  "))
    }
    all.add("recipe", (result["recipe_sha256"]?.string).map { String($0.prefix(16)) })
    all.add("weights", result["weights_sha256"]?.string)
    all.add("model", result["model"]?.string)
    all.add("checkpoint", result["checkpoint"]?.string)
    all.add("note", scopeNote(result["mixture"]))
    return all.lines.map(printable)
  }

  /// A table of the validation sets, the label before its first line.
  private mutating func addLosses() {
    let after = result["validation"]?["after"]?.members ?? []
    guard !after.isEmpty else { return }
    var table = Table([
      ("set", .left), ("loss", .right), ("", .left), ("after", .right), ("change", .right), ("bits/byte", .right),
      ("", .left), ("after", .right),
    ])
    for set in after {
      let before = result["validation"]?["before"]?[set.key]
      func cell(_ node: JSONNode?, _ key: String) -> String {
        // Conversations are not measured by their bytes.
        (node?[key]?.double).flatMap { $0.isFinite ? fixed($0, digits: 3) : nil } ?? "–"
      }
      table.add([
        set.key, cell(before, "loss"), "→", cell(set.value, "loss"),
        change(from: before?["loss"]?.double, to: set.value["loss"]?.double) ?? "", cell(before, "bits_per_byte"), "→",
        cell(set.value, "bits_per_byte"),
      ])
    }
    for (index, line) in table.lines.enumerated() {
      lines.append("  " + (index == 0 ? "losses" : "").padding(to: 12) + line)
    }
  }
}

/// `−46.0 %`
private func change(from before: Double?, to after: Double?) -> String? {
  guard let before, let after, before > 0 else { return nil }
  let change = 100 * (after - before) / before
  return "\(change < 0 ? "−" : "+")\(fixed(abs(change), digits: 1)) %"
}

/// `zh_held 5.61 → 3.02 (−46.0 %)`
private func lossLine(_ name: String, result: JSONNode) -> String {
  let (before, after) = (
    result["validation"]?["before"]?[name]?["loss"]?.double, result["validation"]?["after"]?[name]?["loss"]?.double
  )
  guard let after else { return name }
  guard let before, let change = change(from: before, to: after) else { return "\(name) \(fixed(after, digits: 3))" }
  return "\(name) \(fixed(before, digits: 3)) → \(fixed(after, digits: 3)) (\(change))"
}

private func mixtureLine(_ mixture: JSONNode?) -> String? {
  guard let achieved = (mixture?["achieved"]?.double).map({ fixed($0, digits: 4) }) else { return nil }
  let requested = (mixture?["requested"]?.double).map { fixed($0, digits: 4) }
  return requested.map { "\(achieved) achieved, \($0) asked for (ALMR)" } ?? "\(achieved) achieved"
}

/// `245,760: zh 73,728, en 172,032`: what the losses' fall was bought with.
private func tokensLine(_ mixture: JSONNode?) -> String? {
  guard let sources = mixture?["sources"]?.elements else { return nil }
  var parts: [String] = []
  var total: UInt64 = 0
  for source in sources {
    guard let name = source["name"]?.string, let tokens = source["tokens"]?.count else { return nil }
    total &+= tokens
    parts.append("\(name) \(grouped(tokens))")
  }
  return parts.isEmpty ? nil : "\(grouped(total)): \(parts.joined(separator: ", "))"
}

/// `en 986 of 999 used, 40 cut to the sequence; left out: 13 cut before any answer (first: row 160)`
private func rowsLine(_ source: JSONNode) -> String? {
  guard let name = source["name"]?.string, let rows = source["rows"]?.count, let used = source["used"]?.count else {
    return nil
  }
  var line = "\(name) \(grouped(used)) of \(grouped(rows)) used"
  if let cut = source["truncated"]?.count, cut > 0 { line += ", \(grouped(cut)) cut to the sequence" }
  let dropped = (source["dropped"]?.members ?? []).compactMap { member -> String? in
    guard let rows = member.value["rows"]?.count, let reason = member.value["reason"]?.string else { return nil }
    return "\(grouped(rows)) \(reason) (first: row \(member.value["firstRow"]?.count ?? 0))"
  }
  return dropped.isEmpty ? line : "\(line); left out: \(dropped.joined(separator: ", "))"
}

/// `2.2 GB of gradients sent as 1.4 GB (1.57 : 1), compute waited 12s`
private func wireLine(_ wire: JSONNode?) -> String? {
  guard let raw = wire?["raw_bytes"]?.count, let sent = wire?["sent_bytes"]?.count, raw > 0 else { return nil }
  let ratio = (wire?["ratio"]?.double).map { " (\(fixed($0, digits: 2)) : 1)" } ?? ""
  let waited = (wire?["wait_seconds"]?.double).map { ", compute waited \(duration($0))" } ?? ""
  return "\(bytes(raw)) of gradients sent as \(bytes(sent))\(ratio)\(waited)"
}

/// Below this many tokens of added text nobody should take a fallen loss for a language learnt: published continual
/// pre-training into a new language takes from a billion tokens on.
private let tokensOfAddedTextMin: UInt64 = 100_000_000

private func scopeNote(_ mixture: JSONNode?) -> String? {
  let added = (mixture?["sources"]?.elements ?? []).filter { $0["role"]?.string == "added" }
  let tokens = added.reduce(0) { $0 &+ ($1["tokens"]?.count ?? 0) }
  guard tokens > 0, tokens < tokensOfAddedTextMin else { return nil }
  let names = added.compactMap { $0["name"]?.string }.joined(separator: ", ")
  return "\(grouped(tokens)) tokens of \(names) adapt a model to those texts; they do not make it fluent in a language"
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - displayWidth(self)))
  }
}

/// `16 of 16: 14 completed, 2 early stopped · 3,276,800 of 3,276,800 tokens planned · 0.04 hours`
private func cellsLine(_ result: JSONNode) -> String? {
  guard let sweep = result["sweep"], let cells = sweep["cells"]?.count else { return nil }
  var parts = ["\(cells)"]
  for (key, word) in [("earlyStopped", "stopped early"), ("diverged", "diverged")] {
    if let count = sweep[key]?.count, count > 0 { parts.append("\(count) \(word)") }
  }
  if let tokens = sweep["tokens"]?.count {
    let planned = sweep["budget"]?["plannedTokens"]?.count ?? tokens
    parts.append("\(grouped(tokens)) tokens of \(grouped(planned)) planned")
  }
  if let hours = result["hours"]?.double {
    let allowed = (sweep["budget"]?["hours"]?.double).map { " of \(fixed($0, digits: 2)) allowed" } ?? ""
    parts.append("\(fixed(hours, digits: 2)) hours of runners\(allowed)")
  }
  return parts.joined(separator: " · ")
}
