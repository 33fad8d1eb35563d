internal import Results

// `answer.json` as a record. A file of another release, or one that was cut short, gives nil rather than half a report.

extension StudyRecord {
  /// Nil when `answer` is no study's answer.
  init?(answer: JSONNode, surfaces fromTables: [Surface] = []) {
    guard let choice = Choice(answer["recommendation"]) else { return nil }
    let options = answer["options"]
    recommendation = choice
    weighted = Choice(answer["weighted"])
    confidence = options?["confidence"]?.double ?? 0.9
    maximumRise = options?["max_retained_rise"]?.double
    newSets = Self.newSets(options, choice)
    retainedSets = choice.losses.filter { !$0.isNew }.map { ($0.set, $0.isIndependent) }
    openingWarning = answer["opening_warning"]?.string
    predictor = (answer["predictor"]?["law"]?.string ?? "", answer["predictor"]?["why"]?.string ?? "")
    let cells = answer["cells"]
    table = cells?["table"]?.string ?? "cells.csv"
    name = table
    func count(_ key: String) -> Int { cells?[key]?.whole ?? 0 }
    counts = (count("completed"), count("early_stopped"), count("diverged"), count("failed"), count("repeats"))
    feasibility = answer["feasibility"].flatMap(Feasibility.init)
    ridge = (answer["ridge"]?["points"]?.elements ?? []).compactMap(RidgePoint.init)
    ridgeSentence = (answer["ridge"]?["sentence"]?.string ?? "").asSentence
    front = (answer["pareto_front"]?.elements ?? []).compactMap(ParetoPoint.init)
    let drawn = (answer["surfaces"]?.elements ?? []).compactMap(Surface.init)
    surfaces = drawn.isEmpty ? fromTables : drawn
    regret = answer["regret"].flatMap(Surface.init)?.grid
    laws = (answer["laws"]?.elements ?? []).compactMap(Law.init)
    criticalSentence = answer["critical_mixture"]?["sentence"]?.string?.asSentence
    residuals = (answer["residuals"]?.elements ?? []).compactMap(Residual.init)
    pilots = (answer["pilots"]?.elements ?? []).compactMap(Pilot.init)
    nextCells = (answer["next_cells"]?.elements ?? []).compactMap(NextCell.init)
    warnings = answer.sentences("warnings")
    distrust = answer.sentences("distrust")
    notes = answer.sentences("notes")
    questions = (answer["questions"]?.elements ?? []).compactMap { node in
      guard let question = node["question"]?.string, let answer = node["answer"]?.string else { return nil }
      return (question, answer.asSentence)
    }
  }

  private static func newSets(_ options: JSONNode?, _ choice: Choice) -> [(name: String, weight: Double)] {
    let written = (options?["new_sets"]?.elements ?? []).compactMap { node -> (name: String, weight: Double)? in
      guard let name = node["name"]?.string ?? node.string else { return nil }
      return (name, node["weight"]?.double ?? 1)
    }
    return written.isEmpty ? choice.losses.filter(\.isNew).map { ($0.set, 1) } : written
  }
}

extension String {
  /// With a capital at its beginning and a full stop at its end; a name in front (`cells.csv line 3`, `ln η`) stays.
  var asSentence: String {
    guard let first, !isEmpty else { return self }
    let word = prefix { !$0.isWhitespace }
    let isName = word == "ln" || word.contains { "._/0123456789".contains($0) }
    let begun = isName ? self : first.uppercased() + dropFirst()
    return last.map { ".!?…:".contains($0) } == true ? begun : begun + "."
  }
}

extension JSONNode {
  var whole: Int? { double.flatMap { Int(exactly: $0.rounded()) } }

  func sentences(_ key: String) -> [String] { (self[key]?.elements ?? []).compactMap { $0.string?.asSentence } }

  /// `{"value": 1, "low": 0.5, "high": 2}`, or the number alone.
  var estimate: StudyRecord.Estimate? {
    if let value = double { return StudyRecord.Estimate(value: value, range: nil) }
    guard let value = self["value"]?.double else { return nil }
    return StudyRecord.Estimate(value: value, range: range)
  }

  /// `low` and `high`; nil where they are none or the wrong way round.
  var range: ClosedRange<Double>? {
    guard let lower = self["low"]?.double, let upper = self["high"]?.double, lower <= upper else { return nil }
    return lower...upper
  }

  var setting: StudyRecord.Setting? {
    guard let almr = self["almr"]?.double, let rate = self["learning_rate"]?.double, rate > 0 else { return nil }
    return StudyRecord.Setting(almr: almr, learningRate: rate)
  }

  var numbers: [Double] { elements.map { $0.double ?? .nan } }
}

