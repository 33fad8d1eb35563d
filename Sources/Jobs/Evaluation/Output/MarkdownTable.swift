import Foundation

/// The scores for people: a row a metric, groups above their tasks; then averages of groups and tags both by items and
/// by tasks; then what should make a reader careful.
struct MarkdownTable {
  let tasks: [TaskScores]
  let groups: [GroupScores]

  func text(overlap: OverlapReport?) -> String {
    var lines = [
      "|Tasks|Version|Filter|n-shot|Metric|   |Value|   |Stderr|", "|---|---|---|---:|---|---|---:|---|---:|",
    ]
    let inside = Set(groups.flatMap(\.group.children))
    for group in groups where !inside.contains(group.group.name) { lines += rows(group, depth: 0) }
    for task in tasks where !inside.contains(task.task.name) { lines += rows(task, depth: 0) }
    lines += averages
    lines += cautions(overlap)
    return lines.joined(separator: "\n") + "\n"
  }

  private func rows(_ group: GroupScores, depth: Int) -> [String] {
    let chance = GroupScores.chance(group.tasks)
    let shots = Set(group.tasks.map(\.numFewshot))
    var lines = rows(
      group.group.alias, version: group.group.version, shots: shots.count == 1 ? "\(shots.first ?? 0)" : "",
      group.scores.map(\.score), chance: chance, depth: depth)
    for child in group.group.children {
      if let inner = groups.first(where: { $0.group.name == child }) { lines += rows(inner, depth: depth + 1) }
      if let task = tasks.first(where: { $0.task.name == child }) { lines += rows(task, depth: depth + 1) }
    }
    return lines
  }

  private func rows(_ task: TaskScores, depth: Int) -> [String] {
    rows(
      task.task.alias, version: task.task.version, shots: "\(task.numFewshot)", task.scores, chance: task.chance,
      depth: depth)
  }

  private func rows(
    _ name: String, version: String, shots: String, _ scores: [TaskScores.Score], chance: Double?, depth: Int
  ) -> [String] {
    let label = depth == 0 ? name : String(repeating: "&nbsp;", count: depth) + "- " + name
    guard !scores.isEmpty else { return ["|\(label)|\(version)|||||||"] }
    return scores.enumerated().map { place, score in
      let head = place == 0 ? "\(label)|\(version)" : "|"
      let value = score.isChance(chance) ? "chance (\(rounded(score.value)))" : rounded(score.value)
      let error = score.standardError.map { "±|\(rounded($0))" } ?? "|"
      let arrow = score.higherIsBetter ? "↑" : "↓"
      return "|\(head)|\(score.filter)|\(shots)|\(score.metric)|\(arrow)|\(value)|\(error)|"
    }
  }

  private var averages: [String] {
    var named: [(name: String, tasks: [TaskScores])] = groups.map { ($0.group.name, $0.tasks) }
    var tags: [String] = []
    for tag in tasks.flatMap(\.task.tags) where !tags.contains(tag) { tags.append(tag) }
    named += tags.map { tag in (tag, tasks.filter { $0.task.tags.contains(tag) }) }
    var lines: [String] = []
    for (name, tasks) in named where tasks.count > 1 {
      var kinds: [(String, String)] = []
      for score in tasks.flatMap(\.scores) where !kinds.contains(where: { $0 == (score.metric, score.filter) }) {
        kinds.append((score.metric, score.filter))
      }
      for (metric, filter) in kinds {
        guard let micro = GroupScores.averaged(metric, filter, tasks, isWeightedBySize: true),
          let macro = GroupScores.averaged(metric, filter, tasks, isWeightedBySize: false)
        else { continue }
        let chance = micro.score.isChance(GroupScores.chance(tasks)) ? " (chance)" : ""
        lines.append(
          "|\(name)|\(tasks.count)|\(micro.sampleCount)|\(metric),\(filter)|\(rounded(micro.score.value))\(chance)|"
            + "\(rounded(macro.score.value))|")
      }
    }
    guard !lines.isEmpty else { return [] }
    return ["", "|Group|Tasks|Items|Metric|By items|By tasks|", "|---|---:|---:|---|---:|---:|"] + lines
  }

  private func cautions(_ overlap: OverlapReport?) -> [String] {
    var lines: [String] = []
    for task in tasks {
      if task.truncated > 0 {
        lines.append(
          "- \(task.task.name): \(task.truncated) of \(task.itemCount) prompts were longer than the model's context "
            + "and lost their beginning.")
      }
      for (filter, count) in task.unextracted.sorted(by: { $0.key < $1.key }) {
        lines.append(
          "- \(task.task.name), \(filter): no answer could be extracted from \(count) of \(task.itemCount) texts "
            + "(\(percent(count, of: task.itemCount))).")
      }
      if task.itemCount < task.allCount {
        lines.append("- \(task.task.name): \(task.itemCount) of \(task.allCount) items were asked.")
      }
    }
    for entry in overlap?.tasks ?? [] {
      lines.append(
        "- \(entry.task): \(entry.overlapping) of \(entry.items) items "
          + "(\(percent(entry.overlapping, of: entry.items))) "
          + "share 13 words in a row with what was trained on; \(entry.short) are too short to tell.")
    }
    return lines.isEmpty ? [] : ["", "Before these scores are used:", ""] + lines
  }

  private func percent(_ part: Int, of all: Int) -> String {
    String(format: "%.1f %%", 100 * Double(part) / Double(max(1, all)))
  }

  private func rounded(_ value: Double) -> String { String(format: "%.4f", value) }
}
