internal import Results
internal import Study

/// New and retained loss over the plane, the ridge through it, and the front between the two.
struct StudySurfacesPart {
  let record: StudyRecord

  var section: ReportSection {
    var blocks: [ReportSection.Block] = []
    let maps = [newLossMap, retainedMap].compactMap(\.self).filter { !$0.isEmpty }
    if !maps.isEmpty { blocks.append(.page("<div class=\"plots\">\n\(maps.map { $0.figure() })</div>\n")) }
    if maps.isEmpty {
      blocks.append(.paragraph("There is no map: \(record.tableProblem ?? "no cell has a loss")."))
    }
    if !record.ridgeSentence.isEmpty { blocks.append(.paragraph("\(strong: "Ridge.") \(record.ridgeSentence)")) }
    if !record.ridge.isEmpty { blocks.append(.folded("Best learning rate at each ALMR", [.table(ridgeTable)])) }
    return ReportSection(heading: "Loss over mixture ratio and learning rate", blocks: blocks)
  }

  var front: ReportSection {
    let plot = frontPlot
    guard !plot.isEmpty else {
      return ReportSection(
        heading: "What new loss costs in old",
        blocks: [.paragraph("There is no front: it needs a retained set whose loss before training is known.")])
    }
    var table = RichTable(
      [.init("ALMR"), .init("learning rate"), .init("new loss"), .init("worst rise"), .init("set", .word)],
      caption: "The front: no other setting has both losses lower.")
    for point in record.front.prefix(60) {
      table.add([
        shareText(point.setting.almr), rateText(point.setting.learningRate), fixed(point.newLoss, digits: 4),
        changeText(point.worstRise, digits: 2), point.worstSet,
      ])
    }
    return ReportSection(
      heading: "What new loss costs in old",
      blocks: [
        .page("<div class=\"plots\">\n\(plot.figure())\(regretMap.map { $0.figure() })</div>\n"),
        .folded("The front in numbers", [.table(table)]),
      ])
  }

  // MARK: Maps

  private func loss(_ cell: Cell) -> (String) -> Double? {
    { set in
      guard let table = record.cells, let index = table.validationSets.firstIndex(of: set) else { return nil }
      return cell.losses[index].flatMap { $0.isFinite ? $0 : nil }
    }
  }

  /// Means over seeds; only completed runs, where there is one.
  private func mapCells(_ value: (Cell) -> Double?) -> [HeatMap.Cell] {
    var groups: [(key: StudyRecord.Setting, cells: [Cell])] = []
    for cell in record.cells?.cells ?? [] {
      let key = StudyRecord.Setting(almr: cell.ratio, learningRate: cell.learningRate)
      if let index = groups.firstIndex(where: { $0.key == key }) {
        groups[index].cells.append(cell)
      } else {
        groups.append((key, [cell]))
      }
    }
    return groups.map { key, cells in
      func made(_ kept: [Cell], _ mark: HeatMap.Cell.Mark) -> HeatMap.Cell? {
        let values = kept.compactMap(value)
        guard !values.isEmpty else { return nil }
        return HeatMap.Cell(
          almr: key.almr, learningRate: key.learningRate, value: values.reduce(0, +) / Double(values.count), mark: mark,
          count: values.count)
      }
      return made(cells.filter { $0.status == .completed }, .measured)
        ?? made(cells.filter { $0.status == .earlyStopped }, .stopped)
        ?? HeatMap.Cell(
          almr: key.almr, learningRate: key.learningRate, value: nil, mark: .diverged, count: cells.count)
    }
  }

  private func grid(_ set: String) -> FittedSurface? { record.surfaces.first { $0.set == set }?.grid }

  private var newSurface: FittedSurface? {
    combined(record.newSets.map(\.name)) { losses in record.newLoss { losses[$0] } }
  }

  private var riseSurface: FittedSurface? {
    combined(record.bindingCandidates) { losses in record.worstRise { losses[$0] }?.rise }
  }

  /// One surface of several, crossing by crossing; nil where one is missing or they do not lie on one grid.
  private func combined(_ sets: [String], _ value: ([String: Double]) -> Double?) -> FittedSurface? {
    let grids = sets.compactMap { set in grid(set).map { (set: set, grid: $0) } }
    guard let first = grids.first?.grid, grids.count == sets.count,
      grids.allSatisfy({ $0.grid.almrs == first.almrs && $0.grid.learningRates == first.learningRates })
    else { return nil }
    let values = first.learningRates.indices.map { row in
      first.almrs.indices.map { column in
        value(Dictionary(grids.map { ($0.set, $0.grid.values[row][column]) }) { a, _ in a }) ?? .nan
      }
    }
    return FittedSurface(almrs: first.almrs, learningRates: first.learningRates, values: values)
  }

  private var choice: HeatMap.Choice {
    let choice = record.recommendation
    return HeatMap.Choice(
      name: "recommended, with its interval", almr: choice.almr.value, learningRate: choice.learningRate.value,
      almrRange: choice.almr.range, learningRateRange: choice.learningRate.range)
  }

  private var limit: HeatMap.Limit? {
    guard let rise = record.maximumRise, let surface = riseSurface else { return nil }
    return HeatMap.Limit(surface: surface, value: rise, name: "beyond a rise of \(fixed(100 * rise, digits: 1)) %")
  }

