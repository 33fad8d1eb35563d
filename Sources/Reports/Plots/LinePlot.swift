internal import Results

/// Lines over steps (or any other whole numbers): drawn in the sizes that a page needs, with a legend, the numbers in a
/// table, and all of them as comma-separated values.
public struct LinePlot: Sendable {
  public struct Series: Sendable {
    public let name: String
    /// In the order of x. A y that is not finite breaks the line.
    public var points: [Point]
    public init(_ name: String, _ points: [Point]) {
      self.name = name
      self.points = points
    }
  }
  public struct Point: Sendable, Equatable {
    public let x: Double
    public let y: Double
    public init(_ x: Double, _ y: Double) {
      self.x = x
      self.y = y
    }
  }
  public struct Reference: Sendable {
    public let y: Double
    public let label: String
    public init(_ y: Double, _ label: String) {
      self.y = y
      self.label = label
    }
  }

  public let title: String
  /// What the y axis counts, with its unit.
  public let subtitle: String
  /// Of the file with the numbers.
  public let slug: String
  public var xTitle = "step"
  public var series: [Series]
  public var references: [Reference] = []
  public var marks: [PlotMark] = []
  public var startsAtZero = false
  /// What the y axis must span too: panels beside one another share it.
  public var yRange: ClosedRange<Double>?
  /// Where several plots share a legend and a table of their own, they have none.
  public var standsAlone = true
  /// A logarithmic y axis where the values spread over more than this ratio; nil for never.
  public var logarithmicAbove: Double?
  /// How table cells show a value.
  public var format: @Sendable (Double) -> String = { fixed($0, digits: 4) }
  /// Said below the plot.
  public var note: HTML?

  public init(title: String, subtitle: String, slug: String, series: [Series]) {
    self.title = title
    self.subtitle = subtitle
    self.slug = slug
    self.series = series
  }

  /// Nothing to draw: no series has a finite point.
  public var isEmpty: Bool { !series.contains { $0.points.contains { $0.y.isFinite } } }

  /// Up to so many points a line has markers.
  private static let markedPointsMax = 40

  private var isMarked: Bool { series.allSatisfy { $0.points.count <= Self.markedPointsMax } }

  private var finiteValues: [Double] {
    series.flatMap(\.points).map(\.y).filter(\.isFinite) + references.map(\.y)
      + (yRange.map { [$0.lowerBound, $0.upperBound] } ?? [])
  }

  private var isLogarithmic: Bool {
    guard let logarithmicAbove, let low = finiteValues.min(), let high = finiteValues.max(), low > 0 else {
      return false
    }
    return high / low > logarithmicAbove
  }

  private var fullSubtitle: String { isLogarithmic ? "\(subtitle), logarithmic" : subtitle }

  /// The plot with its legend and numbers; `isLead` ones take the page's width and are drawn again for a phone.
  public func figure(isLead: Bool = false) -> HTML {
    let legend = series.enumerated().map { index, series -> HTML in
      "<li>\(SeriesStyle(index: index).sample(withMarker: isMarked))<span>\(series.name)</span></li>"
    }
    let list: HTML = series.count > 1 && standsAlone ? "<ul class=\"legend\">\(legend)</ul>\n" : ""
    let kind: HTML = isLead ? " class=\"lead-plot\"" : ""
    let drawing: HTML =
      isLead
      ? """
      <div class="wide">\(svg(width: 860, height: 340))</div>\
      <div class="narrow">\(svg(width: 400, height: 280))</div>
      """
      : svg(width: 400, height: 235)
    let said: HTML = note.map { "<p class=\"note\">\($0)</p>" } ?? ""
    return """
      <figure\(kind)><figcaption><b>\(title)</b>\(fullSubtitle)</figcaption>
      \(list)\(drawing)\(said)\(standsAlone ? numbers : "")</figure>

      """
  }

  /// The drawing alone.
  public func svg(width: Double, height: Double) -> HTML {
    let points = series.flatMap(\.points)
    let finite = finiteValues
    guard let low = finite.min(), let high = finite.max(), let first = points.map(\.x).min(),
      let last = points.map(\.x).max()
    else { return "<p class=\"note\">There is nothing to draw yet.</p>" }
    let frame = PlotFrame(
      width: width, height: height, x: .steps(first...last, count: width > 600 ? 10 : 5),
      y: isLogarithmic
        ? .logarithmic(low...high) : .linear(low...high, count: height > 300 ? 6 : 4, fromZero: startsAtZero),
      hasMarks: !marks.isEmpty)
    var content = frame.axes(xTitle: xTitle)
    for reference in references { content += line(reference, in: frame) }
    content += frame.marks(marks)
    for (index, series) in series.enumerated() { content += line(series, SeriesStyle(index: index), in: frame) }
    return frame.svg("\(title), \(fullSubtitle)", content)
  }

