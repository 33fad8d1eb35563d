import _StringProcessing

/// A regular expression with the matches of Python's `re` on texts: by code points, simple word boundaries.
struct PythonPattern {
  private let regex: Regex<AnyRegexOutput>

  /// Throws for what is no pattern, or is one that this engine does not have.
  init(_ pattern: String) throws {
    regex = try Regex(pattern).matchingSemantics(.unicodeScalar).wordBoundaryKind(.simple)
  }

  /// `findall`: without groups the whole matches, with one its texts, with several the groups of each match.
  func all(in text: String) -> [[String]] {
    text.matches(of: regex).map { match in
      let groups = match.output.map { $0.substring.map(String.init) ?? "" }
      return groups.count == 1 ? groups : Array(groups.dropFirst())
    }
  }

  /// `sub(pattern, "", text)`.
  func removed(from text: String) -> String { text.replacing(regex, with: "") }
}
