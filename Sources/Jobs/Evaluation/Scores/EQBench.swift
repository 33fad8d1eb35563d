import KernelTable
import Templates

/// EQ-Bench 2's scores of an answer: four emotions rated 0 to 10 against the reference's ratings. The further a rating
/// is off the more it costs, little at first: 6.5 / (1 + e^(-1.2 (d - 4))) up to 5, d itself beyond; four such costs,
/// scaled so that random answers earn nothing, are taken from 10.
enum EQBench {
  /// `eqbench` and `percent_parseable` by the rule of lm-evaluation-harness: out of 100, a wrong set of emotions counts
  /// as 0. By the rule of the authors' program (EQ-bench/EQ-Bench, lib/scoring.py at 92e4a8f, with revision):
  /// `eqbench_official_first` and `eqbench_official_revised`, each where the answer has the headings and its four
  /// ratings in that part; emphasis does not matter, nor does case in emotions' names.
  static func scores(_ row: TemplateDictionary, answer: String) -> [(name: String, value: Aggregation.Value)] {
    let harness = harnessScore(row, answer)
    var scores: [(name: String, value: Aggregation.Value)] = [
      ("eqbench", .number(harness ?? 0)), ("percent_parseable", .number(harness == nil ? 0 : 100)),
    ]
    let parts = officialParts(answer)
    for (name, part) in [("eqbench_official_first", parts.first), ("eqbench_official_revised", parts.revised)] {
      if let official = part.flatMap({ officialScore(row, $0) }) { scores.append((name, .number(official))) }
    }
    return scores
  }

  /// Scores over all items that follow from those of the two passes.
  static func derived(_ scores: [TaskScores.Score], counts: (first: Int, revised: Int), items: Int, filter: String)
    -> [TaskScores.Score]
  {
    func of(_ pass: String) -> TaskScores.Score? {
      scores.first { $0.metric == "eqbench_official_\(pass)" && $0.filter == filter }
    }
    let (first, revised) = (of("first"), of("revised"))
    // Revised ratings count where they are no worse and were not lost on the way.
    let isRevised =
      (revised?.value ?? 0) >= (first?.value ?? 0) && Double(counts.revised) >= 0.95 * Double(counts.first)
    let best = isRevised ? revised : first
    let parseable = 100 * Double(isRevised ? counts.revised : counts.first) / Double(max(1, items))
    func score(_ name: String, _ value: Double, _ error: Double?) -> TaskScores.Score {
      TaskScores.Score(metric: name, filter: filter, value: value, standardError: error, higherIsBetter: true)
    }
    return [
      score("eqbench_official", best?.value ?? 0, best?.standardError),
      score("eqbench_official_parseable", parseable, nil),
    ]
  }

  private static func reference(_ row: TemplateDictionary) -> [String: Double]? {
    let members: TemplateDictionary
    switch row["reference_answer_fullscale"] {
    case .dictionary(let written)?: members = written
    case .string(let text)?:
      guard case .dictionary(let read)? = PythonLiteral.value(of: text) else { return nil }
      members = read
    default: return nil
    }
    var ratings: [String: Double] = [:]
    for number in 1...4 {
      guard case .string(let emotion)? = members["emotion\(number)"], let score = members["emotion\(number)_score"],
        let value = Double(score.pythonText)
      else { return nil }
      ratings[emotion] = value
    }
    return ratings
  }

  private static var rating: PythonPattern? { try? PythonPattern(#"(\w+):\s+(\d+)"#) }

  /// Emotions in the order they are first named, each with the rating named last: Python's dict.
  private static func ratings(_ pattern: PythonPattern?, _ answer: String) -> [(emotion: String, rating: Double)] {
    var ratings: [(emotion: String, rating: Double)] = []
    for groups in pattern?.all(in: answer) ?? [] where groups.count == 2 {
      guard let rating = Double(groups[1]) else { continue }
      if let place = ratings.firstIndex(where: { $0.emotion.isSame(as: groups[0]) }) {
        ratings[place].rating = rating
      } else {
        ratings.append((groups[0], rating))
      }
    }
    return ratings
  }

  private static func harnessScore(_ row: TemplateDictionary, _ answer: String) -> Double? {
    let found = ratings(rating, answer)
    guard let reference = reference(row), found.count == 4, found.allSatisfy({ reference[$0.emotion] != nil }) else {
      return nil
    }
    return score(found, reference)
  }

  /// What stands between the two headings, and after the second.
  private static func officialParts(_ answer: String) -> (first: String?, revised: String?) {
    let plain = answer.pythonReplaced("*", with: "").pythonReplaced("#", with: "")
    let heading = "Revised scores:"
    let begun = plain.pythonSplit("First pass scores:", limit: 1)
    let first = begun.count > 1 ? begun[1].pythonSplit(heading, limit: 1) : []
    let revised = plain.pythonSplit(heading, limit: 1)
    return (first.count > 1 ? first[0] : nil, revised.count > 1 ? revised[1] : nil)
  }

  private static func officialScore(_ row: TemplateDictionary, _ part: String) -> Double? {
    guard let reference = reference(row) else { return nil }
    let lowered = Dictionary(reference.map { ($0.key.lowercased(), $0.value) }) { first, _ in first }
    // Four by the letter and four without regard to case: one emotion named in two ways is none of four.
    let named = ratings(rating, part).map { (emotion: $0.emotion.lowercased(), rating: $0.rating) }
    guard named.count == 4, Set(named.map(\.emotion)).count == 4, named.allSatisfy({ lowered[$0.emotion] != nil })
    else { return nil }
    return score(named, lowered)
  }

  private static func score(_ ratings: [(emotion: String, rating: Double)], _ reference: [String: Double]) -> Double {
    var tally = 0.0
    for (emotion, rating) in ratings {
      let difference = abs(rating - (reference[emotion] ?? 0))
      if difference == 0 { continue }
      tally += difference <= 5 ? 6.5 * (1 / (1 + BitwiseMath.exp(-1.2 * (difference - 4)))) : difference
    }
    return (10 - tally * 0.7477) * 10
  }
}
