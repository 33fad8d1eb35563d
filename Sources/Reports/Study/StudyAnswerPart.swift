internal import Results
internal import Study

/// Above the fold: what to set, what it does to every loss, whether the large model confirmed it, and what it cost.
struct StudyAnswerPart {
  let record: StudyRecord

  var section: ReportSection {
    var blocks: [ReportSection.Block] = []
    if let warning = record.openingWarning { blocks.append(.page(opening(warning))) }
    blocks.append(.page(numbers))
    blocks.append(.page("<p class=\"answer\">\(sentence.html)</p>\n"))
    blocks.append(.table(losses))
    blocks.append(.page(verdict))
    blocks.append(.facts(facts))
    return ReportSection(heading: "", blocks: blocks)
  }

  /// What the page draws larger, in sentences.
  var markdown: String {
    let warning = record.openingWarning.map { "**\(RichText(text: $0).markdown)**\n\n" } ?? ""
    let items = settings.map { "- **\($0.title)**: **\($0.value)** (\(RichText(text: $0.small).markdown))\n" }
    return warning + items.joined() + "\n\(sentence.markdown)\n\n\(losses.markdown)"
      + "**Did the larger model confirm? \(verdictWord).** \(verdictSentence.markdown)\n\n"
      + ReportSection.Block.facts(facts).markdown
  }

  private func opening(_ warning: String) -> HTML {
    "<section class=\"distrust\"><h2>Before anything else</h2><p>\(warning)</p></section>\n"
  }

  // MARK: The setting

  var settings: [(title: String, value: String, small: String)] {
    let choice = record.recommendation
    let share = "\(fixed(100 * record.confidence, digits: 0)) %"
    func interval(_ estimate: StudyRecord.Estimate, _ text: (Double) -> String) -> String {
      estimate.range.map { "\(share) interval \(text($0.lowerBound)) to \(text($0.upperBound))" } ?? "no interval"
    }
    var settings = [
      ("ALMR", shareText(choice.almr.value), interval(choice.almr, shareText)),
      (
        record.transfer == nil ? "learning rate" : "learning rate, small model", rateText(choice.learningRate.value),
        interval(choice.learningRate, rateText)
      ),
    ]
    if let transfer = record.transfer {
      settings.append(
        (
          "learning rate, large model", rateText(transfer.chosen.learningRate),
          transfer.band.map { "the rules span \(rateText($0.lowerBound)) to \(rateText($0.upperBound))" } ?? "no band"
        ))
      if abs(transfer.chosen.almr - transfer.from.almr) > 1e-9 {
        settings.insert(("ALMR, large model", shareText(transfer.chosen.almr), "grown with the model's size"), at: 1)
      }
    }
    return settings
  }

  private var numbers: HTML {
    let items = settings.map { setting -> HTML in
      "<p class=\"big\">\(setting.title)<b>\(setting.value)</b>\(setting.small)</p>\n"
    }
    return "<div class=\"choice-row\">\n\(items)</div>\n"
  }

  /// `Expected: the loss on zh falls from 4.10 to 3.21 (−21.7 %); on wiki, the worst of 2 retained sets, it rises …`
  private var sentence: RichText {
    let losses = record.recommendation.losses
    guard !losses.isEmpty else { return "The answer names no validation set: nothing can be said of losses." }
    let retained = losses.filter { !$0.isNew && $0.change != nil }
    let worst = retained.max { ($0.change?.value ?? 0) < ($1.change?.value ?? 0) }
    var clauses = losses.filter(\.isNew).map { clause("the loss on \($0.set)", $0) }
    if let worst {
      let others = retained.count > 1 ? ", the worst of \(retained.count) retained sets, it" : " (retained) it"
      clauses.append(clause("on \(worst.set)\(others)", worst))
    }
    var text: RichText = "Expected there: "
    for (index, clause) in clauses.enumerated() { text = text + (index == 0 ? clause : "; \(clause)") }
    return text + ". " + constraint
  }

  private func clause(_ subject: String, _ loss: StudyRecord.ExpectedLoss) -> RichText {
    guard let before = loss.before, let change = loss.change else {
      return "\(subject) ends at \(strong: fixed(loss.after.value, digits: 3))"
    }
    let verb = change.value < 0 ? "falls" : change.value > 0 ? "rises" : "stays"
    return """
      \(subject) \(verb) from \(strong: fixed(before, digits: 3)) to \(strong: fixed(loss.after.value, digits: 3)) \
      (\(changeText(change.value), isBetter: change.value <= 0))
      """
  }

  private var constraint: RichText {
    guard let limit = record.maximumRise else { return "No limit was set on what may be forgotten." }
    let words = "a retained loss may rise by \(fixed(100 * limit, digits: 1)) %"
    if let feasibility = record.feasibility, !feasibility.isFeasible {
      return "\(strong: "No setting keeps the limit") (\(words)): \(feasibility.sentence)"
    }
    if let binding = record.recommendation.bindingSet {
      return "The limit (\(words)) binds on \(strong: binding): a larger share of new text would break it there."
    }
    return "The limit (\(words)) does not bind: the best setting lies within it."
  }

