public import WireProtocol

/// What `admix show` and the end of `admix run` tell a person.
public func resultLines(_ detail: JobDetail, result: JSONNode) -> [String] {
  let status = detail.status
  var lines = ["\(status.id) \(status.name)  \(status.state.word)  \(status.kind)  step \(status.step)/\(status.steps)"]
  func add(_ label: String, _ text: String?) {
    guard let text, !text.isEmpty else { return }
    lines.append("  " + label.padding(to: 12) + text)
  }
  add("reason", status.reason)
  add("phase", status.state.isFinal ? nil : status.phase)
  add("weights", result["weights_sha256"]?.string)
  if case .number(let speed)? = result["tokens_per_second"] { add("speed", "\(rate(speed)) tok/s") }
  for measure in result["validation"]?["after"]?.members ?? [] {
    add("loss", lossLine(measure.key, result: result))
  }
  add("mixture", mixtureLine(result["mixture"]))
  add("tokens", tokensLine(result["mixture"]))
  if detail.telemetry.rawBytes > 0 {
    let telemetry = detail.telemetry
    add(
      "wire",
      "\(bytes(telemetry.rawBytes)) of gradients sent as \(bytes(telemetry.sentBytes)), "
        + "compute waited \(duration(telemetry.waitSeconds))")
  }
  add("memory", detail.telemetry.peakResidentBytes > 0 ? "\(bytes(detail.telemetry.peakResidentBytes)) at most" : nil)
  add("checkpoints", detail.checkpoints.map { "step \($0.step)" }.joined(separator: ", "))
  let stages = result["stages"]?.members ?? []
  if stages.isEmpty { add("stages", detail.children.map { "job \($0)" }.joined(separator: ", ")) }
  for stage in stages {
    let losses = (stage.value["validation"]?["after"]?.members ?? []).map { lossLine($0.key, result: stage.value) }
    add("stage", ([stage.key, stage.value["state"]?.string ?? ""] + losses).joined(separator: "  "))
  }
  for line in shardLines(detail.shards) { add("", line) }
  add("recipe", String(detail.recipeDigest.hex.prefix(16)))
  add("model", result["model"]?.string)
  add("checkpoint", result["checkpoint"]?.string)
  return lines.map(printable)
}

/// `zh_held 5.61 → 3.02 (−46 %)`
private func lossLine(_ name: String, result: JSONNode) -> String {
  func loss(_ when: String) -> Double? {
    guard case .number(let loss)? = result["validation"]?[when]?[name]?["loss"] else { return nil }
    return loss
  }
  guard let after = loss("after") else { return name }
  guard let before = loss("before"), before > 0 else { return "\(name) \(fixed(after, digits: 3))" }
  let change = 100 * (after - before) / before
  return "\(name) \(fixed(before, digits: 3)) → \(fixed(after, digits: 3)) "
    + "(\(change < 0 ? "−" : "+")\(fixed(abs(change), digits: 1)) %)"
}

private func mixtureLine(_ mixture: JSONNode?) -> String? {
  func share(_ node: JSONNode?) -> String? {
    switch node {
    case .number(let value): fixed(value, digits: 4)
    case .integer(let value): "\(value)"
    default: nil
    }
  }
  guard let achieved = share(mixture?["achieved"]) else { return nil }
  return share(mixture?["requested"]).map { "\(achieved) achieved, \($0) asked for" } ?? "\(achieved) achieved"
}

/// `245,760: zh 73,728, en 172,032`: what the losses' fall was bought with.
private func tokensLine(_ mixture: JSONNode?) -> String? {
  guard case .array(let sources)? = mixture?["sources"] else { return nil }
  var parts: [String] = []
  var total: UInt64 = 0
  for source in sources {
    guard let name = source["name"]?.string, case .integer(let tokens)? = source["tokens"], tokens >= 0 else {
      return nil
    }
    total &+= UInt64(tokens)
    parts.append("\(name) \(grouped(UInt64(tokens)))")
  }
  return parts.isEmpty ? nil : "\(grouped(total)): \(parts.joined(separator: ", "))"
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - displayWidth(self)))
  }
}
