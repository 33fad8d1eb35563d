internal import Results

/// An amount over the plane of ALMR (linear) and learning rate (logarithmic): the fitted surface as ground, measured
/// cells on it in their own colours with their numbers, and what was made of them: ridge, limit, choice.
public struct HeatMap: Sendable {
  public struct Cell: Sendable {
    public enum Mark: Sendable {
      case measured
      /// Ended before its time: what it shows is no measurement of its end.
      case stopped
      /// No amount at all.
      case diverged
    }
    public let almr: Double
    public let learningRate: Double
    public let value: Double?
    public let mark: Mark
    /// The mean of so many runs.
    public let count: Int
    public init(almr: Double, learningRate: Double, value: Double?, mark: Mark = .measured, count: Int = 1) {
      self.almr = almr
      self.learningRate = learningRate
      self.value = value
      self.mark = mark
      self.count = count
    }
  }
  /// A point of the plane with the reach of each coordinate.
  public struct Choice: Sendable {
    public let name: String
    public let almr: Double
    public let learningRate: Double
    public let almrRange: ClosedRange<Double>?
    public let learningRateRange: ClosedRange<Double>?
    public init(
      name: String, almr: Double, learningRate: Double, almrRange: ClosedRange<Double>? = nil,
      learningRateRange: ClosedRange<Double>? = nil
    ) {
      self.name = name
      self.almr = almr
      self.learningRate = learningRate
      self.almrRange = almrRange
      self.learningRateRange = learningRateRange
    }
  }
  public struct RidgePoint: Sendable {
    public let almr: Double
    public let learningRate: Double
    public init(almr: Double, learningRate: Double) {
      self.almr = almr
      self.learningRate = learningRate
    }
  }
  /// Where the surface passes an amount: a line, and hatching beyond it.
  public struct Limit: Sendable {
    public let surface: FittedSurface
    public let value: Double
    public let name: String
    public init(surface: FittedSurface, value: Double, name: String) {
      self.surface = surface
      self.value = value
      self.name = name
    }
  }

  public let title: String
  public let subtitle: String
  public let slug: String
  /// What is shown, in a few words: the title of its column.
  public let quantity: String
  public let cells: [Cell]
  public var surface: FittedSurface?
  public var ridge: [RidgePoint] = []
  public var limit: Limit?
  public var choice: Choice?
  /// In cells, tables and the legend.
  public var format: @Sendable (Double) -> String = { fixed($0, digits: 3) }
  /// What the tiles are.
  public var tileName = "measured cell"
  public var note: HTML?

  public init(title: String, subtitle: String, slug: String, quantity: String, cells: [Cell]) {
    self.title = title
    self.subtitle = subtitle
    self.slug = slug
    self.quantity = quantity
    self.cells = cells.filter { isDrawable(learningRate: $0.learningRate) && (0...1).contains($0.almr) }
  }

  public var isEmpty: Bool { !cells.contains { $0.value?.isFinite == true } }

  public func figure() -> HTML {
    let said: HTML = note.map { "<p class=\"note\">\($0)</p>" } ?? ""
    return """
      <figure><figcaption><b>\(title)</b>\(subtitle)</figcaption>
      \(svg(width: 400, height: 340))\(colourBar)\(symbols)\(said)\(numbers)</figure>

      """
  }

  public func svg(width: Double, height: Double) -> HTML {
    guard let scale, let frame = frame(width: width, height: height) else {
      return "<p class=\"note\">There is nothing to draw yet.</p>"
    }
    let drawing = HeatMapDrawing(map: self, frame: frame, scale: scale)
    return frame.svg("\(title), \(subtitle)", drawing.content)
  }

  /// Over what was measured: a surface is only trusted there.
  var scale: ColourScale? { ColourScale(cells.filter { $0.mark == .measured }.compactMap(\.value)) ?? fallbackScale }

  private var fallbackScale: ColourScale? { ColourScale(cells.compactMap(\.value)) }