  private var losses: RichTable {
    var table = RichTable(
      [
        .init("validation set", .name), .init("role", .word), .init("before"), .init("after"), .init("interval"),
        .init("change"), .init("limit"), .init("", .word),
      ],
      caption: """
        Nats a token; expected by \(record.predictor.law.isEmpty ? "the best law" : record.predictor.law) \
        at the recommended setting of the model the cells were run on.
        """, becomesCards: true)
    for loss in record.recommendation.losses {
      let role = loss.isNew ? "new" : loss.isIndependent ? "retained, independent" : "retained, of the replay's kind"
      let change: RichText = loss.change.map { "\(changeText($0.value), isBetter: $0.value <= 0)" } ?? "–"
      let note =
        loss.isBinding
        ? "binds"
        : loss.limit.map { loss.after.value > $0 ? "beyond its limit" : "within its limit" }
          ?? (loss.isNew ? "" : "no limit")
      table.add([
        "\(loss.set)", "\(role)", "\(loss.before.map { fixed($0, digits: 4) } ?? "not known")",
        "\(fixed(loss.after.value, digits: 4))",
        "\(loss.after.range.map { "\(fixed($0.lowerBound, digits: 3)) to \(fixed($0.upperBound, digits: 3))" } ?? "–")",
        change, "\(loss.limit.map { fixed($0, digits: 4) } ?? "–")", "\(note)",
      ])
    }
    return table
  }

  // MARK: The large model

  var verdictWord: String {
    switch record.verification?.verdict {
    case "yes": "yes"
    case "no": "no"
    default: "not tested"
    }
  }

  var verdictSentence: RichText {
    guard let verification = record.verification else {
      return record.transfer == nil
        ? "The setting is that of the model the cells were run on; it was not carried to a larger one."
        : "The setting was carried by rule; no cell was run on the larger model. `admix study verify` reads its cells."
    }
    let regret =
      verification.regret.map {
        "The carried setting costs \(fixed(100 * $0, digits: 2)) % of new loss over the best confirmation cell. "
      } ?? ""
    return "\(regret)\(verification.sentences.joined(separator: " "))"
  }

  private var verdict: HTML {
    let tone: HTML = verdictWord == "yes" ? "better" : verdictWord == "no" ? "worse" : "note"
    return """
      <p>Did the larger model confirm? <span class="verdict \(tone)">\(verdictWord)</span> \
      \(verdictSentence.html)</p>

      """
  }

  // MARK: Cost

  /// Where the weighted sum is lowest: what the limit changes.
  private var unlimited: [(title: String, content: RichText, small: RichText)] {
    guard record.maximumRise != nil, let weighted = record.weighted else { return [] }
    return [
      (
        "Without the limit",
        "ALMR \(shareText(weighted.almr.value)), \(rateText(weighted.learningRate.value))",
        "lowest weighted sum of new and retained losses"
      )
    ]
  }

  private var facts: [(title: String, content: RichText, small: RichText)] {
    let cost = StudyCost(record)
    let counts = record.counts
    var left: [String] = []
    if counts.earlyStopped > 0 { left.append("\(counts.earlyStopped) stopped early") }
    if counts.diverged > 0 { left.append("\(counts.diverged) diverged") }
    if counts.failed > 0 { left.append("\(counts.failed) failed") }
    if counts.repeats > 1 { left.append("up to \(counts.repeats) seeds a cell") }
    return [
      ("Training tokens", "\(cost.tokensText)", "\(cost.tokensPlannedText)"),
      ("Host-hours", "\(cost.hoursText)", cost.hoursPlannedText),
      ("Cells", "\(counts.completed) completed", "\(left.joined(separator: ", "))"),
      (
        "Predicted by", "\(record.predictor.law.isEmpty ? "–" : record.predictor.law)",
        "\(record.predictor.why)"
      ),
    ] + unlimited
  }
}

/// Tokens and time of all stages, planned and actual.
struct StudyCost {
  let tokens: Double?
  let tokensPlanned: UInt64?
  let hostHours: Double?
  let planned: (hours: Double, unpriced: [String])?

  init(_ record: StudyRecord) {
    let staged = record.stages.compactMap(\.tokens)
    // A study of a table alone: the cells say what they were trained on.
    let celled = record.cells?.cells.compactMap(\.tokens) ?? []
    tokens = staged.isEmpty ? (celled.isEmpty ? nil : celled.reduce(0, +)) : Double(staged.reduce(0, +))
    let asked = record.stages.compactMap(\.tokensPlanned)
    tokensPlanned = asked.isEmpty ? nil : asked.reduce(0, +)
    let hours = record.stages.compactMap(\.hostHours)
    hostHours = hours.isEmpty ? nil : hours.reduce(0, +)
    self.planned = record.planned
  }

  var tokensText: String { tokens.map { "\(grouped(UInt64(max(0, min($0, 1e18))))) actual" } ?? "not recorded" }
  var tokensPlannedText: String { tokensPlanned.map { "\(grouped($0)) planned" } ?? "planned: not recorded" }
  var hoursText: String { hostHours.map { "\(Self.hours($0)) actual" } ?? "not recorded" }
  var hoursPlannedText: RichText {
    guard let planned else { return "planned: not recorded; \(code: "admix plan") prices the job file" }
    let without = planned.unpriced.isEmpty ? "" : ", without \(planned.unpriced.joined(separator: ", "))"
    return "\(Self.hours(planned.hours)) planned\(without)"
  }

  static func hours(_ hours: Double) -> String {
    hours >= 10 ? fixed(hours, digits: 0) : hours >= 0.1 ? fixed(hours, digits: 2) : fixed(hours, digits: 4)
  }
}