  private func finished(_ map: HeatMap, surface: FittedSurface?) -> HeatMap {
    var map = map
    map.surface = surface
    map.ridge = record.ridge.map { HeatMap.RidgePoint(almr: $0.almr, learningRate: $0.learningRate.value) }
    map.limit = limit
    map.choice = choice
    return map
  }

  private var newLossMap: HeatMap? {
    let names = record.newSets.map(\.name).joined(separator: ", ")
    let map = HeatMap(
      title: "New loss", subtitle: "\(names), nats a token; lower and darker is better", slug: "new-loss",
      quantity: "new loss", cells: mapCells { cell in record.newLoss(loss(cell)) })
    return finished(map, surface: newSurface)
  }

  private var retainedMap: HeatMap? {
    guard !record.bindingCandidates.isEmpty else { return nil }
    let names = record.bindingCandidates
    let which = names.count == 1 ? names[0] : "the worst of \(names.joined(separator: ", "))"
    var map = HeatMap(
      title: "What is forgotten", subtitle: "rise of the retained loss in percent: \(which)", slug: "retained-rise",
      quantity: "rise, %", cells: mapCells { cell in record.worstRise(loss(cell)).map { 100 * $0.rise } })
    guard !map.isEmpty else { return nil }
    map = finished(map, surface: riseSurface.flatMap { $0.scaled(by: 100) })
    map.format = { value in
      let text = fixed(abs(value), digits: abs(value) >= 9.95 ? 0 : 1)
      return (value < 0 && text.contains { $0 != "0" && $0 != "." } ? "−" : "") + text
    }
    return map
  }

  /// Nil without a surface of regret.
  private var regretMap: HeatMap? {
    guard let regret = record.regret else { return nil }
    var map = HeatMap(
      title: "Regret", subtitle: "new loss over the recommended setting's, in percent", slug: "regret",
      quantity: "fitted regret, %",
      cells: mapCells { cell in
        regret.value(almr: cell.ratio, learningRate: cell.learningRate).map { 100 * $0 }
      }.filter { $0.mark == .measured })
    guard !map.isEmpty else { return nil }
    map.surface = regret.scaled(by: 100)
    map.tileName = "fitted at a cell"
    map.limit = limit
    map.choice = choice
    map.format = { (value: Double) in (value < -0.005 ? "−" : "") + fixed(abs(value), digits: abs(value) < 9.95 ? 1 : 0)
    }
    return map
  }

  // MARK: Ridge and front

  private var ridgeTable: RichTable {
    var table = RichTable([
      .init("ALMR"), .init("best learning rate"), .init("from"), .init("to"), .init("", .word),
    ])
    for point in record.ridge {
      table.add([
        shareText(point.almr), rateText(point.learningRate.value),
        point.learningRate.range.map { rateText($0.lowerBound) } ?? "–",
        point.learningRate.range.map { rateText($0.upperBound) } ?? "–",
        point.isAtEdge ? "at the grid's edge: the best may lie beyond" : "",
      ])
    }
    return table
  }

  private var frontPlot: ScatterPlot {
    func name(_ setting: StudyRecord.Setting) -> String {
      "ALMR \(shareText(setting.almr)), learning rate \(rateText(setting.learningRate))"
    }
    let measured = (record.cells?.cells ?? []).filter { $0.status == .completed }.compactMap { cell in
      pair(loss(cell)).map {
        ScatterPlot.Point(
          $0.new, $0.rise, name: name(.init(almr: cell.ratio, learningRate: cell.learningRate)))
      }
    }
    let limit = record.maximumRise ?? .infinity
    var plot = ScatterPlot(
      title: "New loss against what is forgotten", subtitle: "every measured cell; down and left is better",
      slug: "pareto", x: .init("new loss, nats a token") { fixed($0, digits: 3) },
      y: .init("worst retained rise, %") { changeText($0 / 100, digits: 2) },
      groups: [
        .init("cell within the limit", measured.filter { $0.y <= 100 * limit }),
        .init("cell beyond it", measured.filter { $0.y > 100 * limit }),
      ])
    plot.front = record.front.map { ScatterPlot.Point($0.newLoss, 100 * $0.worstRise, name: name($0.setting)) }
    plot.frontName = "front, as fitted"
    if let rise = record.maximumRise {
      plot.horizontal = LinePlot.Reference(100 * rise, "limit +\(fixed(100 * rise, digits: 1)) %")
    }
    let expected = record.recommendation.losses
    if let new = record.newLoss({ set in expected.first { $0.set == set }?.after.value }),
      let rise = record.worstRise({ set in expected.first { $0.set == set }?.after.value })
    {
      plot.choice = ScatterPlot.Point(new, 100 * rise.rise, name: "recommended")
    }
    return plot
  }

  private func pair(_ loss: (String) -> Double?) -> (new: Double, rise: Double)? {
    guard let new = record.newLoss(loss), let rise = record.worstRise(loss) else { return nil }
    return (new, 100 * rise.rise)
  }
}

extension FittedSurface {
  func scaled(by factor: Double) -> FittedSurface? {
    FittedSurface(almrs: almrs, learningRates: learningRates, values: values.map { $0.map { $0 * factor } })
  }
}
