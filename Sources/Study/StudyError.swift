/// Why a study cannot be done with what was given: where, what was found, what is expected, and the way out.
public struct StudyError: Error, Equatable, CustomStringConvertible {
  public struct Code: Sendable, Equatable {
    private let name: String
    /// The text is no CSV.
    public static let notCSV = Code(name: "notCSV")
    public static let missingColumn = Code(name: "missingColumn")
    /// A field holds something else than its column asks for.
    public static let badField = Code(name: "badField")
    public static let duplicateCells = Code(name: "duplicateCells")
    public static let mismatchedSets = Code(name: "mismatchedSets")
    /// A law or the surface has more parameters than the cells can tell.
    public static let tooFewCells = Code(name: "tooFewCells")
    /// What is asked for names a set, law or option that is not there.
    public static let unknownName = Code(name: "unknownName")
    /// An option's value, or the lack of one.
    public static let badOption = Code(name: "badOption")
    /// Two models that cannot be compared as asked.
    public static let incomparable = Code(name: "incomparable")
  }

  public let code: Code
  /// `cells.csv line 7, column learning_rate`, or the law or option that is meant.
  public let place: String
  public let found: String
  public let expected: String
  /// What to do about it; may be empty.
  public let wayOut: String

  public init(_ code: Code, _ place: String, found: String, expected: String, wayOut: String = "") {
    self.code = code
    self.place = place
    self.found = found
    self.expected = expected
    self.wayOut = wayOut
  }

  public var description: String {
    "\(place): found \(found), expected \(expected)" + (wayOut.isEmpty ? "" : "; \(wayOut)")
  }
}

/// Someone's text in a message: cut short, without control characters.
func quoted(_ text: some StringProtocol) -> String {
  let plain = String(
    String.UnicodeScalarView(text.unicodeScalars.prefix(60).filter { $0.value >= 32 && $0.value != 127 }))
  return "“\(plain)\(text.unicodeScalars.count > 60 ? "…" : "")”"
}
