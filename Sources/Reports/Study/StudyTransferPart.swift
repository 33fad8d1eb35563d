internal import Results

/// Where the rules would carry the learning rate, what was chosen among them, and what the larger model said to it.
struct StudyTransferPart {
  let record: StudyRecord

  var section: ReportSection {
    let heading = "Carried to the larger model"
    guard let transfer = record.transfer else {
      return ReportSection(
        heading: heading,
        blocks: [
          .paragraph(
            "Nothing was carried: the setting holds for the model that was measured. \(code: "admix study transfer") "
              + "reads two config.json files and gives the band.")
        ])
    }
    var blocks: [ReportSection.Block] = [.paragraph(shapes(transfer)), .page(plot(transfer).figure())]
    if !transfer.why.isEmpty { blocks.append(.paragraph("\(transfer.why)")) }
    var rules = RichTable(
      [.init("rule", .name), .init("formula", .word), .init("κ"), .init("learning rate")], becomesCards: true)
    for rule in transfer.rules {
      rules.add([rule.name, rule.formula, fixed(rule.factor, digits: 3), rateText(rule.learningRate)])
    }
    if !rules.isEmpty { blocks.append(.table(rules)) }
    if !transfer.warnings.isEmpty { blocks.append(.list(transfer.warnings.map { RichText(text: $0) })) }
    blocks.append(.heading("Confirmation on the larger model"))
    blocks += confirmation(transfer)
    return ReportSection(heading: heading, blocks: blocks)
  }

  private func shapes(_ transfer: StudyRecord.Transfer) -> RichText {
    func shape(_ shape: StudyRecord.Transfer.Shape) -> String {
      let parts = [
        shape.parameters.map { "\(grouped(UInt64(max(0, min($0, 1e18))))) parameters" },
        shape.width.map { "width \(fixed($0, digits: 0))" }, shape.layers.map { "\(fixed($0, digits: 0)) layers" },
      ].compactMap(\.self)
      let name = shape.name.isEmpty ? "unnamed" : shape.name
      return parts.isEmpty ? name : "\(name) (\(parts.joined(separator: ", ")))"
    }
    let kept =
      abs(transfer.chosen.almr - transfer.from.almr) < 1e-9
      ? "The ALMR is kept" : "The ALMR grows to \(shareText(transfer.chosen.almr))"
    let factor = transfer.factor.map { ", κ \(fixed($0, digits: 3))" } ?? ""
    return """
      From \(shape(transfer.small)) to \(shape(transfer.large)). \(kept); the learning rate goes from \
      \(rateText(transfer.from.learningRate)) to \(strong: rateText(transfer.chosen.learningRate))\(factor).
      """
  }

  private func plot(_ transfer: StudyRecord.Transfer) -> RatePlot {
    var rows = [
      RatePlot.Row(
        "best on the small model", rate: record.recommendation.learningRate.value,
        range: record.recommendation.learningRate.range)
    ]
    rows += transfer.rules.map {
      RatePlot.Row($0.name, rate: $0.learningRate, remark: "κ \(fixed($0.factor, digits: 3))")
    }
    rows.append(
      RatePlot.Row(
        "carried", rate: transfer.chosen.learningRate, mark: .chosen,
        remark: transfer.factor.map { "κ \(fixed($0, digits: 3))" } ?? ""))
    let cells = record.verification?.cells ?? []
    let best = bestCell
    for (index, cell) in cells.enumerated() {
      let loss = cell.newLoss.map { "new loss \(fixed($0, digits: 4))" } ?? "diverged"
      rows.append(
        RatePlot.Row(
          "confirmation \(index + 1), ALMR \(shareText(cell.setting.almr))", rate: cell.setting.learningRate,
          mark: index == best ? .best : .tried, remark: loss))
    }
    var plot = RatePlot(
      title: "Learning rate, carried", subtitle: "where each rule puts it, and what was tried there",
      slug: "transfer", rows: rows)
    plot.band = transfer.band
    plot.bandName = "band of the rules"
    plot.remarkTitle = "κ or loss"
    return plot
  }

  /// The lowest new loss among those that keep the constraint.
  private var bestCell: Int? {
    let cells = record.verification?.cells ?? []
    return cells.indices.filter { cells[$0].keepsConstraint != false && cells[$0].newLoss?.isFinite == true }
      .min { (cells[$0].newLoss ?? .infinity) < (cells[$1].newLoss ?? .infinity) }
  }

  private func confirmation(_ transfer: StudyRecord.Transfer) -> [ReportSection.Block] {
    guard let verification = record.verification, !verification.cells.isEmpty else {
      let wanted = transfer.confirmation.map {
        "ALMR \(shareText($0.almr)) at \(rateText($0.learningRate))"
      }.joined(separator: "; ")
      let what: RichText = wanted.isEmpty ? "" : " To be run: \(wanted)."
      return [.paragraph("\(strong: "Not tested.") No cell of the larger model was read.\(what)")]
    }
    var table = RichTable(
      [
        .init("ALMR"), .init("learning rate"), .init("new loss"), .init("worst rise"), .init("set", .word),
        .init("", .word),
      ], becomesCards: true)
    let best = bestCell
    for (index, cell) in verification.cells.enumerated() {
      var words: [String] = cell.isCarried ? ["the carried one"] : []
      if index == best { words.append("the best") }
      if cell.keepsConstraint == false { words.append("beyond the limit") }
      table.add([
        shareText(cell.setting.almr), rateText(cell.setting.learningRate),
        cell.newLoss.map { fixed($0, digits: 4) } ?? "diverged",
        cell.worstRise.map { changeText($0, digits: 2) } ?? "–",
        cell.worstSet ?? "–", words.joined(separator: ", "),
      ])
    }
    return [.table(table)]
  }
}
