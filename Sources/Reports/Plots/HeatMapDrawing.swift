/// The layers of a heat map, from the ground up.
struct HeatMapDrawing {
  let map: HeatMap
  let frame: PlotFrame
  let scale: ColourScale

  var content: HTML {
    let range = HTML("<g shape-rendering=\"crispEdges\">\(ground)</g>\(beyond)")
    return range + frame.axes(xTitle: "ALMR", yTitle: "learning rate", hasGrid: map.surface == nil)
      + HTML([limitLine, ridge, tiles, choice])
  }

  // MARK: The surface

  /// Rectangles around the crossings that lie in the plot, neighbours of one colour as one.
  private var ground: HTML {
    guard let surface = map.surface else { return "" }
    let columns = edges(surface.almrs.map { frame.x($0) }, within: frame.left...frame.right)
    let rows = edges(surface.learningRates.map { frame.y($0) }, within: frame.top...frame.bottom)
    var markup: HTML = ""
    for (row, values) in surface.values.enumerated() {
      let height = abs(rows[row + 1] - rows[row])
      guard height > 0 else { continue }
      var start = 0
      while start < values.count {
        let colour = self.colour(values[start])
        var end = start + 1
        while end < values.count, self.colour(values[end]) == colour { end += 1 }
        let width = columns[end] - columns[start]
        if width > 0 {
          markup += """
            <rect x="\(columns[start])" y="\(min(rows[row], rows[row + 1]))" width="\(width + 0.3)" \
            height="\(height + 0.3)" fill="\(colour)"/>
            """
        }
        start = end
      }
    }
    return markup
  }

  private func colour(_ value: Double) -> String { ColourRamp.colour(scale.level(value)) }

  /// Half way between neighbours; the outermost as far out as in.
  private func edges(_ places: [Double], within range: ClosedRange<Double>) -> [Double] {
    var edges = [places[0] - (places[1] - places[0]) / 2]
    for (a, b) in zip(places, places.dropFirst()) { edges.append((a + b) / 2) }
    let last = places.count - 1
    edges.append(places[last] + (places[last] - places[last - 1]) / 2)
    return edges.map { min(max($0, range.lowerBound), range.upperBound) }
  }

  // MARK: The limit

  /// Strokes across the crossings beyond the limit, where whole ones fit.
  private var beyond: HTML {
    guard let limit = map.limit else { return "" }
    let (x, y) = (limit.surface.almrs.map { frame.x($0) }, limit.surface.learningRates.map { frame.y($0) })
    var path = ""
    for row in 0..<(y.count - 1) {
      for column in 0..<(x.count - 1) {
        let values = limit.surface.values
        let corners = [
          values[row][column], values[row][column + 1], values[row + 1][column], values[row + 1][column + 1],
        ]
        guard corners.allSatisfy({ !($0 <= limit.value) }), x[column] >= frame.left, x[column + 1] <= frame.right,
          y[row] <= frame.bottom, y[row + 1] >= frame.top
        else { continue }
        path += "M\(text(x[column])) \(text(y[row]))L\(text(x[column + 1])) \(text(y[row + 1]))"
      }
    }
    return path.isEmpty ? "" : "<path class=\"hatch\" d=\"\(path)\"/>"
  }

  private var limitLine: HTML {
    guard let limit = map.limit else { return "" }
    let path = limit.surface.contour(limit.value).compactMap { from, to -> String? in
      let (a, b) = ((frame.x(from.0), frame.y(from.1)), (frame.x(to.0), frame.y(to.1)))
      guard isInside(a), isInside(b) else { return nil }
      return "M\(text(a.0)) \(text(a.1))L\(text(b.0)) \(text(b.1))"
    }.joined()
    return path.isEmpty ? "" : "<path class=\"casing\" d=\"\(path)\"/><path class=\"limit\" d=\"\(path)\"/>"
  }

  private var ridge: HTML {
    var path = ""
    var isDown = false
    for point in map.ridge where point.learningRate > 0 {
      let place = (frame.x(point.almr), frame.y(point.learningRate))
      guard isInside(place) else {
        isDown = false
        continue
      }
      path += "\(isDown ? "L" : "M")\(text(place.0)) \(text(place.1))"
      isDown = true
    }
    return path.isEmpty ? "" : "<path class=\"casing\" d=\"\(path)\"/><path class=\"ridge\" d=\"\(path)\"/>"
  }

  private func isInside(_ place: (Double, Double)) -> Bool {
    place.0 >= frame.left - 0.5 && place.0 <= frame.right + 0.5 && place.1 >= frame.top - 0.5
      && place.1 <= frame.bottom + 0.5
  }