  private func frame(width: Double, height: Double) -> PlotFrame? {
    let ratios = cells.map(\.almr) + (choice.map { [$0.almr] } ?? [])
    let rates = cells.map(\.learningRate) + (choice.map { [$0.learningRate] } ?? []).filter(isDrawable(learningRate:))
    guard let left = ratios.min(), let right = ratios.max(), let low = rates.min(), let high = rates.max(), low > 0
    else { return nil }
    let room = max(0.13 * (right - left), 0.02)
    let factor = max(power(high / low, 0.13), 1.25)
    return PlotFrame(
      width: width, height: height,
      x: .places(cells.map(\.almr), range: (left - room)...(right + room), apart: 0.085, label: shareText),
      y: .places(
        cells.map(\.learningRate), range: (low / factor)...(high * factor), isLogarithmic: true, apart: 0.06,
        label: rateText), hasMarks: true)
  }

  // MARK: Legend and numbers

  private var colourBar: HTML {
    guard let scale else { return "" }
    let steps = 40
    let bars = (0..<steps).map { step -> HTML in
      """
      <rect x="\(Double(step) * 4)" y="0" width="4.4" height="10" \
      fill="\(ColourRamp.colour(Double(step) / Double(steps - 1)))"/>
      """
    }
    let above: HTML = scale.isCut ? " and above" : ""
    return """
      <ul class="legend ramp"><li><span>\(format(scale.low))</span>\
      <svg viewBox="0 0 160 10" aria-hidden="true" preserveAspectRatio="none">\(bars)</svg>\
      <span>\(format(scale.high))\(above)</span></li></ul>

      """
  }

  private var symbols: HTML {
    var entries: [(HTML, String)] = []
    if surface != nil {
      entries.append(("<rect class=\"tile\" x=\"8\" y=\"0\" width=\"14\" height=\"12\" rx=\"2\"/>", tileName))
    }
    if cells.contains(where: { $0.mark == .stopped }) {
      entries.append(
        (
          "<rect class=\"tile stopped\" x=\"8\" y=\"0\" width=\"14\" height=\"12\" rx=\"2\"/>", "stopped early"
        ))
    }
    if cells.contains(where: { $0.mark == .diverged }) {
      entries.append(("<path class=\"cross\" d=\"M10 1l10 10m0 -10l-10 10\"/>", "diverged"))
    }
    if ridge.count > 1 {
      entries.append(
        (
          "<path class=\"casing\" d=\"M1 6H29\"/><path class=\"ridge\" d=\"M1 6H29\"/>",
          "ridge: best rate at each ALMR"
        ))
    }
    if let limit {
      entries.append(
        (
          """
          <rect width="30" height="12" fill="\(ColourRamp.colour(0.3))"/>\
          <path class="hatch" d="M0 8l8 -8m0 8l8 -8m0 8l8 -8m0 8l6 -6"/><path class="limit" d="M0 10.5H30"/>
          """, limit.name
        ))
    }
    if let choice {
      entries.append((HeatMapDrawing.choiceMarker(x: 15, y: 6), choice.name))
    }
    guard !entries.isEmpty else { return "" }
    let items = entries.map { symbol, name -> HTML in
      "<li><svg viewBox=\"0 0 30 12\" aria-hidden=\"true\">\(symbol)</svg><span>\(name)</span></li>"
    }
    return "<ul class=\"legend\">\(items)</ul>\n"
  }

  private var numbers: HTML {
    var table = DataTable([
      .init("ALMR"), .init("learning rate"), .init(quantity), .init("fitted"), .init("runs"), .init("", .word),
    ])
    var csv = CSVText(["almr", "learning_rate", "value", "fitted", "runs", "status"])
    for cell in sorted {
      let fitted = surface?.value(almr: cell.almr, learningRate: cell.learningRate)
      let word = cell.mark == .measured ? "" : cell.mark == .stopped ? "stopped early" : "diverged"
      table.add([
        shareText(cell.almr), rateText(cell.learningRate), cell.value.map(format) ?? "–", fitted.map(format) ?? "–",
        "\(cell.count)", word,
      ])
      csv.add([
        "\(cell.almr)", "\(cell.learningRate)", cell.value.map { "\($0)" } ?? "", fitted.map { "\($0)" } ?? "",
        "\(cell.count)", word,
      ])
    }
    let surfaceLink: HTML = surface.map { $0.csv.link("\(slug)-surface.csv", name: "\(slug)-surface.csv") } ?? ""
    return .details("Numbers", table.html + csv.link("\(slug).csv", name: "\(slug).csv") + surfaceLink)
  }

  var sorted: [Cell] { cells.sorted { ($0.almr, $0.learningRate) < ($1.almr, $1.learningRate) } }
}
