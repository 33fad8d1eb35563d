internal import Results

/// Reasons not to trust a training's figures, each computed from its record.
struct Distrust {
  enum Verdict {
    case distrust
    case inOrder
    /// What the check needs is not in the record.
    case unknown
  }
  struct Finding {
    let verdict: Verdict
    /// What was looked at, in a few words.
    let check: String
    let sentence: String
  }

  /// In the order of what misleads most.
  static func findings(_ record: TrainingRecord) -> [Finding] {
    [
      completion(record), independence(record), divergence(record), tokens(record), repetition(record),
      overlap(record), standardErrors(record), clipping(record),
    ].compactMap(\.self) + scripts(record) + [mixture(record)].compactMap(\.self)
  }

  private static func completion(_ record: TrainingRecord) -> Finding {
    let check = "The job ran to its end"
    if record.state == "COMPLETED" {
      return Finding(verdict: .inOrder, check: check, sentence: "all \(grouped(record.steps)) steps are committed")
    }
    let reason = record.result["reason"]?.string.map { ": \($0)" } ?? ""
    return Finding(
      verdict: .distrust, check: check,
      sentence: "The job is \(record.state) after step \(grouped(record.steps)) of "
        + "\(grouped(record.stepsPlanned))\(reason). The figures below are those of an unfinished run.")
  }

  private static func independence(_ record: TrainingRecord) -> Finding {
    let check = "Forgetting is measured on text independent of the replay text"
    let retained = record.sets.filter { $0.role == "retained" }
    if record.sets.isEmpty {
      return Finding(
        verdict: .distrust, check: check, sentence: "There is no validation set: neither gain nor loss was measured.")
    }
    guard record.sets.allSatisfy(\.isIndexed) else {
      return Finding(verdict: .unknown, check: check, sentence: "the corpus index did not say where the sets come from")
    }
    if retained.isEmpty {
      return Finding(
        verdict: .distrust, check: check,
        sentence: "No validation set has the role retained: what the model forgot was not measured at all.")
    }
    let independent = retained.filter { $0.from == nil && ($0.overlap ?? 0) < overlapMax }
    if independent.isEmpty {
      let names = retained.map(\.name).joined(separator: ", ")
      return Finding(
        verdict: .distrust, check: check,
        sentence: "No retained set is independent of the replay text (\(names)): on text of the kind that is replayed "
          + "a model forgets least, so the true rise is larger. Add a set with `paths` of its own.")
    }
    return Finding(
      verdict: .inOrder, check: check,
      sentence: "\(independent.map(\.name).joined(separator: ", ")) \(independent.count == 1 ? "is" : "are")")
  }

  private static func divergence(_ record: TrainingRecord) -> Finding? {
    let check = "Training did not diverge"
    let losses = record.rows.compactMap { $0["loss"] }
    if let broken = record.rows.first(where: { row in row.metrics.contains { !$0.value.isFinite } }) {
      return Finding(
        verdict: .distrust, check: check,
        sentence: "Step \(grouped(broken.step)) has a metric that is no finite number.")
    }
    for set in record.sets where set.role == "added" {
      if let change = set.change, change > 0 {
        return Finding(
          verdict: .distrust, check: check,
          sentence:
            "The loss on \(set.name), which training should lower, rose by \(fixed(100 * change, digits: 1)) %: "
            + "the learning rate may be too high.")
      }
    }
    guard losses.count >= 20 else { return nil }
    let tenth = losses.count / 10
    let first = losses.prefix(tenth).reduce(0, +) / Double(tenth)
    let last = losses.suffix(tenth).reduce(0, +) / Double(tenth)
    if last > first {
      return Finding(
        verdict: .distrust, check: check,
        sentence: "The training loss ended higher (\(fixed(last, digits: 3)), mean of the last tenth of steps) than it "
          + "began (\(fixed(first, digits: 3))).")
    }
    return Finding(
      verdict: .inOrder, check: check,
      sentence:
        "training loss \(fixed(first, digits: 3)) in the first tenth of steps, \(fixed(last, digits: 3)) in the last")
  }

  /// Below this the new language was met, not learnt; published runs for a language take billions.
  private static let addedTokensMin: UInt64 = 100_000_000

  private static func tokens(_ record: TrainingRecord) -> Finding? {
    let check = "There are enough tokens to speak of a language"
    let added = record.sources.filter { $0.role == "added" }
    guard !added.isEmpty else { return nil }
    let total = added.reduce(0) { $0 + $1.tokens }
    let names = added.map(\.name).joined(separator: ", ")
    if total < addedTokensMin {
      return Finding(
        verdict: .distrust, check: check,
        sentence:
          "\(grouped(total)) tokens of \(names) show that the model adapts to these texts, not that it commands "
          + "a language: published continual pre-training for a language takes billions.")
    }
    return Finding(verdict: .inOrder, check: check, sentence: "\(grouped(total)) of \(names)")
  }

