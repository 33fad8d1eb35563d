// The answer for people: the choice first, then what stands behind it, then why one might not believe it.

extension StudyAnswer {
  public var markdown: String {
    var lines: [String] = ["# Study of \(cells.table)", ""]
    if let openingWarning { lines += ["> **\(openingWarning)**", ""] }
    let level = percentage(options.confidence, digits: 0)
    lines += [
      "**ALMR \(decimal(recommendation.ratio.value, 3))** (\(level): "
        + "\(decimal(recommendation.ratio.interval.lower, 3)) to \(decimal(recommendation.ratio.interval.upper, 3))) "
        + "**at learning rate \(significant(recommendation.learningRate.value))** (\(level): "
        + "\(significant(recommendation.learningRate.interval.lower)) to "
        + "\(significant(recommendation.learningRate.interval.upper)))", "",
    ]
    if let feasibility { lines += [Self.capitalized(feasibility.sentence) + ".", ""] }
    lines += Self.lossTable(recommendation)
    if let set = recommendation.bindingSet {
      lines += ["", "\(set) binds: it is what holds the ratio and rate there."]
    }
    lines += [
      "",
      "By weighted loss (new × \(decimal(options.newLossWeight, 2))), without the limit: ALMR "
        + "\(decimal(weighted.ratio.value, 3)) at \(significant(weighted.learningRate.value)).",
    ]
    lines += Self.section("Do not trust this if", distrust)
    lines += Self.section("Warnings", warnings)
    lines += ["", "## Questions", ""]
    for item in questions { lines += ["**\(item.question)** \(item.answer)", ""] }
    lines += ["## Ridge", "", Self.capitalized(ridge.sentence) + ".", ""]
    lines += ["| ALMR | best learning rate | \(level) | |", "|---|---|---|---|"]
    for point in ridge.points {
      lines.append(
        "| \(decimal(point.ratio, 3)) | \(significant(point.learningRate.value)) | "
          + "\(significant(point.learningRate.interval.lower)) to \(significant(point.learningRate.interval.upper)) | "
          + "\(point.isAtEdge ? "edge of the grid" : "") |")
    }
    lines += ["", "## Laws", "", "Predicted by: \(predictor.law) (\(predictor.why)).", ""] + LawReport.table(laws)
    if let criticalMixture {
      lines += ["", "## Critical mixture ratio", "", Self.capitalized(criticalMixture.sentence) + "."]
    }
    if !nextCells.isEmpty {
      lines += ["", "## Cells to run next", "", "| ALMR | learning rate | why |", "|---|---|---|"]
      lines += nextCells.map {
        "| \(decimal($0.setting.ratio, 3)) | \(significant($0.setting.learningRate)) | \($0.why) |"
      }
    }
    lines += Self.section("Shorter pilots", pilots.map(\.sentence))
    lines += Self.section(
      "Notes",
      [
        "\(cells.completed) cells completed, \(cells.earlyStopped) stopped early, \(cells.diverged) diverged, "
          + "\(cells.failed) failed; \(cells.ratios.count) ratios × \(cells.learningRates.count) learning rates, at "
          + "most \(cells.repeats) repeats"
      ] + notes)
    return lines.joined(separator: "\n") + "\n"
  }

  private static func lossTable(_ choice: Choice) -> [String] {
    var lines = ["| set | role | before | after | change | limit |", "|---|---|---|---|---|---|"]
    for loss in choice.losses {
      let role = loss.role.rawValue + (loss.role == .retained && !loss.isIndependent ? ", not independent" : "")
      let change = loss.change.map {
        "\(percentage($0.value, digits: 2, signed: true)) (\(percentage($0.interval.lower, digits: 2, signed: true)) "
          + "to \(percentage($0.interval.upper, digits: 2, signed: true)))"
      }
      let limit = loss.limit.map { decimal($0, 4) + (loss.isBinding ? ", binds" : "") }
      lines.append(
        "| \(loss.set) | \(role) | \(loss.before.map { decimal($0, 4) } ?? "not known") | "
          + "\(decimal(loss.after.value, 4)) | \(change ?? "") | \(limit ?? "") |")
    }
    return lines
  }

  private static func section(_ title: String, _ items: [String]) -> [String] {
    items.isEmpty ? [] : ["", "## \(title)", ""] + items.map { "- \($0)" }
  }

  private static func capitalized(_ sentence: String) -> String {
    sentence.prefix(1).uppercased() + sentence.dropFirst()
  }
}

extension LawReport {
  /// Laws by set and error on cells left out, what was not fitted, and what cannot be identified.
  static func table(_ laws: [LawReport]) -> [String] {
    var lines = [
      "| set | law | error left out | residual | cells | parameters | rank | its choice |",
      "|---|---|---|---|---|---|---|---|",
    ]
    for law in laws where law.refusal == nil {
      let choice = law.choice.map { "\(decimal($0.ratio, 3)) at \(significant($0.learningRate))" } ?? ""
      lines.append(
        "| \(law.set) | \(law.law) | \(significant(law.leaveOneOutError)) | \(significant(law.residualError)) | "
          + "\(law.cellCount) | \(law.parameterCount) | \(law.rank) | \(choice) |")
    }
    let refusals = laws.compactMap(\.refusal).map { "- not fitted: \($0)" }
    let open = laws.filter { !$0.unidentified.isEmpty }.map { "- \($0.law) of \($0.set): \($0.unidentified)" }
    return lines + (refusals.isEmpty && open.isEmpty ? [] : [""]) + refusals + open
  }
}

extension StudyFit {
  public var json: String {
    AnswerJSON.object([
      ("schema", .integer(StudyAnswer.schema)), ("kind", .text("fit")), ("laws", .list(laws.map(\.jsonNode))),
      ("notes", .texts(notes)),
    ]).document
  }

  public var markdown: String {
    var lines = ["# Laws", ""] + LawReport.table(laws)
    for law in laws where law.refusal == nil {
      lines += ["", "## \(law.law) of \(law.set)", "", "\(law.formula) (\(law.source))", ""]
      lines += ["| parameter | value | interval | |", "|---|---|---|---|"]
      lines += law.parameters.map {
        "| \($0.name) | \(significant($0.estimate.value, 4)) | \(significant($0.estimate.interval.lower, 4)) to "
          + "\(significant($0.estimate.interval.upper, 4)) | \($0.isIdentified ? "" : "not identified") |"
      }
    }
    if !notes.isEmpty { lines += [""] + notes.map { "- \($0)" } }
    return lines.joined(separator: "\n") + "\n"
  }
}