  // MARK: Cells

  private static let fontSize = 10.0
  private static let digitWidth = 5.8
  private static let tileHeight = 15.0

  private var tiles: HTML {
    let cells = map.sorted
    let places = cells.map { (x: frame.x($0.almr), y: frame.y($0.learningRate)) }
    let labels = cells.map { $0.value.map(map.format) ?? "" }
    let widest = Double(labels.map(\.count).max() ?? 0) * Self.digitWidth + 6
    // All cells alike: with numbers where they fit everywhere, small without.
    let isNumbered = !places.indices.contains { a in
      places.indices.contains { b in
        a != b && abs(places[a].x - places[b].x) < widest + 2 && abs(places[a].y - places[b].y) < Self.tileHeight + 2
      }
    }
    return HTML(
      zip(zip(cells, places), labels).map { pair, label in
        tile(pair.0, at: pair.1, label: isNumbered ? label : "", width: isNumbered ? widest : 9)
      })
  }

  private func tile(_ cell: HeatMap.Cell, at place: (x: Double, y: Double), label: String, width: Double) -> HTML {
    let runs = cell.count > 1 ? ", mean of \(cell.count) runs" : ""
    let said = cell.value.map(map.format) ?? (cell.mark == .diverged ? "diverged" : "not measured")
    let title = "ALMR \(shareText(cell.almr)), learning rate \(rateText(cell.learningRate)): \(said)\(runs)"
    guard let value = cell.value, value.isFinite, cell.mark != .diverged else {
      return """
        <g><title>\(title)</title><path class="cross-casing" d="M\(place.x - 5) \(place.y - 5)l10 10m0 -10l-10 10"/>\
        <path class="cross" d="M\(place.x - 5) \(place.y - 5)l10 10m0 -10l-10 10"/></g>
        """
    }
    let height = label.isEmpty ? 9 : Self.tileHeight
    let share = scale.level(value)
    let stopped: HTML = cell.mark == .stopped ? " stopped" : ""
    let number: HTML =
      label.isEmpty
      ? ""
      : """
      <text class="\(ColourRamp.isDark(share) ? "on-dark" : "on-light")" x="\(place.x)" y="\(place.y + 3.6)" \
      text-anchor="middle" font-size="\(Self.fontSize)">\(label)</text>
      """
    return """
      <g><title>\(title)</title><rect class="tile\(stopped)" x="\(place.x - width / 2)" y="\(place.y - height / 2)" \
      width="\(width)" height="\(height)" rx="2.5" fill="\(ColourRamp.colour(share))"/>\(number)</g>
      """
  }

  // MARK: The choice

  private var choice: HTML {
    guard let choice = map.choice, choice.learningRate > 0 else { return "" }
    let (x, y) = (frame.x(choice.almr), frame.y(choice.learningRate))
    guard isInside((x, y)) else { return "" }
    var bars = ""
    if let range = choice.almrRange {
      let (from, to) = (max(frame.left, frame.x(range.lowerBound)), min(frame.right, frame.x(range.upperBound)))
      bars += "M\(text(from)) \(text(y))H\(text(to))M\(text(from)) \(text(y - 4))v8M\(text(to)) \(text(y - 4))v8"
    }
    if let range = choice.learningRateRange, range.lowerBound > 0 {
      let (from, to) = (min(frame.bottom, frame.y(range.lowerBound)), max(frame.top, frame.y(range.upperBound)))
      bars += "M\(text(x)) \(text(from))V\(text(to))M\(text(x - 4)) \(text(from))h8M\(text(x - 4)) \(text(to))h8"
    }
    let errorBars: HTML =
      bars.isEmpty ? "" : "<path class=\"casing\" d=\"\(bars)\"/><path class=\"error-bar\" d=\"\(bars)\"/>"
    return """
      <g><title>\(choice.name): ALMR \(shareText(choice.almr)), learning rate \(rateText(choice.learningRate))</title>\
      \(errorBars)\(Self.choiceMarker(x: x, y: y))</g>
      """
  }

  /// A ringed diamond that stands out of every colour of the ramp.
  static func choiceMarker(x: Double, y: Double) -> HTML {
    "<path class=\"choice\" d=\"M\(x) \(y - 6)L\(x + 6) \(y)L\(x) \(y + 6)L\(x - 6) \(y)Z\"/>"
  }

  private func text(_ coordinate: Double) -> String {
    let html: HTML = "\(coordinate)"
    return html.markup
  }
}
