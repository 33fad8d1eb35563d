import Templates
import Testing

@testable import EvaluationJob

@Suite("Scores")
struct ScoreTests {
  @Test("Means, deviations and group averages are the harness's")
  func aggregation() throws {
    let values = [1.0, 0, 0, 1, 1].map { Aggregation.Value.number($0) }
    #expect(Aggregation.mean.score(values) == 0.6)
    #expect(abs((Aggregation.mean.standardError(values) ?? 0) - 0.2449489742783178) < 1e-15)
    #expect(Aggregation.mean.standardError([.number(1)]) == nil)
    #expect(GroupScore.score([0.5, 1], sizes: [30, 10], isWeightedBySize: true) == 0.625)
    #expect(GroupScore.score([0.5, 1], sizes: [30, 10], isWeightedBySize: false) == 0.75)
    // pooled_sample_stderr([0.09, 0.1], [30, 10]); unweighted_mean_stderr([0.09, 0.1])
    #expect(
      abs(GroupScore.standardError([0.09, 0.1], sizes: [30, 10], isWeightedBySize: true) - 0.07230691165915061) < 1e-12)
    #expect(
      abs(GroupScore.standardError([0.09, 0.1], sizes: [30, 10], isWeightedBySize: false) - 0.06726812023536856) < 1e-12
    )
    // bootstrap_stderr(perplexity, [-1.0, -2.5, -0.5, -3.0], 2000) of lm-eval 0.4.13
    let sums = [-1.0, -2.5, -0.5, -3.0].map { Aggregation.Value.number($0) }
    let error = try #require(Aggregation.perplexity.standardError(sums, draws: 2000))
    #expect(abs(error - PythonBootstrap.perplexity) < 1e-9)
    let bits = [Aggregation.Value.weighted(sum: -30, weight: 20), .weighted(sum: -10, weight: 5)]
    #expect(abs(Aggregation.bitsPerByte.score(bits) - 1.6 / 0.6931471805599453) < 1e-12)
  }

  @Test("pass@k is estimated without bias")
  func passAtK() {
    #expect(abs(CodeScores.estimate(count: 5, passed: 2, tries: 1) - 0.4) < 1e-12)
    #expect(abs(CodeScores.estimate(count: 10, passed: 3, tries: 2) - 0.5333333333333333) < 1e-12)
    #expect(CodeScores.estimate(count: 3, passed: 2, tries: 2) == 1)
    // The first word after an opening fence counts as a language, in the harness too.
    #expect(CodeScores.codeBlock("\ndef f():\n  pass\n```\nmore") == "def f():\n  pass")
    #expect(CodeScores.codeBlock("def f():\n  pass\n```\nmore") == " f():\n  pass")
    #expect(CodeScores.codeBlock("text without a fence") == "")
  }

  @Test("EQ-Bench's two rules agree on a plain answer and differ where the answer was revised")
  func eqBench() throws {
    let row = TemplateDictionary([
      "reference_answer_fullscale": .string(
        "{'emotion1': 'Remorseful', 'emotion2': 'Indifferent', 'emotion3': 'Affectionate', 'emotion4': 'Annoyed', "
          + "'emotion1_score': 0, 'emotion2_score': '6', 'emotion3_score': 0, 'emotion4_score': '7'}")
    ])
    func scores(_ text: String) -> [String: Double] {
      Dictionary(uniqueKeysWithValues: EQBench.scores(row, answer: text).map { ($0.name, $0.value.number) })
    }
    let plain = scores("Remorseful: 2\nIndifferent: 3\nAffectionate: 0\nAnnoyed: 5")
    #expect(abs((plain["eqbench"] ?? 0) - PythonBootstrap.eqbench) < 1e-9)
    #expect(plain["eqbench_official_first"] == nil, "without headings the authors' rule reads nothing")
    let revised = scores(
      "First pass scores:\nRemorseful: 2\nIndifferent: 3\nAffectionate: 0\nAnnoyed: 5\n\nCritique: no\n\n"
        + "Revised scores:\n**remorseful**: 0\nIndifferent: 6\nAffectionate: 0\nAnnoyed: 7")
    // The harness does not see the emphasized one, and takes the first pass' in its place.
    #expect(revised["percent_parseable"] == 100 && revised["eqbench"] ?? 100 < 100)
    #expect(revised["eqbench_official_revised"] == 100)
    #expect(revised["eqbench_official_first"] == plain["eqbench"])
    let twice = "Revised scores:\nAnnoyed: 7\nannoyed: 7\nIndifferent: 6\nAffectionate: 0"
    #expect(scores(twice)["eqbench_official_revised"] == nil)
    let again = scores("Revised scores:\nIndifferent: 6\nRevised scores:\nRemorseful: 0\nAffectionate: 0\nAnnoyed: 7")
    #expect(again["eqbench_official_revised"] == 100, "after the first heading of that name")
    #expect(Set(scores("I feel fine.").keys) == ["eqbench", "percent_parseable"])
  }

  @Test("EQ-Bench's final score is of the pass that the authors' program takes")
  func eqBenchPasses() {
    func official(_ first: Double?, _ revised: Double?, _ counts: (Int, Int)) -> [Double] {
      let passes = [("first", first), ("revised", revised)].compactMap { name, value in
        value.map {
          TaskScores.Score(
            metric: "eqbench_official_\(name)", filter: "none", value: $0, standardError: 1, higherIsBetter: true)
        }
      }
      return EQBench.derived(passes, counts: counts, items: 200, filter: "none").map(\.value)
    }
    #expect(official(40, 40, (100, 95)) == [40, 47.5])
    #expect(official(40, 50, (100, 94)) == [40, 50])
    #expect(official(40, 39, (100, 100)) == [40, 50])
    #expect(official(-3, nil, (10, 0)) == [-3, 5])
    #expect(official(nil, nil, (0, 0)) == [0, 0])
  }

  @Test("Filters extract as the harness's do, and count what they cannot")
  func filters() throws {
    let strict = try FilterSteps(
      .init(name: "s", steps: [.regex(pattern: #"#### (\-?[0-9\.\,]+)"#, group: 0, fallback: "[invalid]"), .takeFirst]))
    #expect(strict.apply(["so #### 1,234 it is"], row: .init()).texts == ["1,234"])
    let missed = strict.apply(["so 18 it is"], row: .init())
    #expect(missed.texts == ["[invalid]"] && missed.isUnextracted)
    let flexible = try FilterSteps(
      .init(
        name: "f",
        steps: [.regex(pattern: #"(-?[$0-9.,]{2,})|(-?[0-9]+)"#, group: -1, fallback: "[invalid]"), .takeFirst]))
    #expect(flexible.apply(["first 3, then $1,200.50 "], row: .init()).texts == ["$1,200.50"])
    let vote = try FilterSteps(.init(name: "v", steps: [.removeWhitespace, .majorityVote, .takeFirst]))
    #expect(vote.apply(["a ", "b", "b", "a"], row: .init()).texts == ["a"])
  }

  @Test("exact_match ignores what the task says, on both sides")
  func exactMatch() throws {
    let match = try ExactMatch(
      .init(
        name: "exact_match", aggregation: "mean", higherIsBetter: true,
        ignoredPatterns: [",", #"\$"#, "(?s).*#### ", #"\.$"#], ignoresCase: true))
    #expect(match.isMatch("$1,200.", "He has 5.\n#### 1200"))
    #expect(!match.isMatch("1201", "#### 1200"))
  }
}
