/// A sentence that becomes HTML or Markdown. Literals are text like everything else: nothing in it is markup.
public struct RichText: Sendable, ExpressibleByStringInterpolation {
  enum Style: Sendable { case plain, strong, code, better, worse }
  private(set) var runs: [(style: Style, text: String)] = []

  public init(stringLiteral value: String) { runs = [(.plain, value)] }
  public init(stringInterpolation: StringInterpolation) { runs = stringInterpolation.runs }
  public init(text: String) { runs = [(.plain, text)] }

  public static func + (left: RichText, right: RichText) -> RichText {
    var sum = left
    sum.runs += right.runs
    return sum
  }

  public struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var runs: [(style: Style, text: String)] = []

    public init(literalCapacity: Int, interpolationCount: Int) {}
    public mutating func appendLiteral(_ literal: String) { runs.append((.plain, literal)) }
    public mutating func appendInterpolation(_ text: String) { runs.append((.plain, text)) }
    public mutating func appendInterpolation(_ number: Int) { runs.append((.plain, String(number))) }
    public mutating func appendInterpolation(strong text: String) { runs.append((.strong, text)) }
    public mutating func appendInterpolation(code text: String) { runs.append((.code, text)) }
    /// In the colour of what is wanted, or of what is not.
    public mutating func appendInterpolation(_ text: String, isBetter: Bool) {
      runs.append((isBetter ? .better : .worse, text))
    }
    public mutating func appendInterpolation(_ text: RichText) { runs += text.runs }
  }

  public var isEmpty: Bool { runs.allSatisfy(\.text.isEmpty) }

  public var html: HTML {
    HTML(
      runs.map { style, text in
        switch style {
        case .plain: "\(text)"
        case .strong: "<strong>\(text)</strong>"
        case .code: "<code>\(text)</code>"
        case .better: "<span class=\"better\">\(text)</span>"
        case .worse: "<span class=\"worse\">\(text)</span>"
        }
      })
  }

  /// One line of Markdown.
  public var markdown: String {
    runs.map { style, text in
      guard !text.isEmpty else { return "" }
      return switch style {
      case .strong: "**\(Self.escaped(text))**"
      // A backtick within would end it; there is none in names and numbers.
      case .code: "`\(text.filter { $0 != "`" && !$0.isNewline })`"
      case .plain, .better, .worse: Self.escaped(text)
      }
    }.joined()
  }

  /// Without any style.
  public var plain: String { runs.map(\.text).joined() }

  /// So that no character of a text means anything to Markdown, nor a tag in it to what shows the Markdown as HTML.
  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\", "`", "*", "_", "[", "]", "|", "#": escaped += "\\" + String(scalar)
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "&": escaped += "&amp;"
      case _ where scalar.value < 32: escaped += " "
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
