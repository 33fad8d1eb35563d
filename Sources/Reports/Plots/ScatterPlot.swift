internal import Glibc
internal import Results

/// Points of several kinds over two amounts, with lines that say where a limit lies and a path through the best.
public struct ScatterPlot: Sendable {
  public struct Point: Sendable {
    public let x: Double
    public let y: Double
    /// What it is: a name in the table and under the pointer.
    public let name: String
    public init(_ x: Double, _ y: Double, name: String) {
      self.x = x
      self.y = y
      self.name = name
    }
  }
  public struct Group: Sendable {
    public let name: String
    public let points: [Point]
    public init(_ name: String, _ points: [Point]) {
      self.name = name
      self.points = points
    }
  }
  public struct Axis: Sendable {
    public let title: String
    public let isLogarithmic: Bool
    public let format: @Sendable (Double) -> String
    public init(_ title: String, isLogarithmic: Bool = false, format: @escaping @Sendable (Double) -> String) {
      self.title = title
      self.isLogarithmic = isLogarithmic
      self.format = format
    }
  }

  public let title: String
  public let subtitle: String
  public let slug: String
  public let x: Axis
  public let y: Axis
  public var groups: [Group]
  /// Through these points, as steps: left of a point and below it nothing is reached.
  public var front: [Point] = []
  public var frontName = ""
  public var horizontal: LinePlot.Reference?
  /// Of the table's rows: what a point's name is.
  public var nameTitle = "cell"
  public var choice: Point?
  public var note: HTML?

  public init(title: String, subtitle: String, slug: String, x: Axis, y: Axis, groups: [Group]) {
    self.title = title
    self.subtitle = subtitle
    self.slug = slug
    self.x = x
    self.y = y
    self.groups = groups.map { group in
      Group(group.name, group.points.filter { $0.x.isFinite && $0.y.isFinite && (!x.isLogarithmic || $0.x > 0) })
    }.filter { !$0.points.isEmpty }
  }

  public var isEmpty: Bool { groups.isEmpty }

  public func figure() -> HTML {
    var items = groups.enumerated().map { index, group -> HTML in
      """
      <li><svg viewBox="0 0 30 12" aria-hidden="true">\(SeriesStyle(index: index).marker(x: 15, y: 6))</svg>\
      <span>\(group.name)</span></li>
      """
    }
    if front.count > 1 {
      items.append(
        "<li><svg viewBox=\"0 0 30 12\" aria-hidden=\"true\"><path class=\"front\" d=\"M1 6H29\"/></svg>"
          + "<span>\(frontName)</span></li>")
    }
    if let choice {
      items.append(
        "<li><svg viewBox=\"0 0 30 12\" aria-hidden=\"true\">\(HeatMapDrawing.choiceMarker(x: 15, y: 6))</svg>"
          + "<span>\(choice.name)</span></li>")
    }
    let list: HTML = items.count > 1 ? "<ul class=\"legend\">\(items)</ul>\n" : ""
    let said: HTML = note.map { "<p class=\"note\">\($0)</p>" } ?? ""
    return """
      <figure><figcaption><b>\(title)</b>\(subtitle)</figcaption>
      \(list)\(svg(width: 400, height: 280))\(said)\(numbers)</figure>

      """
  }

  public func svg(width: Double, height: Double) -> HTML {
    let points = groups.flatMap(\.points) + (choice.map { [$0] } ?? [])
    guard let left = points.map(\.x).min(), let right = points.map(\.x).max(), let low = points.map(\.y).min(),
      let high = points.map(\.y).max()
    else { return "<p class=\"note\">There is nothing to draw yet.</p>" }
    // A little room, or points would lie on the axes.
    let room = 0.04 * (max(high, horizontal?.y ?? high) - min(low, horizontal?.y ?? low))
    let (bottom, top) = (min(low - room, horizontal?.y ?? low), max(high + room, horizontal?.y ?? high))
    let side = x.isLogarithmic ? 0 : 0.03 * (right - left)
    let frame = PlotFrame(
      width: width, height: height,
      x: x.isLogarithmic ? .logarithmic(left...right) : .linear((left - side)...(right + side), count: 5),
      y: .linear(bottom...top, count: 5), hasMarks: true)
    var content = frame.axes(xTitle: x.title, yTitle: y.title)
    if let horizontal {
      let place = frame.y(horizontal.y)
      content += """
        <path class="reference" d="M\(frame.left) \(place)H\(frame.right)"/>\
        <text class="reference-label" x="\(frame.right)" y="\(place > frame.top + 14 ? place - 4 : place + 12)" \
        text-anchor="end" font-size="\(PlotFrame.fontSize)">\(horizontal.label)</text>
        """
    }
    content += frontPath(frame)
    for (index, group) in groups.enumerated() {
      for point in group.points {
        content += SeriesStyle(index: index).marker(
          x: frame.x(point.x), y: frame.y(point.y), title: "\(point.name): \(x.format(point.x)), \(y.format(point.y))")
      }
    }
    if let choice, choice.x.isFinite, choice.y.isFinite {
      content += HeatMapDrawing.choiceMarker(x: frame.x(choice.x), y: frame.y(choice.y))
    }
    return frame.svg("\(title), \(subtitle)", content)
  }

  private func frontPath(_ frame: PlotFrame) -> HTML {
    let sorted = front.filter { $0.x.isFinite && $0.y.isFinite }.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
    guard sorted.count > 1 else { return "" }
    var path: HTML = "M\(frame.x(sorted[0].x)) \(frame.y(sorted[0].y))"
    for point in sorted.dropFirst() { path += "H\(frame.x(point.x))V\(frame.y(point.y))" }
    return "<path class=\"front\" d=\"\(path)\"/>"
  }

  private var numbers: HTML {
    let hasKinds = groups.count > 1
    var table = DataTable(
      [.init(nameTitle, .word), .init(x.title), .init(y.title)] + (hasKinds ? [.init("", .word)] : []))
    var csv = CSVText([nameTitle, x.title, y.title, "kind"])
    for group in groups {
      for point in group.points {
        table.add([point.name, x.format(point.x), y.format(point.y)] + (hasKinds ? [group.name] : []))
        csv.add([point.name, "\(point.x)", "\(point.y)", group.name])
      }
    }
    return .details("Numbers", table.html + csv.link("\(slug).csv", name: "\(slug).csv"))
  }
}
