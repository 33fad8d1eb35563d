internal import Results

// `transfer.json` and `verification.json` as parts of a record.

extension StudyRecord.Transfer {
  /// Nil when `node` is no transfer.
  init?(_ node: JSONNode) {
    guard let from = node["from"]?.setting, let chosen = node["chosen"]?.setting ?? node.setting else { return nil }
    self.init(
      small: Shape(node["small"]), large: Shape(node["large"]), from: from, chosen: chosen,
      factor: node["factor"]?.double,
      rules: (node["rules"]?.elements ?? []).compactMap { rule in
        guard let name = rule["name"]?.string, let factor = rule["factor"]?.double,
          let rate = rule["learning_rate"]?.double
        else { return nil }
        return Rule(name: name, formula: rule["formula"]?.string ?? "", factor: factor, learningRate: rate)
      },
      band: Self.band(node), why: (node["why"]?.string ?? "").asSentence,
      confirmation: (node["confirmation"]?.elements ?? []).compactMap(\.setting), warnings: node.sentences("warnings"))
  }

  private static func band(_ node: JSONNode) -> ClosedRange<Double>? {
    guard let low = node["learning_rate_low"]?.double, let high = node["learning_rate_high"]?.double, low <= high
    else { return nil }
    return low...high
  }
}

extension StudyRecord.Transfer.Shape {
  fileprivate init(_ node: JSONNode?) {
    self.init(
      name: node?["name"]?.string ?? "", parameters: node?["parameters"]?.double, width: node?["width"]?.double,
      layers: node?["layers"]?.double)
  }
}

extension StudyRecord.Verification {
  /// Nil when `node` is no verification.
  init?(_ node: JSONNode) {
    guard let verdict = node["verdict"]?.string else { return nil }
    self.init(
      verdict: verdict, regret: node["regret"]?.double, noise: node["noise"]?.double,
      cells: (node["cells"]?.elements ?? []).compactMap { cell in
        guard let setting = (cell["setting"] ?? cell).setting else { return nil }
        return Cell(
          setting: setting, isCarried: cell["is_carried"]?.boolean ?? false, newLoss: cell["new_loss"]?.double,
          worstRise: cell["worst_retained_rise"]?.double, worstSet: cell["worst_set"]?.string,
          keepsConstraint: cell["keeps_constraint"]?.boolean)
      }, sentences: node.sentences("sentences"))
  }
}