  private func line(_ reference: Reference, in frame: PlotFrame) -> HTML {
    let place = frame.y(reference.y)
    // Above the line unless that is outside.
    let text = place - frame.top > 14 ? place - 4 : place + 12
    return """
      <path class="reference" d="M\(frame.left) \(place)H\(frame.right)"/>\
      <text class="reference-label" x="\(frame.right)" y="\(text)" text-anchor="end" \
      font-size="\(PlotFrame.fontSize)">\(reference.label)</text>
      """
  }

  private func line(_ series: Series, _ style: SeriesStyle, in frame: PlotFrame) -> HTML {
    let buckets = PointBuckets(series.points, count: Int(frame.right - frame.left) / 2)
    var markup: HTML = ""
    if buckets.isThinned { markup += "<path class=\"band \(style.fill)\" d=\"\(band(buckets.all, in: frame))\"/>" }
    var path = ""
    var isDown = false
    for bucket in buckets.all {
      guard bucket.mean.isFinite else {
        isDown = false
        continue
      }
      path += "\(isDown ? "L" : "M")\(text(frame.x(bucket.x))) \(text(frame.y(bucket.mean)))"
      isDown = true
    }
    let thin: HTML = series.points.count > 150 ? " thin" : ""
    markup += "<path class=\"line \(style.stroke)\(thin)\"\(style.dash) d=\"\(path)\"/>"
    if isMarked || series.points.count == 1 {
      for point in series.points where point.y.isFinite {
        markup += style.marker(
          x: frame.x(point.x), y: frame.y(point.y),
          title: "\(series.name), \(xTitle) \(grouped(UInt64(max(0, point.x)))): \(format(point.y))")
      }
    }
    return markup
  }

  /// Between the least and the greatest of each bucket.
  private func band(_ buckets: [PointBuckets.Bucket], in frame: PlotFrame) -> String {
    let finite = buckets.filter(\.mean.isFinite)
    let there = finite.map { "\(text(frame.x($0.x))) \(text(frame.y($0.high)))" }
    let back = finite.reversed().map { "\(text(frame.x($0.x))) \(text(frame.y($0.low)))" }
    return there.isEmpty ? "" : "M" + (there + back).joined(separator: "L") + "Z"
  }

  private func text(_ coordinate: Double) -> String {
    let html: HTML = "\(coordinate)"
    return html.markup
  }

  // MARK: Numbers

  /// Rows of a table that a person may still read, and of a file that a page may still carry.
  private static let tableRowsMax = 60
  private static let fileRowsMax = 2000

  private var numbers: HTML {
    let places = Set(series.flatMap { $0.points.map(\.x) }).sorted()
    let values = series.map { Dictionary($0.points.map { ($0.x, $0.y) }) { $1 } }
    func thinned(_ limit: Int) -> [Double] {
      let stride = max(1, (places.count + limit - 1) / limit)
      return places.enumerated().filter { $0.offset % stride == 0 || $0.offset == places.count - 1 }.map(\.element)
    }
    var table = DataTable([DataTable.Column(xTitle)] + series.map { DataTable.Column($0.name) })
    let shown = thinned(Self.tableRowsMax)
    for place in shown {
      table.add([grouped(UInt64(max(0, place)))] + values.map { $0[place].map(format) ?? "" })
    }
    var csv = CSVText([xTitle] + series.map(\.name))
    let written = thinned(Self.fileRowsMax)
    for place in written {
      csv.add([fixed(place, digits: 0)] + values.map { $0[place].map { $0.isFinite ? "\($0)" : "nan" } ?? "" })
    }
    let all = written.count == places.count ? "all \(places.count) rows" : "\(written.count) of \(places.count) rows"
    let some = shown.count == places.count ? "Numbers" : "Numbers (\(shown.count) of \(places.count) rows)"
    return .details(some, table.html + csv.link("\(slug).csv, \(all)", name: "\(slug).csv"))
  }
}

/// Points thinned for a drawing: more of them than places to draw become buckets with their mean, least and greatest.
struct PointBuckets {
  struct Bucket {
    let x: Double
    let mean: Double
    let low: Double
    let high: Double
  }
  let all: [Bucket]
  let isThinned: Bool

  init(_ points: [LinePlot.Point], count: Int) {
    isThinned = points.count > max(1, count)
    let size = isThinned ? (points.count + count - 1) / count : 1
    all = stride(from: 0, to: points.count, by: size).map { start in
      let part = points[start..<min(start + size, points.count)]
      let finite = part.map(\.y).filter(\.isFinite)
      let mean = finite.isEmpty ? .nan : finite.reduce(0, +) / Double(finite.count)
      return Bucket(
        x: part.reduce(0) { $0 + $1.x } / Double(part.count), mean: mean, low: finite.min() ?? .nan,
        high: finite.max() ?? .nan)
    }
  }
}
