internal import Results

/// The laws by their error on cells they had not seen, their parameters, and the residuals of the one that predicts.
struct StudyLawsPart {
  let record: StudyRecord

  var section: ReportSection {
    let heading = "Laws and fits"
    guard !record.laws.isEmpty else {
      return ReportSection(heading: heading, blocks: [.paragraph("The answer file lists no law.")])
    }
    var blocks: [ReportSection.Block] = [
      .lead("Ranked by error on cells left out one by one, in nats; why one of them predicts is said at the top."),
      .table(ranking),
    ]
    if let sentence = record.criticalSentence { blocks.append(.paragraph("Critical mixture ratio: \(sentence)")) }
    let open = record.laws.filter { !$0.unidentified.isEmpty }
    if !open.isEmpty {
      blocks.append(
        .folded(
          "What the cells cannot identify",
          [.list(open.map { "\(strong: $0.name) on \($0.set): \($0.unidentified)" })]))
    }
    let refused = record.laws.filter { $0.refusal != nil }
    if !refused.isEmpty {
      blocks.append(
        .folded("Not fitted", [.list(refused.map { "\(strong: $0.name) on \($0.set): \($0.refusal ?? "")" })]))
    }
    if !parameters.isEmpty { blocks.append(.folded("Parameters with their intervals", [.table(parameters)])) }
    let plots = residualPlots
    if !plots.isEmpty { blocks.append(.page("<div class=\"plots\">\n\(plots.map { $0.figure() })</div>\n")) }
    return ReportSection(heading: heading, blocks: blocks)
  }

  private var ranking: RichTable {
    var table = RichTable(
      [
        .init("law", .name), .init("set", .word), .init("left-out error"), .init("residual"), .init("cells"),
        .init("parameters"), .init("its own choice", .word),
      ], becomesCards: true)
    for law in record.laws where law.refusal == nil {
      let own = law.choice.map { "ALMR \(shareText($0.almr)), \(rateText($0.learningRate))" } ?? "–"
      let parameters = law.parameterCount.map { count in
        law.rank.map { $0 < count ? "\($0) of \(count) known" : "\(count)" } ?? "\(count)"
      }
      let predicts = law.name == record.predictor.law
      table.add([
        predicts ? "\(law.name) (predicts)" : "\(law.name)", "\(law.set)",
        "\(law.leaveOneOutError.map { fixed($0, digits: 4) } ?? "–")",
        "\(law.residualError.map { fixed($0, digits: 4) } ?? "–")", "\(law.cellCount.map(String.init) ?? "–")",
        "\(parameters ?? "–")", "\(own)",
      ])
    }
    return table
  }

  private var parameters: RichTable {
    var table = RichTable([
      .init("law", .name), .init("set", .word), .init("parameter", .word), .init("value"), .init("from"), .init("to"),
      .init("", .word),
    ])
    for law in record.laws {
      for parameter in law.parameters {
        func text(_ value: Double) -> String {
          abs(value) >= 1e-2 && abs(value) < 1e6 || value == 0
            ? fixed(value, digits: 4)
            : (value < 0 ? "−" : "") + rateText(abs(value))
        }
        table.add([
          law.name, law.set, parameter.name, text(parameter.estimate.value),
          parameter.estimate.range.map { text($0.lowerBound) } ?? "–",
          parameter.estimate.range.map { text($0.upperBound) } ?? "–",
          parameter.isIdentified ? "" : "not identified",
        ])
      }
    }
    return table
  }

  /// One a set: what the law missed, in percent of the loss, over what it predicted.
  private var residualPlots: [ScatterPlot] {
    var sets: [String] = []
    for residual in record.residuals where !sets.contains(residual.set) { sets.append(residual.set) }
    return sets.prefix(8).map { set in
      let own = record.residuals.filter { $0.set == set && $0.predicted > 0 }
      func group(_ name: String, _ treatment: String) -> ScatterPlot.Group {
        ScatterPlot.Group(
          name,
          own.filter { $0.treatment == treatment }.map { residual in
            ScatterPlot.Point(
              residual.predicted, 100 * (residual.observed / residual.predicted - 1),
              name: "ALMR \(shareText(residual.setting.almr)), learning rate \(rateText(residual.setting.learningRate))"
            )
          })
      }
      var plot = ScatterPlot(
        title: "Residuals on \(set)", subtitle: "measured over fitted, in percent of the loss",
        slug: "residuals-\(set)", x: .init("fitted loss") { fixed($0, digits: 3) },
        y: .init("residual, %") { changeText($0 / 100, digits: 2) },
        groups: [
          group("in the fit", "fitted"), group("stopped early: a bound", "bound"), group("left out", "left_out"),
        ])
      plot.horizontal = LinePlot.Reference(0, "as fitted")
      return plot
    }.filter { !$0.isEmpty }
  }

  /// What to run next, where a budget is left.
  var next: ReportSection {
    guard !record.nextCells.isEmpty else {
      return ReportSection(
        heading: "The next cells", blocks: [.paragraph("No further cell is proposed: none is worth its cost.")])
    }
    var table = RichTable([
      .init("ALMR"), .init("learning rate"), .init("tokens"), .init("uncertainty, nats"), .init("why", .word),
    ])
    for cell in record.nextCells {
      table.add([
        shareText(cell.setting.almr), rateText(cell.setting.learningRate),
        cell.tokens.map { grouped(UInt64(max(0, min($0, 1e18)))) } ?? "–",
        cell.uncertainty.map { fixed($0, digits: 4) } ?? "–", cell.why,
      ])
    }
    return ReportSection(
      heading: "The next cells",
      blocks: [.lead("Worth running with what a budget leaves, the best first."), .table(table)])
  }
}
