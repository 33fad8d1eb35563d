internal import Foundation

/// Hashes of weights that were published for certain inputs: training the same recipe on the same files must give them
/// again, on any machine. A text file, a line each: numerics version, SHA-256 of the recipe with its inputs, SHA-256 of
/// the weights, and after `#` what the line is about.
public struct KnownWeights: Sendable {
  public enum Verdict: Sendable, Equatable {
    case same
    case different(expected: String)
    /// Other inputs, another recipe, or another version of the numerics than any line has.
    case unknown(numericsOfRecipe: [UInt32])
  }

  private struct Entry { var numerics: UInt32, recipe: String, weights: String }
  private let entries: [Entry]
  private let path: String

  /// - Throws: `OutputError` with the line that is none.
  public init(path: String) throws(OutputError) {
    let text: String
    do {
      text = try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      throw OutputError(path: path, problem: "cannot be read as a list of known weights", remedy: "Check --known")
    }
    self.path = path
    var entries: [Entry] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
      if words.isEmpty { continue }
      guard words.count == 3, let numerics = UInt32(words[0]), words[1...].allSatisfy(Self.isHash) else {
        throw OutputError(
          path: path, problem: "line \(index + 1) is no entry",
          remedy: "Write: NUMERICS RECIPE_SHA256 WEIGHTS_SHA256 # comment")
      }
      entries.append(Entry(numerics: numerics, recipe: String(words[1]), weights: String(words[2])))
    }
    self.entries = entries
  }

  private static func isHash(_ word: Substring) -> Bool {
    word.count == 64 && word.allSatisfy { ("0"..."9").contains($0) || ("a"..."f").contains($0) }
  }

  public func verdict(recipe: String, weights: String, numerics: UInt32) -> Verdict {
    let same = entries.filter { $0.recipe == recipe }
    guard let entry = same.first(where: { $0.numerics == numerics }) else {
      return .unknown(numericsOfRecipe: same.map(\.numerics))
    }
    return entry.weights == weights ? .same : .different(expected: entry.weights)
  }

  /// The verdict on a finished result for people, as a line below `resultLines`; nil when there are no weights.
  public func line(_ result: JSONNode, numerics: UInt32) -> (text: String, isBroken: Bool)? {
    guard let weights = result["weights_sha256"]?.string, let recipe = result["recipe_sha256"]?.string else {
      return nil
    }
    let (text, isBroken): (String, Bool) =
      switch verdict(recipe: recipe, weights: weights, numerics: numerics) {
      case .same: ("yes: these are the weights that \(path) names for these inputs", false)
      case .different(let expected):
        (
          "NO: for these inputs \(path) names \(expected). The promise of the same bits is broken here; please report "
            + "this with the processor's name", true
        )
      case .unknown(let others) where others.isEmpty:
        (
          "not known: \(path) has no line for recipe \(recipe.prefix(16)). Other releases of the texts' packages give "
            + "other inputs", false
        )
      case .unknown(let others):
        (
          "not known: \(path) has these inputs only for numerics \(others.map { "\($0)" }.joined(separator: ", ")), "
            + "this build's are \(numerics)", false
        )
      }
    return ("  known       \(text)", isBroken)
  }
}
