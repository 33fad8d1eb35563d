internal import Results
internal import Study

/// Every cell's new loss while it trained: a panel a ratio, a line a learning rate and seed.
struct StudyCurvesPart {
  let record: StudyRecord

  private struct Curve {
    let almr: Double
    let learningRate: Double
    let seed: Int64
    let isDiverged: Bool
    /// Tokens seen, or steps where the table has no tokens.
    var points: [LinePlot.Point]
  }

  var section: ReportSection {
    let heading = "Curves of the cells"
    let curves = curves
    guard !curves.isEmpty else {
      return ReportSection(
        heading: heading,
        blocks: [.paragraph("There is no curves.csv here, or it has no evaluation with all new sets: nothing to draw.")]
      )
    }
    let panels = panels(curves).map { $0.figure() }
    var blocks: [ReportSection.Block] = [
      .lead(
        "New loss, nats a token, over what each cell had seen, from its first evaluation on. The panels share a scale."
      ),
      .page("\(legend(curves))<div class=\"plots\">\n\(panels)</div>\n\(numbers(curves))"),
    ]
    if record.pilots.isEmpty {
      blocks.append(.note("How the choice drifts with the length of the pilots was not computed."))
    } else {
      blocks += pilots
    }
    return ReportSection(heading: heading, blocks: blocks)
  }

  private var curves: [Curve] {
    guard let table = record.curves else { return [] }
    var curves: [Curve] = []
    for cell in table.cells {
      let loss = record.newLoss { set in
        table.validationSets.firstIndex(of: set).flatMap { cell.losses[$0] }
      }
      // The loss before training would flatten all that comes after.
      guard let loss, loss.isFinite, let place = cell.tokens ?? cell.step.map(Double.init), place > 0 else { continue }
      let point = LinePlot.Point(place, loss)
      if let index = curves.firstIndex(where: {
        $0.almr == cell.ratio && $0.learningRate == cell.learningRate && $0.seed == cell.seed
      }) {
        curves[index].points.append(point)
      } else {
        curves.append(
          Curve(
            almr: cell.ratio, learningRate: cell.learningRate, seed: cell.seed,
            isDiverged: cell.status == .diverged, points: [point]))
      }
    }
    for index in curves.indices { curves[index].points.sort { $0.x < $1.x } }
    return curves.sorted { ($0.almr, $0.learningRate, $0.seed) < ($1.almr, $1.learningRate, $1.seed) }
  }

  private func rates(_ curves: [Curve]) -> [Double] { Set(curves.map(\.learningRate)).sorted() }

  /// Of thousand, million or billion: so that ticks have few digits.
  private func unit(_ curves: [Curve]) -> (factor: Double, name: String) {
    let most = curves.flatMap(\.points).map(\.x).max() ?? 0
    guard record.curves?.cells.contains(where: { $0.tokens != nil }) == true else { return (1, "step") }
    return most >= 5e9
      ? (1e9, "billion tokens")
      : most >= 5e6
        ? (1e6, "million tokens")
        : most >= 5e3 ? (1e3, "thousand tokens") : (1, "tokens")
  }

  private func panels(_ curves: [Curve]) -> [LinePlot] {
    let rates = rates(curves)
    let unit = unit(curves)
    // A cell that ran away would flatten all others: the scale is theirs.
    let steady = curves.filter { !$0.isDiverged }
    let values = (steady.isEmpty ? curves : steady).flatMap(\.points).map(\.y)
    let highest = values.max() ?? 0
    return Set(curves.map(\.almr)).sorted().map { almr in
      var plot = LinePlot(
        title: "ALMR \(shareText(almr))", subtitle: "", slug: "curves-\(shareText(almr))",
        series: rates.map { rate in
          let own = curves.filter { $0.almr == almr && $0.learningRate == rate }
          // Seeds follow one another, with a gap between.
          let points = own.flatMap { curve in
            [LinePlot.Point(curve.points[0].x / unit.factor, .nan)]
              + curve.points.map {
                LinePlot.Point($0.x / unit.factor, $0.y <= highest * (1 + 1e-9) ? $0.y : .nan)
              }
          }
          return LinePlot.Series(rateText(rate), points)
        })
      plot.xTitle = unit.name
      plot.yRange = (values.min() ?? 0)...max(highest, values.min() ?? 0)
      plot.standsAlone = false
      return plot
    }
  }

  private func legend(_ curves: [Curve]) -> HTML {
    let items = rates(curves).enumerated().map { index, rate -> HTML in
      "<li>\(SeriesStyle(index: index).sample(withMarker: true))<span>\(rateText(rate))</span></li>"
    }
    return "<ul class=\"legend\"><li><span>learning rate</span></li>\(items)</ul>\n"
  }

  private func numbers(_ curves: [Curve]) -> HTML {
    var table = DataTable([
      .init("ALMR"), .init("learning rate"), .init("seed"), .init("first"), .init("half way"), .init("last"),
      .init("lowest"),
    ])
    var csv = CSVText(["almr", "learning_rate", "seed", "tokens_or_step", "new_loss"])
    for curve in curves {
      let values = curve.points.map(\.y)
      func text(_ value: Double?) -> String { value.map { fixed($0, digits: 4) } ?? "–" }
      table.add([
        shareText(curve.almr), rateText(curve.learningRate), "\(curve.seed)", text(values.first),
        text(values.isEmpty ? nil : values[values.count / 2]), text(values.last), text(values.min()),
      ])
      for point in curve.points {
        csv.add([
          "\(curve.almr)", "\(curve.learningRate)", "\(curve.seed)", fixed(point.x, digits: 0), "\(point.y)",
        ])
      }
    }
    return .details("Numbers", table.html + csv.link("curves-new-loss.csv", name: "curves-new-loss.csv"))
  }

  /// The choice that shorter pilots would have given.
  private var pilots: [ReportSection.Block] {
    var table = RichTable(
      [
        .init("of each curve", .name), .init("ALMR"), .init("learning rate"), .init("", .word),
      ], becomesCards: true)
    for pilot in record.pilots {
      table.add([
        "\(fixed(100 * pilot.share, digits: 0)) %", pilot.setting.map { shareText($0.almr) } ?? "–",
        pilot.setting.map { rateText($0.learningRate) } ?? "–", pilot.sentence,
      ])
    }
    return [.heading("What shorter pilots would have said"), .table(table)]
  }
}
