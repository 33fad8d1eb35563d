// The answer for programs. `almr` and `learning_rate` on top are what a later stage takes.

extension StudyAnswer {
  public var json: String {
    AnswerJSON.object([
      ("schema", .integer(Self.schema)), ("kind", .text("study")),
      ("almr", .number(recommendation.ratio.value)),
      ("learning_rate", .number(recommendation.learningRate.value)),
      ("is_feasible", feasibility.map { .boolean($0.isFeasible) } ?? .null),
      ("opening_warning", .optional(openingWarning)), ("options", options.jsonNode), ("cells", cells.jsonNode),
      (
        "predictor",
        .object([
          ("law", .text(predictor.law)), ("why", .text(predictor.why)),
          ("is_users_choice", .boolean(predictor.isUsersChoice)),
        ])
      ),
      ("recommendation", recommendation.jsonNode), ("weighted", weighted.jsonNode),
      ("feasibility", feasibility?.jsonNode ?? .null), ("ridge", ridge.jsonNode),
      ("pareto_front", .list(paretoFront.map(\.jsonNode))), ("laws", .list(laws.map(\.jsonNode))),
      ("critical_mixture", criticalMixture?.jsonNode ?? .null),
      ("residuals", .list(residuals.map(\.jsonNode))), ("pilots", .list(pilots.map(\.jsonNode))),
      ("next_cells", .list(nextCells.map(\.jsonNode))), ("surfaces", .list(surfaces.map(\.jsonNode))),
      ("regret", regret.jsonNode), ("warnings", .texts(warnings)), ("distrust", .texts(distrust)),
      (
        "questions",
        .list(questions.map { .object([("question", .text($0.question)), ("answer", .text($0.answer))]) })
      ),
      ("notes", .texts(notes)),
    ]).document
  }
}

extension StudyOptions {
  fileprivate var jsonNode: AnswerJSON {
    .object([
      (
        "new_sets",
        .list(newSets.map { .object([("name", .text($0.name)), ("weight", .number($0.weight))]) })
      ),
      (
        "retained_sets",
        .list(
          retainedSets.map { .object([("name", .text($0.name)), ("is_independent", .boolean($0.isIndependent))]) })
      ),
      ("max_retained_rise", .optional(maximumRetainedRise)), ("new_loss_weight", .number(newLossWeight)),
      ("confidence", .number(confidence)), ("bootstrap", .integer(bootstrapCount)), ("seed", .text("\(seed)")),
      ("budget_tokens", .optional(budgetTokens)),
    ])
  }
}

extension CellCounts {
  fileprivate var jsonNode: AnswerJSON {
    .object([
      ("table", .text(table)), ("completed", .integer(completed)), ("early_stopped", .integer(earlyStopped)),
      ("diverged", .integer(diverged)), ("failed", .integer(failed)), ("repeats", .integer(repeats)),
      ("ratios", .numbers(ratios)), ("learning_rates", .numbers(learningRates)),
    ])
  }
}

extension Setting {
  var jsonMembers: [(String, AnswerJSON)] { [("almr", .number(ratio)), ("learning_rate", .number(learningRate))] }
}

extension Choice {
  fileprivate var jsonNode: AnswerJSON {
    .object([
      ("almr", .estimate(ratio)), ("learning_rate", .estimate(learningRate)), ("objective", .estimate(objective)),
      ("binding_set", .optional(bindingSet)), ("edges", .texts(edges)),
      (
        "losses",
        .list(
          losses.map { loss in
            .object([
              ("set", .text(loss.set)), ("role", .text(loss.role.rawValue)),
              ("is_independent", .boolean(loss.isIndependent)), ("before", .optional(loss.before)),
              ("after", .estimate(loss.after)), ("change", .estimate(loss.change)), ("limit", .optional(loss.limit)),
              ("is_binding", .boolean(loss.isBinding)),
            ])
          })
      ),
    ])
  }
}

extension Feasibility {
  fileprivate var jsonNode: AnswerJSON {
    .object([
      ("is_feasible", .boolean(isFeasible)), ("probability", .number(probability)),
      ("shortfall", .optional(shortfall)), ("nearest_rise", .optional(nearestRise)), ("sentence", .text(sentence)),
    ])
  }
}

