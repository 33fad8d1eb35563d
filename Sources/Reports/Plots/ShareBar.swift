/// A bar for a table's cell: a share that was reached, with a tick where it was asked for.
public struct ShareBar: Sendable {
  public let achieved: Double
  public let requested: Double?
  public let index: Int

  public init(achieved: Double, requested: Double? = nil, index: Int) {
    self.achieved = achieved
    self.requested = requested
    self.index = index
  }

  public var html: HTML {
    let width = 110.0
    let tick: HTML =
      requested.map { "<path class=\"axis\" d=\"M\(width * min(1, max(0, $0))) 0v12\"/>" } ?? ""
    let style = SeriesStyle(index: index)
    return """
      <svg viewBox="0 0 \(width) 12" style="width:7rem;display:inline-block;vertical-align:middle" aria-hidden="true">\
      <rect class="gridline" fill="none" x="0.5" y="2.5" width="\(width - 1)" height="7"/>\
      <rect class="solid \(style.fill)" x="0" y="2" width="\(width * min(1, max(0, achieved)))" height="8"/>\
      \(tick)</svg>
      """
  }
}
