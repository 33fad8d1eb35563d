// Every plot's numbers as tables.

extension StudyAnswer {
  /// `surface-SET.csv`, `regret.csv`, `ridge.csv`, `pareto.csv`, `residuals.csv`, `laws.csv`: RFC 4180, LF, a header.
  public var csvFiles: [(name: String, text: String)] {
    var names = Set<String>()
    var files = surfaces.map { grid in
      var name = "surface-" + fileName(grid.name)
      while !names.insert(name).inserted { name += "-" }
      return (name: name + ".csv", text: grid.csv)
    }
    files.append(("regret.csv", regret.csv))
    files.append(
      (
        "ridge.csv",
        Self.table(
          ["almr", "learning_rate", "learning_rate_low", "learning_rate_high", "is_at_edge"],
          ridge.points.map {
            [
              Self.text($0.ratio), Self.text($0.learningRate.value), Self.text($0.learningRate.interval.lower),
              Self.text($0.learningRate.interval.upper), "\($0.isAtEdge)",
            ]
          })
      ))
    files.append(
      (
        "pareto.csv",
        Self.table(
          ["almr", "learning_rate", "new_loss", "worst_retained_rise", "worst_set"],
          paretoFront.map {
            [
              Self.text($0.setting.ratio), Self.text($0.setting.learningRate), Self.text($0.newLoss),
              Self.text($0.worstRetainedRise), $0.worstSet,
            ]
          })
      ))
    files.append(
      (
        "residuals.csv",
        Self.table(
          ["line", "almr", "learning_rate", "seed", "set", "observed", "predicted", "weight", "treatment"],
          residuals.map {
            [
              "\($0.line)", Self.text($0.setting.ratio), Self.text($0.setting.learningRate), "\($0.seed)", $0.set,
              Self.text($0.observed), Self.text($0.predicted), Self.text($0.weight), $0.treatment.rawValue,
            ]
          })
      ))
    files.append(
      (
        "laws.csv",
        Self.table(
          ["set", "law", "leave_one_out_error", "residual_error", "cells", "parameters", "rank", "refusal"],
          laws.map {
            [
              $0.set, $0.law, Self.text($0.leaveOneOutError), Self.text($0.residualError), "\($0.cellCount)",
              "\($0.parameterCount)", "\($0.rank)", $0.refusal ?? "",
            ]
          })
      ))
    return files
  }

  fileprivate static func text(_ value: Double) -> String {
    value.isFinite ? roundedToSignificant(value).description : ""
  }

  fileprivate static func table(_ header: [String], _ rows: [[String]]) -> String {
    ([header] + rows).map { $0.map(csvField).joined(separator: ",") + "\n" }.joined()
  }

  /// A set's name as part of a file's.
  private func fileName(_ set: String) -> String {
    String(set.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "." || $0 == "-") ? $0 : "_" })
  }
}

extension SurfaceGrid {
  fileprivate var csv: String {
    var rows: [[String]] = []
    for (i, ratio) in ratios.enumerated() {
      for (j, rate) in learningRates.enumerated() {
        rows.append([
          StudyAnswer.text(ratio), StudyAnswer.text(rate), StudyAnswer.text(values[i][j]), "\(isFeasible[i][j])",
        ])
      }
    }
    return StudyAnswer.table(["almr", "learning_rate", "value", "is_feasible"], rows)
  }
}