extension StudyRecord.Choice {
  init?(_ node: JSONNode?) {
    guard let node, let almr = node["almr"]?.estimate, let rate = node["learning_rate"]?.estimate, rate.value > 0
    else { return nil }
    self.init(
      almr: almr, learningRate: rate,
      losses: (node["losses"]?.elements ?? []).compactMap(StudyRecord.ExpectedLoss.init),
      bindingSet: node["binding_set"]?.string, edges: (node["edges"]?.elements ?? []).compactMap(\.string))
  }
}

extension StudyRecord.ExpectedLoss {
  init?(_ node: JSONNode) {
    guard let set = node["set"]?.string, let after = node["after"]?.estimate else { return nil }
    self.init(
      set: set, isNew: node["role"]?.string != "retained", isIndependent: node["is_independent"]?.boolean ?? false,
      before: node["before"]?.double, after: after, change: node["change"]?.estimate,
      limit: node["limit"]?.double, isBinding: node["is_binding"]?.boolean ?? false)
  }
}

extension StudyRecord.Feasibility {
  init?(_ node: JSONNode) {
    guard let isFeasible = node["is_feasible"]?.boolean else { return nil }
    self.init(
      isFeasible: isFeasible, probability: node["probability"]?.double,
      sentence: (node["sentence"]?.string ?? "").asSentence)
  }
}

extension StudyRecord.RidgePoint {
  init?(_ node: JSONNode) {
    guard let almr = node["almr"]?.double, let rate = node["learning_rate"]?.estimate, rate.value > 0 else {
      return nil
    }
    self.init(almr: almr, learningRate: rate, isAtEdge: node["is_at_edge"]?.boolean ?? false)
  }
}

extension StudyRecord.ParetoPoint {
  init?(_ node: JSONNode) {
    guard let setting = (node["setting"] ?? node).setting, let loss = node["new_loss"]?.double,
      let rise = node["worst_retained_rise"]?.double
    else { return nil }
    self.init(setting: setting, newLoss: loss, worstRise: rise, worstSet: node["worst_set"]?.string ?? "")
  }
}

extension StudyRecord.Surface {
  /// Values come by ratio, then by rate; a drawing wants a row a rate.
  init?(_ node: JSONNode) {
    let almrs = node["almr"]?.numbers ?? []
    let rates = node["learning_rates"]?.numbers ?? []
    let columns = (node["values"]?.elements ?? []).map(\.numbers)
    guard columns.count == almrs.count, columns.allSatisfy({ $0.count == rates.count }),
      let grid = FittedSurface(
        almrs: almrs, learningRates: rates, values: rates.indices.map { row in columns.map { $0[row] } })
    else { return nil }
    self.init(set: node["name"]?.string ?? "", grid: grid)
  }
}

extension StudyRecord.Law {
  init?(_ node: JSONNode) {
    guard let name = node["law"]?.string, let set = node["set"]?.string else { return nil }
    self.init(
      name: name, source: node["source"]?.string ?? "", formula: node["formula"]?.string ?? "", set: set,
      parameters: (node["parameters"]?.elements ?? []).compactMap { parameter in
        guard let name = parameter["name"]?.string, let estimate = (parameter["estimate"] ?? parameter).estimate
        else { return nil }
        return Parameter(
          name: name, estimate: estimate, isIdentified: parameter["is_identified"]?.boolean ?? true)
      },
      cellCount: node["cells"]?.whole, parameterCount: node["parameter_count"]?.whole,
      rank: node["rank"]?.whole, residualError: node["residual_error"]?.double,
      leaveOneOutError: node["leave_one_out_error"]?.double, choice: node["choice"]?.setting,
      refusal: node["refusal"]?.string, unidentified: node["unidentified"]?.string ?? "")
  }
}

extension StudyRecord.Residual {
  init?(_ node: JSONNode) {
    guard let setting = (node["setting"] ?? node).setting, let observed = node["observed"]?.double,
      let predicted = node["predicted"]?.double
    else { return nil }
    self.init(
      setting: setting, set: node["set"]?.string ?? "",
      seed: node["seed"]?.string.flatMap { Int64($0) } ?? 0, observed: observed, predicted: predicted,
      treatment: node["treatment"]?.string ?? "fitted")
  }
}

extension StudyRecord.Pilot {
  init?(_ node: JSONNode) {
    guard let share = node["share"]?.double else { return nil }
    self.init(
      share: share, setting: node["choice"]?.setting, sentence: (node["sentence"]?.string ?? "").asSentence)
  }
}

extension StudyRecord.NextCell {
  init?(_ node: JSONNode) {
    guard let setting = (node["setting"] ?? node).setting else { return nil }
    self.init(
      setting: setting, tokens: node["tokens"]?.double, why: node["why"]?.string ?? "",
      uncertainty: node["uncertainty"]?.double)
  }
}