  private static func repetition(_ record: TrainingRecord) -> Finding? {
    let check = "No text was repeated"
    let known = record.sources.filter { $0.passes != nil }
    guard !known.isEmpty else { return nil }
    let repeated = known.filter { ($0.passes ?? 0) > 1 }
    if repeated.isEmpty {
      let most = known.max { ($0.passes ?? 0) < ($1.passes ?? 0) }
      return Finding(
        verdict: .inOrder, check: check,
        sentence: most.map { "at most \(fixed($0.passes ?? 0, digits: 2)) passes, over \($0.name)" } ?? "")
    }
    let list = repeated.map { "\($0.name) \(fixed($0.passes ?? 0, digits: 1)) times" }.joined(separator: ", ")
    return Finding(
      verdict: .distrust, check: check,
      sentence:
        "Training went over its text more than once (\(list)): the loss on what was repeated is learnt by heart "
        + "in part, and a larger model learns more by heart.")
  }

  private static let overlapMax = 0.01

  private static func overlap(_ record: TrainingRecord) -> Finding? {
    let check = "Held-out text is not in the training text"
    let known = record.sets.filter { $0.overlap != nil }
    guard let worst = known.max(by: { ($0.overlap ?? 0) < ($1.overlap ?? 0) }), let share = worst.overlap else {
      return nil
    }
    let bad = known.filter { ($0.overlap ?? 0) >= overlapMax }
    if bad.isEmpty {
      return Finding(
        verdict: .inOrder, check: check,
        sentence: "at most \(fixed(100 * share, digits: 2)) % of 13-grams, \(worst.name)")
    }
    let list = bad.map { "\($0.name) \(fixed(100 * ($0.overlap ?? 0), digits: 1)) %" }.joined(separator: ", ")
    return Finding(
      verdict: .distrust, check: check,
      sentence: "Training text holds 13-grams of the held-out text (\(list)): its loss flatters the model.")
  }

  /// Of the loss itself: beyond it the set says little about other text of its kind.
  private static let relativeErrorMax = 0.02

  private static func standardErrors(_ record: TrainingRecord) -> Finding? {
    let check = "Validation sets are large enough"
    var small: [String] = []
    var known = 0
    for set in record.sets {
      guard let after = set.after, let rows = after.rows, after.loss.isFinite, after.loss > 0 else { continue }
      known += 1
      guard let error = after.standardError else {
        small.append("\(set.name): one row")
        continue
      }
      if error / after.loss > relativeErrorMax {
        small.append(
          "\(set.name) \(fixed(after.loss, digits: 2)) ± \(fixed(error, digits: 2)) from \(grouped(rows)) rows")
      }
    }
    guard known > 0 else { return nil }
    if small.isEmpty {
      return Finding(
        verdict: .inOrder, check: check,
        sentence: "every standard error is below \(fixed(100 * relativeErrorMax, digits: 0)) % of its loss")
    }
    return Finding(
      verdict: .distrust, check: check,
      sentence:
        "Small validation sets: \(small.joined(separator: "; ")) (one standard error over rows). Before and after "
        + "are measured on the same rows, so the change is surer than the level.")
  }

  private static let clippedShareMax = 0.3

  private static func clipping(_ record: TrainingRecord) -> Finding? {
    let check = "Gradients were seldom clipped"
    guard let limit = record.facts?.clipNorm else {
      return Finding(verdict: .unknown, check: check, sentence: "job.yaml does not say the clipping norm")
    }
    if limit == 0 { return Finding(verdict: .inOrder, check: check, sentence: "clipping was off") }
    let norms = record.rows.compactMap { $0["gradient_norm"] }
    guard !norms.isEmpty else { return nil }
    let clipped = norms.count { $0 > limit }
    let share = Double(clipped) / Double(norms.count)
    let words = "\(grouped(UInt64(clipped))) of \(grouped(UInt64(norms.count))) steps, at a norm of \(shortest(limit))"
    if share > clippedShareMax {
      return Finding(
        verdict: .distrust, check: check,
        sentence:
          "Gradients were clipped in \(words): the clipping, not the learning rate, set the size of those steps.")
    }
    return Finding(verdict: .inOrder, check: check, sentence: words)
  }

  private static func mixture(_ record: TrainingRecord) -> Finding? {
    guard let requested = record.result["mixture"]?["requested"]?.double,
      let achieved = record.result["mixture"]?["achieved"]?.double
    else { return nil }
    let rows = record.sources.reduce(0) { $0 + $1.rows }
    let check = "The mixture is what was asked for"
    // Every source's rows are within one of its share.
    let tolerance = Double(max(1, record.sources.count)) / Double(max(1, rows))
    if abs(requested - achieved) <= tolerance {
      return Finding(
        verdict: .inOrder, check: check, sentence: "\(fixed(achieved, digits: 4)) of \(fixed(requested, digits: 4))")
    }
    return Finding(
      verdict: .distrust, check: check,
      sentence: "An ALMR of \(fixed(requested, digits: 4)) was asked for and \(fixed(achieved, digits: 4)) achieved: "
        + "that is more than rows can explain.")
  }
}

/// `1`, `0.5`: no digits that say nothing.
func shortest(_ value: Double) -> String {
  value == value.rounded() && abs(value) < 1e15 ? fixed(value, digits: 0) : "\(value)"
}
