/// Where the data of the program's own tasks can be had.
enum DataSources {
  /// By the first folder of a data file's path.
  static let origins: [(folder: String, origin: String)] = [
    (
      "ceval",
      "https://cevalbenchmark.com or the dataset ceval/ceval-exam, unpacked as ceval/{dev,val,test}/SUBJECT_SPLIT.csv"
    ),
    ("cmmlu", "https://github.com/haonan-li/CMMLU, unpacked as cmmlu/{dev,test}/SUBJECT.csv"),
    (
      "mmlu",
      "https://github.com/hendrycks/test, as mmlu/{dev,test}/SUBJECT_SPLIT.csv with the header "
        + "question,choice0,choice1,choice2,choice3,answer and answers 0 to 3"
    ),
    ("gsm8k", "https://github.com/openai/grade-school-math, as gsm8k/{train,test}.jsonl"),
    ("humaneval", "https://github.com/openai/human-eval, as humaneval/HumanEval.jsonl.gz"),
    ("mbpp", "https://github.com/google-research/google-research/tree/master/mbpp, as mbpp/mbpp.jsonl"),
    ("eq_bench", "https://github.com/EQ-bench/EQ-Bench, as eq_bench/eq_bench_v2_questions_171.json"),
  ]

  static func origin(ofFile name: String) -> String? {
    origins.first { name.hasPrefix($0.folder + "/") }?.origin
  }
}
