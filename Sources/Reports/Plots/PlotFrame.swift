internal import Glibc

/// Where a plot's axes lie in its drawing, and how values become places.
struct PlotFrame {
  let width: Double
  let height: Double
  let x: AxisTicks
  let y: AxisTicks
  let left: Double
  let right: Double
  let top: Double
  let bottom: Double

  static let fontSize = 11.0
  /// Digits of the fonts used are at most this wide.
  private static let digitWidth = 6.3

  /// `hasMarks`: room for numbers, or for the y axis' title, above the plot.
  init(width: Double, height: Double, x: AxisTicks, y: AxisTicks, hasMarks: Bool) {
    self.width = width
    self.height = height
    self.x = x
    self.y = y
    let widest = y.labels.map(\.count).max() ?? 1
    left = Double(widest) * Self.digitWidth + 12
    right = width - 14
    top = hasMarks ? 24 : 10
    bottom = height - 34
  }

  func x(_ value: Double) -> Double { place(value, x, left, right) }
  func y(_ value: Double) -> Double { place(value, y, bottom, top) }

  private func place(_ value: Double, _ axis: AxisTicks, _ from: Double, _ to: Double) -> Double {
    guard axis.isLogarithmic else { return place(value, axis.range, from, to) }
    let range = log(axis.range.lowerBound)...log(axis.range.upperBound)
    return place(value > 0 ? log(value) : range.lowerBound, range, from, to)
  }

  private func place(_ value: Double, _ range: ClosedRange<Double>, _ from: Double, _ to: Double) -> Double {
    let span = range.upperBound - range.lowerBound
    return from + (to - from) * (span > 0 ? (value - range.lowerBound) / span : 0.5)
  }

  /// Grid, axes, ticks and their labels. A title of the y axis stands above its numbers, where no head need turn.
  func axes(xTitle: String, yTitle: String = "", hasGrid: Bool = true) -> HTML {
    var markup: HTML = ""
    if !yTitle.isEmpty {
      markup += "<text x=\"0\" y=\"\(top - 7)\" font-size=\"\(Self.fontSize)\">\(yTitle)</text>"
    }
    for (value, label) in zip(y.values, y.labels) {
      let place = y(value)
      let line: HTML =
        hasGrid ? "<line class=\"gridline\" x1=\"\(left)\" y1=\"\(place)\" x2=\"\(right)\" y2=\"\(place)\"/>" : ""
      markup += """
        \(line)<text x="\(left - 7)" y="\(place + 3.8)" text-anchor="end" font-size="\(Self.fontSize)">\(label)</text>
        """
    }
    markup += "<path class=\"axis\" d=\"M\(left) \(bottom)H\(right)\"/>"
    for (value, label) in zip(x.values, x.labels) {
      let place = x(value)
      markup += """
        <path class="axis" d="M\(place) \(bottom)v4"/>\
        <text x="\(place)" y="\(bottom + 16)" text-anchor="middle" font-size="\(Self.fontSize)">\(label)</text>
        """
    }
    markup += """
      <text x="\(right)" y="\(bottom + 30)" text-anchor="end" font-size="\(Self.fontSize)">\(xTitle)</text>
      """
    return markup
  }

  /// Vertical lines with numbers in circles at their tops; those that would touch move up by turns.
  func marks(_ marks: [PlotMark]) -> HTML {
    var markup: HTML = ""
    var lastPlaces: [Double] = [-1000, -1000]
    for mark in marks where x.range.contains(mark.x) {
      let place = x(mark.x)
      let row = place - lastPlaces[0] >= 17 ? 0 : place - lastPlaces[1] >= 17 ? 1 : 0
      lastPlaces[row] = place
      let head = top - 12 + Double(row) * 15
      let calm: HTML = mark.isCalm ? " calm" : ""
      markup += """
        <g><title>\(mark.text)</title>\
        <line class="mark\(calm)" x1="\(place)" y1="\(head + 7)" x2="\(place)" y2="\(bottom)"/>\
        <circle class="mark-head\(calm)" cx="\(place)" cy="\(head)" r="7.2"/>\
        <text class="mark-number\(calm)" x="\(place)" y="\(head + 3.4)" text-anchor="middle" \
        font-size="9.5">\(mark.number)</text></g>
        """
    }
    return markup
  }

  func svg(_ label: String, _ content: HTML) -> HTML {
    """
    <svg viewBox="0 0 \(width) \(height)" role="img" aria-label="\(label)">\(content)</svg>

    """
  }
}

/// Something that happened at a place of the x axis: a line on every plot, with the number under which it is told.
public struct PlotMark: Sendable, Equatable {
  public let x: Double
  public let number: Int
  public let text: String
  /// Nothing went wrong: a worker joined, a pause.
  public let isCalm: Bool
  public init(x: Double, number: Int, text: String, isCalm: Bool) {
    self.x = x
    self.number = number
    self.text = text
    self.isCalm = isCalm
  }
}
