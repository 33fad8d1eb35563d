import Templates

/// Runs programs that a model wrote, where they can do no harm.
protocol CodeRunning {
  /// Whether the program ends by itself without an error within its time.
  func passes(_ program: String) throws -> Bool
}

/// Scores of written programs: the share of those that pass, estimated without bias for k tries.
enum CodeScores {
  /// What is run: for HumanEval the prompt with its continuation, for MBPP the first block of code.
  static func predictions(_ function: String, _ texts: [String], row: TemplateDictionary) -> [String] {
    let prompt = row["prompt"]?.pythonText ?? ""
    switch function {
    case "humaneval.build_predictions": return texts.map { prompt + $0 }
    case "humaneval.build_predictions_instruct": return texts.map { prompt + $0.pythonSplit("```", limit: 1)[0] }
    default: return texts.map(codeBlock)
    }
  }

  private static var fenced: PythonPattern? { try? PythonPattern(#"(?s)```(?:\w+)?\n?(.*?)\n?```"#) }

  /// The first fenced block; the prompt may have opened it.
  static func codeBlock(_ text: String) -> String {
    if let found = fenced?.all(in: "```" + text).first?.first { return found }
    return fenced?.all(in: text.pythonReplaced("```python", with: "```")).first?.first ?? ""
  }

  static func scores(
    _ function: String, _ metric: TaskDefinition.Metric, candidates: [String], test: String, code: (any CodeRunning)?
  ) throws -> [(name: String, value: Aggregation.Value)] {
    guard let code else { throw CodeNotAllowed() }
    let passed = try candidates.count { try code.passes($0 + "\n" + test) }
    let tries = function == "mbpp.pass_at_1" ? [1] : metric.k.isEmpty ? [1] : metric.k
    return tries.filter { $0 <= candidates.count }.map { k in
      let name = function == "mbpp.pass_at_1" ? "pass_at_1" : "pass@\(k)"
      return (name, .number(estimate(count: candidates.count, passed: passed, tries: k)))
    }
  }

  /// 1 - C(n - c, k) / C(n, k) (Chen et al. 2021, equation 1).
  static func estimate(count n: Int, passed c: Int, tries k: Int) -> Double {
    if n - c < k { return 1 }
    var product = 1.0
    for i in (n - c + 1)..<(n + 1) { product *= 1 - Double(k) / Double(i) }
    return 1 - product
  }
}

/// Scoring would run what the model wrote.
struct CodeNotAllowed: Error, CustomStringConvertible {
  var description: String {
    "scoring runs what the model wrote, which needs `allow_code_execution: true` in the job file or "
      + "`--allow-code-execution`"
  }
}
