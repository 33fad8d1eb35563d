/// Markup. A literal is markup as it stands; what is interpolated into it is text and is escaped, unless it is `HTML`
/// itself. So a job's name with `<script>` in it cannot become one.
public struct HTML: Sendable, ExpressibleByStringInterpolation {
  public private(set) var markup: String

  public init(stringLiteral value: String) { markup = value }
  public init(stringInterpolation: StringInterpolation) { markup = stringInterpolation.markup }
  public init(_ parts: [HTML]) { markup = parts.map(\.markup).joined() }

  /// The text itself, escaped for elements and quoted attributes.
  public init(text: String) { markup = Self.escaped(text) }

  public static func + (left: HTML, right: HTML) -> HTML { HTML([left, right]) }
  public static func += (left: inout HTML, right: HTML) { left.markup += right.markup }

  public struct StringInterpolation: StringInterpolationProtocol {
    fileprivate(set) var markup = ""

    public init(literalCapacity: Int, interpolationCount: Int) { markup.reserveCapacity(literalCapacity) }
    public mutating func appendLiteral(_ literal: String) { markup += literal }
    public mutating func appendInterpolation(_ text: String) { markup += HTML.escaped(text) }
    public mutating func appendInterpolation(_ number: Int) { markup += String(number) }
    /// A coordinate: one digit after the point is finer than any screen.
    public mutating func appendInterpolation(_ number: Double) { markup += HTML.coordinate(number) }
    public mutating func appendInterpolation(_ html: HTML) { markup += html.markup }
    public mutating func appendInterpolation(_ parts: [HTML]) { for part in parts { markup += part.markup } }
    public mutating func appendInterpolation(_ html: HTML?) { markup += html?.markup ?? "" }
  }

  private static func escaped(_ text: String) -> String {
    var escaped = ""
    escaped.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      // No document may hold these, not even as a reference (HTML standard, 13.2.5.5).
      case _ where scalar.value < 32 && !"\t\n".unicodeScalars.contains(scalar): escaped += "\u{FFFD}"
      case "\u{7F}"..."\u{9F}": escaped += "\u{FFFD}"
      // Marks that turn the writing direction would make a line read as something else.
      case "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}": escaped += "\u{FFFD}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  private static func coordinate(_ number: Double) -> String {
    guard number.isFinite, abs(number) < 1e9 else { return "0" }
    let tenths = (number * 10).rounded()
    let whole = Int(tenths / 10)
    let rest = Int(abs(tenths)) % 10
    if rest == 0 { return String(whole) }
    return (tenths < 0 && whole == 0 ? "-0" : String(whole)) + ".\(rest)"
  }
}
