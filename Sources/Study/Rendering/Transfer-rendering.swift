// Transfer, verification and plan for programs and for people.

extension Transfer {
  public var json: String {
    AnswerJSON.object([
      ("schema", .integer(StudyAnswer.schema)), ("kind", .text("transfer")), ("almr", .number(chosen.ratio)),
      ("learning_rate", .number(chosen.learningRate)), ("learning_rate_low", .number(learningRateBand.lower)),
      ("learning_rate_high", .number(learningRateBand.upper)), ("factor", .number(factor)), ("why", .text(why)),
      ("from", .object(from.jsonMembers)), ("small", small.jsonNode), ("large", large.jsonNode),
      (
        "rules",
        .list(
          rules.map {
            .object([
              ("name", .text($0.name)), ("formula", .text($0.formula)), ("factor", .number($0.factor)),
              ("learning_rate", .number($0.learningRate)),
            ])
          })
      ), ("confirmation", .list(confirmation.map { .object($0.jsonMembers) })),
      ("max_retained_rise", .optional(maximumRetainedRise)), ("by_bytes", .boolean(byBytes)),
      ("warnings", .texts(warnings)),
    ]).document
  }

  public var markdown: String {
    var lines = [
      "# Transfer from \(small.name) to \(large.name)", "",
      "**ALMR \(decimal(chosen.ratio, 3)) at learning rate \(significant(chosen.learningRate))**, within a band of "
        + "\(significant(learningRateBand.lower)) to \(significant(learningRateBand.upper)): \(why).", "",
      "| rule | formula | factor | learning rate |", "|---|---|---|---|",
    ]
    lines += rules.map {
      "| \($0.name) | \($0.formula) | \(decimal($0.factor, 2)) | \(significant($0.learningRate)) |"
    }
    lines += ["", "Run to confirm, on the large model:", ""]
    lines += confirmation.enumerated().map { place, setting in
      "- almr \(decimal(setting.ratio, 3)) at \(significant(setting.learningRate))\(place == 0 ? ", the carried one" : "")"
    }
    if !warnings.isEmpty { lines += [""] + warnings.map { "- warning: \($0)" } }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension ModelShape {
  fileprivate var jsonNode: AnswerJSON {
    .object([
      ("name", .text(name)), ("parameters", .number(parameters)), ("width", .integer(width)),
      ("layers", .integer(layers)), ("vocabulary_size", .integer(vocabularySize)),
    ])
  }
}

extension Verification {
  public var json: String {
    AnswerJSON.object([
      ("schema", .integer(StudyAnswer.schema)), ("kind", .text("verification")), ("verdict", .text(verdict.rawValue)),
      ("regret", .optional(regret)), ("noise", .number(noise)), ("sentences", .texts(sentences)),
      (
        "cells",
        .list(
          cells.map { cell in
            .object(
              cell.setting.jsonMembers + [
                ("is_carried", .boolean(cell.isCarried)), ("new_loss", .optional(cell.newLoss)),
                ("worst_retained_rise", .optional(cell.worstRetainedRise)), ("worst_set", .optional(cell.worstSet)),
                ("keeps_constraint", cell.keepsConstraint.map(AnswerJSON.boolean) ?? .null),
              ])
          })
      ), ("notes", .texts(notes)),
    ]).document
  }

  public var markdown: String {
    var lines = ["# Verification", ""] + sentences
    lines += [
      "", "| ALMR | learning rate | new loss | worst retained | keeps the limit | |", "|---|---|---|---|---|---|",
    ]
    lines += cells.map { cell in
      let worst = cell.worstRetainedRise.map {
        "\(cell.worstSet ?? "") \(percentage($0, digits: 2, signed: true))"
      }
      let keeps = cell.keepsConstraint.map { $0 ? "yes" : "no" } ?? "not known"
      return "| \(decimal(cell.setting.ratio, 3)) | \(significant(cell.setting.learningRate)) | "
        + "\(cell.newLoss.map { decimal($0, 4) } ?? "diverged") | \(worst ?? "not known") | \(keeps) | "
        + "\(cell.isCarried ? "carried" : "") |"
    }
    if !notes.isEmpty { lines += [""] + notes.map { "- \($0)" } }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension StudyPlan {
  public var json: String {
    AnswerJSON.object([
      ("schema", .integer(StudyAnswer.schema)), ("kind", .text("plan")), ("almr", .numbers(ratios)),
      ("learning_rate", .numbers(learningRates)), ("repeated", .list(repeated.map { .object($0.jsonMembers) })),
      ("cells", .integer(cellCount)), ("tokens", .number(tokens)), ("laws", .texts(laws)),
      ("sentences", .texts(sentences)),
    ]).document
  }

  public var markdown: String {
    var lines = [
      "# Plan of a study", "", "\(cellCount) cells, \(significant(tokens)) tokens.", "",
      "- almr: \(ratios.map(\.description).joined(separator: ", "))",
      "- learning_rate: \(learningRates.map { significant($0, 2) }.joined(separator: ", "))",
    ]
    lines += repeated.map { "- again with another seed: almr \($0.ratio) at \(significant($0.learningRate, 2))" }
    lines += [""] + sentences.map { "- \($0)" }
    return lines.joined(separator: "\n") + "\n"
  }
}
