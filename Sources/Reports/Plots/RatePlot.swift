internal import Glibc
internal import Results

/// Learning rates side by side on one logarithmic axis, a row each: where rules would carry one to, the band between
/// them, and what was tried.
public struct RatePlot: Sendable {
  public struct Row: Sendable {
    public enum Mark: Sendable {
      case rule
      case chosen
      case tried
      /// The best of what was tried.
      case best
    }
    public let name: String
    public let rate: Double
    public let range: ClosedRange<Double>?
    public let mark: Mark
    /// Said at the right end: a factor, a loss.
    public let remark: String
    public init(
      _ name: String, rate: Double, range: ClosedRange<Double>? = nil, mark: Mark = .rule, remark: String = ""
    ) {
      self.name = name
      self.rate = rate
      self.range = range
      self.mark = mark
      self.remark = remark
    }
  }

  public let title: String
  public let subtitle: String
  public let slug: String
  public let rows: [Row]
  public var band: ClosedRange<Double>?
  public var bandName = ""
  public var remarkTitle = ""
  public var note: HTML?

  public init(title: String, subtitle: String, slug: String, rows: [Row]) {
    self.title = title
    self.subtitle = subtitle
    self.slug = slug
    self.rows = rows.filter { isDrawable(learningRate: $0.rate) }
  }

  public var isEmpty: Bool { rows.isEmpty }

  public func figure() -> HTML {
    let said: HTML = note.map { "<p class=\"note\">\($0)</p>" } ?? ""
    let bandItem: HTML =
      band == nil
      ? ""
      : """
      <li><svg viewBox="0 0 30 12" aria-hidden="true"><rect class="rate-band" width="30" height="12"/></svg>\
      <span>\(bandName)</span></li>
      """
    func item(_ mark: Row.Mark, _ name: String) -> HTML {
      guard rows.contains(where: { $0.mark == mark }) else { return "" }
      return "<li><svg viewBox=\"0 0 30 12\" aria-hidden=\"true\">\(marker(mark, x: 15, y: 6))</svg>"
        + "<span>\(name)</span></li>"
    }
    return """
      <figure class="lead-plot"><figcaption><b>\(title)</b>\(subtitle)</figcaption>
      <ul class="legend">\(bandItem)\(item(.rule, "rule"))\(item(.chosen, "carried"))\
      \(item(.tried, "confirmation cell"))\(item(.best, "best confirmation cell"))</ul>
      <div class="wide">\(svg(width: 860))</div><div class="narrow">\(svg(width: 400))</div>\(said)\(numbers)</figure>

      """
  }

  private static let rowHeight = 34.0

  public func svg(width: Double) -> HTML {
    let all =
      rows.map(\.rate) + rows.flatMap { $0.range.map { [$0.lowerBound, $0.upperBound] } ?? [] }
      + (band.map { [$0.lowerBound, $0.upperBound] } ?? [])
    let places = all.filter(isDrawable(learningRate:))
    guard let low = places.min(), let high = places.max() else {
      return "<p class=\"note\">There is nothing to draw yet.</p>"
    }
    let factor = max(power(high / low, 0.06), 1.08)
    let (from, to) = (log(low / factor), log(high * factor))
    let (left, right) = (8.0, width - 8)
    let height = 22 + Double(rows.count) * Self.rowHeight + 36
    let bottom = height - 36
    func x(_ rate: Double) -> Double { left + (right - left) * (log(rate) - from) / (to - from) }
    var content: HTML = ""
    if let band, band.lowerBound > 0 {
      content += """
        <rect class="rate-band" x="\(x(band.lowerBound))" y="14" width="\(x(band.upperBound) - x(band.lowerBound))" \
        height="\(bottom - 14)"/>
        """
    }
    content += axis(from: low / factor, to: high * factor, x: x, bottom: bottom, right: right)
    for (index, row) in rows.enumerated() {
      let y = 22 + Double(index) * Self.rowHeight + 20
      content += """
        <line class="gridline" x1="\(left)" y1="\(y)" x2="\(right)" y2="\(y)"/>\
        <text class="row-name" x="\(left)" y="\(y - 8)" font-size="11.5">\(row.name)</text>\
        <text x="\(right)" y="\(y - 8)" text-anchor="end" font-size="11.5">\(row.remark)</text>
        """
      if let range = row.range, range.lowerBound > 0 {
        let (a, b) = (x(range.lowerBound), x(range.upperBound))
        content += "<path class=\"interval\" d=\"M\(a) \(y)H\(b)M\(a) \(y - 3.5)v7M\(b) \(y - 3.5)v7\"/>"
      }
      content += "<g><title>\(row.name): \(rateText(row.rate))</title>\(marker(row.mark, x: x(row.rate), y: y))</g>"
    }
    return """
      <svg viewBox="0 0 \(width) \(height)" role="img" aria-label="\(title), \(subtitle)">\(content)</svg>

      """
  }

  private func axis(from: Double, to: Double, x: (Double) -> Double, bottom: Double, right: Double) -> HTML {
    let ticks = AxisTicks.logarithmic(from...to)
    var markup: HTML = "<path class=\"axis\" d=\"M8 \(bottom)H\(right)\"/>"
    var last = -1000.0
    for value in ticks.values where value >= from && value <= to {
      let place = x(value)
      guard place - last > 34, place > 18, place < right - 12 else { continue }
      last = place
      markup += """
        <path class="axis" d="M\(place) \(bottom)v4"/><text x="\(place)" y="\(bottom + 16)" text-anchor="middle" \
        font-size="11">\(rateText(value))</text>
        """
    }
    return markup
      + "<text x=\"\(right)\" y=\"\(bottom + 30)\" text-anchor=\"end\" font-size=\"11\">learning rate</text>"
  }

  private func marker(_ mark: Row.Mark, x: Double, y: Double) -> HTML {
    switch mark {
    case .rule: SeriesStyle(index: 0).marker(x: x, y: y, size: 4)
    case .chosen: HeatMapDrawing.choiceMarker(x: x, y: y)
    case .tried: SeriesStyle(index: 4).marker(x: x, y: y, size: 4)
    case .best: SeriesStyle(index: 2).marker(x: x, y: y, size: 4.5)
    }
  }

  private var numbers: HTML {
    var table = DataTable([
      .init("", .word), .init("learning rate"), .init("from"), .init("to"), .init(remarkTitle, .word),
    ])
    var csv = CSVText(["what", "learning_rate", "from", "to", "remark"])
    for row in rows {
      table.add([
        row.name, rateText(row.rate), row.range.map { rateText($0.lowerBound) } ?? "",
        row.range.map { rateText($0.upperBound) } ?? "", row.remark,
      ])
      csv.add([
        row.name, "\(row.rate)", row.range.map { "\($0.lowerBound)" } ?? "",
        row.range.map { "\($0.upperBound)" } ?? "", row.remark,
      ])
    }
    return .details("Numbers", table.html + csv.link("\(slug).csv", name: "\(slug).csv"))
  }
}
