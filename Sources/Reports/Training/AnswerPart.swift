internal import Results

/// The top of the page: what came out, and what it cost.
struct AnswerPart {
  let record: TrainingRecord

  var html: HTML { "\(sentence)\(table)\(facts)" }

  /// `The loss on zh_held fell from 5.61 to 3.02 (−46.2 %) …`
  private var sentence: HTML {
    let added = record.sets.filter { $0.role == "added" && $0.change != nil }
    let retained = record.sets.filter { $0.role == "retained" && $0.change != nil }
    let worst = retained.max { ($0.change ?? 0) < ($1.change ?? 0) }
    var clauses = added.map { clause($0, prefix: "The loss on \($0.name)", isWanted: true) }
    if let worst {
      let prefix =
        retained.count > 1
        ? "on \(worst.name), the worst of \(retained.count) retained sets, it" : "on the retained set \(worst.name) it"
      clauses.append(clause(worst, prefix: clauses.isEmpty ? prefix.firstUppercased : prefix, isWanted: false))
    }
    if clauses.isEmpty {
      let others = record.sets.filter { $0.change != nil }
      clauses = others.map { clause($0, prefix: "The loss on \($0.name)", isWanted: false) }
    }
    guard !clauses.isEmpty else {
      return "<p class=\"answer\">No validation set was measured before and after: there is no answer yet.</p>\n"
    }
    let joined = clauses.enumerated().map { index, clause -> HTML in index == 0 ? clause : "; \(clause)" }
    return "<p class=\"answer\">\(joined).</p>\n"
  }

  private func clause(_ set: TrainingRecord.Set, prefix: String, isWanted: Bool) -> HTML {
    guard let before = set.before, let after = set.after, let change = set.change else { return "" }
    let verb = change < 0 ? "fell" : change > 0 ? "rose" : "stayed"
    return """
      \(prefix) \(verb) from <strong>\(fixed(before.loss, digits: 3))</strong> to \
      <strong>\(fixed(after.loss, digits: 3))</strong> (<strong class="\(tone(change))">\(signed(change))</strong>)
      """
  }

  private func tone(_ change: Double) -> HTML { change <= 0 ? "better" : "worse" }

  private func signed(_ change: Double) -> String {
    "\(change < 0 ? "−" : "+")\(fixed(abs(100 * change), digits: 1)) %"
  }

  private var table: HTML {
    guard !record.sets.isEmpty else { return "" }
    var table = DataTable(
      [
        .init("validation set", .name), .init("role", .word), .init("loss before"), .init("after"), .init("change"),
        .init("±"), .init("bits per byte before"), .init("after"), .init("tokens"),
      ],
      caption: """
        Loss in nats a token; bits per byte compare across tokenizers. ± is one standard error of the loss after \
        training, over rows.
        """, becomesCards: true)
    for set in record.sets {
      let change: HTML =
        set.change.map { "<span class=\"\(tone($0))\">\(signed($0))</span>" } ?? "–"
      table.add([
        HTML(text: set.name),
        HTML(text: (set.role ?? "") + (set.from.map { ", held out from \($0)" } ?? ", own texts")),
        number(set.before?.loss, 4), number(set.after?.loss, 4), change,
        number(set.after?.standardError, 3), number(set.before?.bitsPerByte, 3), number(set.after?.bitsPerByte, 3),
        HTML(text: set.after.map { grouped($0.tokens) } ?? "–"),
      ])
    }
    return table.html
  }

  private func number(_ value: Double?, _ digits: Int) -> HTML {
    HTML(text: value.map { $0.isFinite ? fixed($0, digits: digits) : "not finite" } ?? "–")
  }

  private var facts: HTML {
    let facts: [HTML?] = [
      mixture, cost, speed, wire, recipe, workers,
      record.result["weights_sha256"]?.string.map {
        fact("SHA-256 of the weights", "<span class=\"hash\">\($0)</span>")
      },
      record.result["model"]?.string.map { fact("Model", "<code>\($0)</code>") },
    ]
    return "<dl class=\"facts\">\n\(facts.compactMap(\.self))</dl>\n"
  }

  private func fact(_ title: String, _ content: HTML, _ small: String? = nil) -> HTML {
    let more: HTML = small.map { "<small>\($0)</small>" } ?? ""
    return "<div><dt>\(title)</dt><dd>\(content)\(more)</dd></div>\n"
  }

  private var mixture: HTML? {
    let mixture = record.result["mixture"]
    guard let achieved = mixture?["achieved"]?.double ?? record.rows.last?["almr"] else { return nil }
    let requested = mixture?["requested"]?.double ?? record.facts?.requestedRatio
    return fact(
      "ALMR achieved", HTML(text: fixed(achieved, digits: 4)), requested.map { "\(fixed($0, digits: 4)) requested" })
  }

  private var cost: HTML? {
    guard record.tokens > 0 else { return nil }
    var times: [String] = []
    if let elapsed = record.elapsed { times.append("\(duration(elapsed)) from submission to end") }
    if let seconds = record.result["wire"]?["step_seconds"]?.double, seconds > 0 {
      times.append("\(duration(seconds)) of workers' time in steps")
    }
    return fact("Cost", HTML(text: "\(grouped(record.tokens)) tokens"), times.joined(separator: ", "))
  }

  private var speed: HTML? {
    guard let speed = record.result["tokens_per_second"]?.double else { return nil }
    let memory = record.result["peak_memory_bytes"]?.count
    return fact(
      "Speed", HTML(text: "\(rate(speed)) tokens/s"), memory.map { "\(bytes($0)) of memory at most, a worker" })
  }

  private var wire: HTML? {
    guard let raw = record.result["wire"]?["raw_bytes"]?.count, let sent = record.result["wire"]?["sent_bytes"]?.count,
      sent > 0
    else { return nil }
    return fact(
      "Gradients on the wire", HTML(text: bytes(sent)),
      "\(bytes(raw)) before encoding, ratio \(fixed(Double(raw) / Double(sent), digits: 2))")
  }

  private var recipe: HTML? {
    var words: [String] = ["\(grouped(record.steps)) steps"]
    if let facts = record.facts, let batch = facts.globalBatchSize, let length = facts.sequenceLength {
      words.append("\(grouped(UInt64(batch))) × \(grouped(UInt64(length))) tokens")
    }
    var small: [String] = []
    if let rate = record.facts?.learningRate { small.append("learning rate \(rate)") }
    if let schedule = record.facts?.schedule { small.append(schedule) }
    if let parameters = record.result["parameters"]?.count { small.append("\(grouped(parameters)) parameters") }
    return fact("Recipe", HTML(text: words.joined(separator: " of ")), small.joined(separator: ", "))
  }

  private var workers: HTML? {
    let counts = record.rows.compactMap { $0["workers"] }
    guard let most = counts.max(), let least = counts.min() else { return nil }
    let text = least == most ? fixed(most, digits: 0) : "\(fixed(least, digits: 0)) to \(fixed(most, digits: 0))"
    let losses = record.marks.count { !$0.isCalm }
    return fact("Workers", HTML(text: text), losses == 0 ? "none lost" : "lost or recomputed at \(losses) of the steps")
  }
}

extension String {
  fileprivate var firstUppercased: String { prefix(1).uppercased() + dropFirst() }
}
