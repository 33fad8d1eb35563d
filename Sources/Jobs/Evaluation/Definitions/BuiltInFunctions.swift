import Templates

/// What `!function` may name. A task of lm-evaluation-harness keeps its functions in a `utils.py` beside it; here they
/// are part of the program, under the family's name.
enum BuiltInFunctions {
  static let rowChoices = ["mbpp.test_rows"]
  static let sampleLists = ["mbpp.list_fewshot_samples"]
  static let filters = [
    "humaneval.build_predictions", "humaneval.build_predictions_instruct", "mbpp.build_predictions",
  ]
  static let metrics = ["humaneval.pass_at_k", "mbpp.pass_at_1"]
  static let results = ["eq_bench.calculate_score_fullscale"]

  static var all: [String] { rowChoices + sampleLists + filters + metrics + results }

  /// The built-in that `written` means: by its own name, or `utils.NAME` in a task of the family.
  static func resolve(_ written: String, task: String, among known: [String]) -> String? {
    if known.contains(written) { return written }
    guard written.hasPrefix("utils.") else { return nil }
    let wanted = written.dropFirst("utils.".count)
    return known.first { name in
      let parts = name.split(separator: ".")
      return parts.count == 2 && parts[1] == wanted && (task == parts[0] || task.hasPrefix("\(parts[0])_"))
    }
  }

  /// Rows that a task asks, in order.
  static func choose(_ rows: [TemplateDictionary], by name: String) -> [TemplateDictionary] {
    precondition(name == "mbpp.test_rows", "a function that chooses rows and is not there: \(name)")
    // The paper's split: 1-10 examples, 11-510 test, 511-600 validation, 601-974 training.
    return rows.filter { row in
      guard case .int(let number)? = row["task_id"] else { return false }
      return (11...510).contains(number)
    }
  }

  /// Examples written out as JSON objects.
  static func samples(of name: String) -> [String] {
    precondition(name == "mbpp.list_fewshot_samples", "a list of examples that is not there: \(name)")
    return mbppSamples
  }

  /// Tasks 2, 3 and 4 of MBPP, which the harness shows.
  private static let mbppSamples = [
    #"""
    {"task_id": 2, "text": "Write a function to find the similar elements from the given two tuple lists.",
    "code": "def similar_elements(test_tup1, test_tup2):\r\n\#
      res = tuple(set(test_tup1) & set(test_tup2))\r\n  return (res) ",
    "test_list": ["assert similar_elements((3, 4, 5, 6),(5, 7, 4, 10)) == (4, 5)",
    "assert similar_elements((1, 2, 3, 4),(5, 4, 3, 7)) == (3, 4)",
    "assert similar_elements((11, 12, 14, 13),(17, 15, 14, 13)) == (13, 14)"], "is_fewshot": true}
    """#,
    #"""
    {"task_id": 3, "text": "Write a python function to identify non-prime numbers.",
    "code": "import math\r\ndef is_not_prime(n):\r\n    result = False\r\n\#
        for i in range(2,int(math.sqrt(n)) + 1):\r\n        if n % i == 0:\r\n\#
                result = True\r\n    return result",
    "test_list": ["assert is_not_prime(2) == False", "assert is_not_prime(10) == True",
    "assert is_not_prime(35) == True"], "is_fewshot": true}
    """#,
    #"""
    {"task_id": 4, "text": "Write a function to find the largest integers from a given list of numbers using \#
    heap queue algorithm.",
    "code": "import heapq as hq\r\ndef heap_queue_largest(nums,n):\r\n\#
      largest_nums = hq.nlargest(n, nums)\r\n  return largest_nums",
    "test_list": ["assert heap_queue_largest( [25, 35, 22, 85, 14, 65, 75, 22, 58],3)==[85, 75, 65] ",
    "assert heap_queue_largest( [25, 35, 22, 85, 14, 65, 75, 22, 58],2)==[85, 75] ",
    "assert heap_queue_largest( [25, 35, 22, 85, 14, 65, 75, 22, 58],5)==[85, 75, 65, 58, 35]"], "is_fewshot": true}
    """#,
  ]
}
