/// What people should be told beside the numbers.
struct StudyWords {
  let openingWarning: String?
  let warnings: [String]
  let distrust: [String]
  let questions: [QuestionAnswer]

  init(_ found: StudyFindings, _ ranking: LawRanking, pilots: [PilotDrift]?) {
    let study = found.study
    let options = study.options
    let counts = study.counts
    let choice = found.recommendation
    let hasIndependent = options.retainedSets.contains(where: \.isIndependent)
    openingWarning =
      options.maximumRetainedRise != nil && !hasIndependent
      ? "No retained set is independent of the replay text (\(options.retainedSets.map(\.name).joined(separator: ", "))): "
        + "what is replayed is not forgotten, so the limit below says little about what the model was good at. Measure "
        + "on text that is not replayed." : nil
    var warnings: [String] = []
    if !choice.edges.isEmpty {
      warnings.append(
        "the choice lies on the grid's edge (\(choice.edges.joined(separator: ", "))): the optimum may lie beyond; run "
          + "cells there")
    }
    let atEdge = found.ridge.points.filter(\.isAtEdge).count
    if atEdge > 0, counts.learningRates.count > 1 {
      warnings.append(
        "at \(atEdge) of \(found.ridge.points.count) ratios the best learning rate lies on the grid's edge")
    }
    for drift in pilots ?? [] {
      guard let factor = drift.learningRateFactor, let ratio = drift.ratioDrift else { continue }
      if drift.share >= 0.5, abs(PortableMath.log(factor)) > 0.4 || abs(ratio) > 0.1 {
        warnings.append("pilots drift: \(drift.sentence); a longer run may move on")
      }
    }
    if pilots == nil {
      warnings.append("without curves nothing is known of how the choice drifts with the pilots' length")
    }
    for report in ranking.reports
    where report.law == found.predictor.law && !report.unidentified.isEmpty {
      warnings.append("\(report.law) of \(report.set): \(report.unidentified)")
    }
    self.warnings = warnings

    var distrust: [String] = []
    if openingWarning != nil { distrust.append("no retained set is independent of the replay text") }
    if !choice.edges.isEmpty { distrust.append("the optimum lies on an edge of the grid") }
    if counts.repeats < 2 { distrust.append("no setting was repeated: the noise is known from residuals only") }
    if counts.learningRates.count < 3 {
      distrust.append(
        "\(counts.learningRates.count) learning rates show no basin: the choice of the learning rate is a slope's end")
    }
    if let feasibility = found.feasibility, feasibility.probability < 0.9 {
      distrust.append(
        "in \(percentage(1 - feasibility.probability, digits: 0)) of the replicates nothing keeps the limit")
    }
    if choice.learningRate.interval.upper / choice.learningRate.interval.lower > 3 {
      distrust.append("the interval of the learning rate is wider than a factor of 3")
    }
    if choice.ratio.interval.upper - choice.ratio.interval.lower > 0.3 {
      distrust.append("the interval of the ratio is wider than 0.3")
    }
    for drift in pilots ?? [] where drift.share == 0.5 {
      if let factor = drift.learningRateFactor, abs(PortableMath.log(factor)) > 0.4 {
        distrust.append("half as long pilots would have chosen another learning rate (× \(decimal(factor, 2)))")
      }
    }
    if pilots == nil { distrust.append("the pilots' drift is not known") }
    self.distrust = distrust
    questions = Self.answers(found)
  }

  /// The four questions, in the order of how often they are asked.
  private static func answers(_ found: StudyFindings) -> [QuestionAnswer] {
    let study = found.study
    let choice = found.recommendation
    let level = percentage(study.options.confidence, digits: 0)
    let ratio =
      "\(decimal(choice.ratio.value, 3)) (\(level): \(decimal(choice.ratio.interval.lower, 3)) to "
      + "\(decimal(choice.ratio.interval.upper, 3)))"
    let rate =
      "\(significant(choice.learningRate.value)) (\(level): \(significant(choice.learningRate.interval.lower)) "
      + "to \(significant(choice.learningRate.interval.upper)))"
    var holds = "One learning rate was run, so this table cannot tell."
    if study.counts.learningRates.count > 1 {
      let center = PortableMath.log(choice.learningRate.value)
      let parts = [-1.0, 1].map { sign -> (rate: Double, ratio: Double, isFeasible: Bool) in
        let moved = min(
          study.frame.logRates.upperBound, max(study.frame.logRates.lowerBound, center + sign * PortableMath.log(2)))
        let best = found.search.find(found.goal, found.losses, logRates: moved...moved)
        return (PortableMath.exp(moved), best.ratio, best.isFeasible)
      }
      let sentences = parts.map {
        "at \(significant($0.rate)) the best ratio is \(decimal($0.ratio, 3))\($0.isFeasible ? "" : " and misses the limit")"
      }
      let moves = parts.contains { !choice.ratio.interval.contains($0.ratio) || !$0.isFeasible }
      holds = (moves ? "No: " : "Yes, within the error: ") + sentences.joined(separator: ", ") + "."
    }
    holds += " The batch was not varied; nothing here says how the ratio moves with it."
    var scratch = "This answer is for the checkpoint that the cells started from, and was measured on it."
    let cells = study.table.cells
    if let size = cells.compactMap(\.parameters).first, let tokens = cells.compactMap(\.tokens).max(), tokens > 0 {
      let law = StepLaw.learningRate(parameters: size, tokens: tokens)
      scratch +=
        " Laws of training from scratch do not carry over: the step law (2503.04715) would say "
        + "\(significant(law)) for this size and length, × \(significant(law / choice.learningRate.value, 2)) of what "
        + "was found."
    } else {
      scratch += " Laws of training from scratch do not carry over to it."
    }
    let bound =
      choice.bindingSet.map {
        " \($0) holds it there: more new text would raise it beyond \(percentage(study.options.maximumRetainedRise ?? 0))."
      } ?? " No retained set holds it there."
    return [
      QuestionAnswer(question: "Do the weights hold at another learning rate or batch?", answer: holds),
      QuestionAnswer(question: "What when the target is a checkpoint rather than scratch?", answer: scratch),
      QuestionAnswer(
        question: "Which learning rate for a new language?",
        answer: "\(rate) at the chosen ratio. \(found.ridge.sentence)."),
      QuestionAnswer(question: "Which ratio of new to old language?", answer: "\(ratio) new.\(bound)"),
    ]
  }
}