extension Ridge {
  fileprivate var jsonNode: AnswerJSON {
    .object([
      (
        "points",
        .list(
          points.map {
            .object([
              ("almr", .number($0.ratio)), ("learning_rate", .estimate($0.learningRate)),
              ("is_at_edge", .boolean($0.isAtEdge)),
            ])
          })
      ), ("intercept", .estimate(intercept)), ("slope", .estimate(slope)), ("form_error", .optional(formError)),
      ("sentence", .text(sentence)),
    ])
  }
}

extension ParetoPoint {
  fileprivate var jsonNode: AnswerJSON {
    .object(
      setting.jsonMembers + [
        ("new_loss", .number(newLoss)), ("worst_retained_rise", .number(worstRetainedRise)),
        ("worst_set", .text(worstSet)),
      ])
  }
}

extension LawReport {
  var jsonNode: AnswerJSON {
    guard refusal == nil else {
      return .object([("law", .text(law)), ("set", .text(set)), ("refusal", .optional(refusal))])
    }
    return .object([
      ("law", .text(law)), ("set", .text(set)), ("source", .text(source)), ("formula", .text(formula)),
      ("leave_one_out_error", .number(leaveOneOutError)), ("residual_error", .number(residualError)),
      ("cells", .integer(cellCount)), ("parameter_count", .integer(parameterCount)), ("rank", .integer(rank)),
      ("condition_number", .number(conditionNumber)), ("converged", .boolean(converged)),
      ("choice", choice.map { .object($0.jsonMembers) } ?? .null), ("unidentified", .text(unidentified)),
      (
        "parameters",
        .list(
          parameters.map {
            .object([
              ("name", .text($0.name)), ("estimate", .estimate($0.estimate)),
              ("is_identified", .boolean($0.isIdentified)),
            ])
          })
      ),
    ])
  }
}

extension CriticalMixture {
  fileprivate var jsonNode: AnswerJSON {
    .object([
      ("learning_rate", .number(learningRate)), ("length_in", .text(countsTokens ? "tokens" : "steps")),
      ("almr", .estimate(ratio)),
      (
        "points",
        .list(
          points.map {
            .object([
              ("length", .number($0.length)), ("almr", .optional($0.ratio)), ("is_open", .boolean($0.isOpen)),
            ])
          })
      ),
      (
        "growth",
        growth.map {
          .object([("alpha", .number($0.alpha)), ("exponent", .number($0.exponent)), ("beta", .number($0.beta))])
        } ?? .null
      ), ("sentence", .text(sentence)),
    ])
  }
}

extension CellResidual {
  fileprivate var jsonNode: AnswerJSON {
    .object(
      [("line", .integer(line))] + setting.jsonMembers + [
        ("seed", .text("\(seed)")), ("set", .text(set)), ("observed", .number(observed)),
        ("predicted", .number(predicted)), ("weight", .number(weight)), ("treatment", .text(treatment.rawValue)),
      ])
  }
}

extension PilotDrift {
  fileprivate var jsonNode: AnswerJSON {
    .object([
      ("share", .number(share)), ("choice", setting.map { .object($0.jsonMembers) } ?? .null),
      ("ratio_drift", .optional(ratioDrift)), ("learning_rate_factor", .optional(learningRateFactor)),
      ("sentence", .text(sentence)),
    ])
  }
}

extension NextCell {
  fileprivate var jsonNode: AnswerJSON {
    .object(
      setting.jsonMembers + [
        ("tokens", .optional(tokens)), ("uncertainty", .number(uncertainty)), ("why", .text(why)),
      ])
  }
}

extension SurfaceGrid {
  fileprivate var jsonNode: AnswerJSON {
    .object([
      ("name", .text(name)), ("almr", .numbers(ratios)), ("learning_rates", .numbers(learningRates)),
      ("values", .list(values.map(AnswerJSON.numbers))),
      ("is_feasible", .list(isFeasible.map { .list($0.map(AnswerJSON.boolean)) })),
    ])
  }
}
