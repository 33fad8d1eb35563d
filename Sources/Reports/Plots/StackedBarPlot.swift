internal import Results

/// Parts that add up, one column a step: where the time of a step went. More steps than columns become means.
public struct StackedBarPlot: Sendable {
  public let title: String
  public let subtitle: String
  public let slug: String
  /// Names of the parts, from the bottom.
  public let parts: [String]
  public struct Column: Sendable {
    public let x: Double
    /// One a part, not negative.
    public let values: [Double]
    public init(x: Double, values: [Double]) {
      self.x = x
      self.values = values
    }
  }
  public let columns: [Column]
  public var xTitle = "step"
  public var marks: [PlotMark] = []
  public var format: @Sendable (Double) -> String = { fixed($0, digits: 3) }
  public var note: HTML?

  public init(title: String, subtitle: String, slug: String, parts: [String], columns: [Column]) {
    precondition(columns.allSatisfy { $0.values.count == parts.count }, "a column has a value a part")
    self.title = title
    self.subtitle = subtitle
    self.slug = slug
    self.parts = parts
    self.columns = columns
  }

  public var isEmpty: Bool { !columns.contains { $0.values.contains { $0.isFinite && $0 > 0 } } }

  private static let columnsMax = 80

  /// Means over as many steps as fit a column, and how many that are.
  private var drawn: (columns: [Column], width: Int) {
    let size = max(1, (columns.count + Self.columnsMax - 1) / Self.columnsMax)
    let means = stride(from: 0, to: columns.count, by: size).map { start in
      let group = columns[start..<min(start + size, columns.count)]
      let count = Double(group.count)
      return Column(
        x: group.reduce(0) { $0 + $1.x } / count,
        values: parts.indices.map { part in group.reduce(0) { $0 + Self.drawable($1.values[part]) } / count })
    }
    return (means, size)
  }

  /// What is no amount has no height.
  private static func drawable(_ value: Double) -> Double { value.isFinite ? max(0, value) : 0 }

  public func figure() -> HTML {
    let legend = parts.enumerated().map { index, name -> HTML in
      "<li>\(SeriesStyle(index: index).swatch)<span>\(name)</span></li>"
    }
    let said: HTML = note.map { "<p class=\"note\">\($0)</p>" } ?? ""
    return """
      <figure><figcaption><b>\(title)</b>\(subtitle)</figcaption>
      <ul class="legend">\(legend)</ul>
      \(svg(width: 400, height: 235))\(said)\(numbers)</figure>

      """
  }

  public func svg(width: Double, height: Double) -> HTML {
    let (drawn, size) = drawn
    guard let first = columns.first?.x, let last = columns.last?.x else {
      return "<p class=\"note\">There is nothing to draw yet.</p>"
    }
    let highest = drawn.map { $0.values.reduce(0, +) }.max() ?? 0
    let frame = PlotFrame(
      width: width, height: height, x: .steps(first...last, count: 5),
      y: .linear(0...max(highest, 1e-12), count: 4, fromZero: true), hasMarks: !marks.isEmpty)
    // Half a column of room on either side.
    let pitch = (frame.right - frame.left) / Double(max(1, drawn.count))
    let bar = max(1, pitch * 0.74)
    var content = frame.axes(xTitle: size == 1 ? xTitle : "\(xTitle), means of \(size)")
    for column in drawn {
      let middle = min(max(frame.x(column.x), frame.left + bar / 2), frame.right - bar / 2)
      var below = 0.0
      for (index, value) in column.values.enumerated() where value > 0 {
        let top = frame.y(below + value)
        content += """
          <rect class="solid \(SeriesStyle(index: index).fill)" x="\(middle - bar / 2)" y="\(top)" width="\(bar)" \
          height="\(frame.y(below) - top)"/>
          """
        below += value
      }
    }
    content += frame.marks(marks)
    return frame.svg("\(title), \(subtitle)", content)
  }

  private var numbers: HTML {
    let (drawn, size) = drawn
    var table = DataTable([DataTable.Column(xTitle)] + parts.map { DataTable.Column($0) })
    for column in drawn { table.add([fixed(column.x, digits: size == 1 ? 0 : 1)] + column.values.map(format)) }
    var csv = CSVText([xTitle] + parts)
    for column in drawn { csv.add([fixed(column.x, digits: size == 1 ? 0 : 1)] + column.values.map { "\($0)" }) }
    let title = size == 1 ? "Numbers" : "Numbers (means of \(size) steps)"
    return .details(title, table.html + csv.link("\(slug).csv", name: "\(slug).csv"))
  }
}
