/// How a series looks: a colour, and for those who do not see it a dash and a marker of its own.
struct SeriesStyle {
  let index: Int

  private static let dashes = ["", "7 4", "2 3.5", "10 3 2 3", "5 2", "1 3", "12 4"]

  var stroke: HTML { "s\(index % 7)" }
  var fill: HTML { "f\(index % 7)" }

  var dash: HTML {
    let dash = Self.dashes[index % Self.dashes.count]
    return dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\""
  }

  /// Circle, square, triangle, diamond; from the fifth on the same, hollow.
  func marker(x: Double, y: Double, size: Double = 3.3, title: String = "") -> HTML {
    let isHollow = index % 8 >= 4
    let kind: HTML = isHollow ? "hollow \(stroke)" : "solid \(fill)"
    let inside: HTML = title.isEmpty ? "" : "<title>\(title)</title>"
    switch index % 4 {
    case 0: return "<circle class=\"\(kind)\" cx=\"\(x)\" cy=\"\(y)\" r=\"\(size)\">\(inside)</circle>"
    case 1:
      let side = size * 1.8
      return """
        <rect class="\(kind)" x="\(x - side / 2)" y="\(y - side / 2)" width="\(side)" height="\(side)">\(inside)</rect>
        """
    case 2:
      let r = size * 1.25
      return """
        <path class="\(kind)" d="M\(x) \(y - r)L\(x + r) \(y + r * 0.8)H\(x - r)Z">\(inside)</path>
        """
    default:
      let r = size * 1.3
      return """
        <path class="\(kind)" d="M\(x) \(y - r)L\(x + r) \(y)L\(x) \(y + r)L\(x - r) \(y)Z">\(inside)</path>
        """
    }
  }

  /// A sample of the line for the legend.
  func sample(withMarker: Bool) -> HTML {
    let marker: HTML = withMarker ? marker(x: 15, y: 6) : ""
    return """
      <svg viewBox="0 0 30 12" aria-hidden="true"><path class="line \(stroke)"\(dash) d="M1 6H29"/>\(marker)</svg>
      """
  }

  var swatch: HTML {
    """
    <svg viewBox="0 0 30 12" aria-hidden="true"><rect class="solid \(fill)" x="6" y="1" width="18" height="10"/></svg>
    """
  }
}
