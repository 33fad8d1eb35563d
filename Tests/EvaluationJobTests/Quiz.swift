import EvaluationJob
import Foundation
import JobFiles
import JobKit
import TestSupport
import WireProtocol

/// A folder with a small model and a benchmark of its own: 600 questions of four choices in two subjects, sums to
/// continue, and texts.
struct Quiz {
  let tiny: TinyJob
  var directory: TemporaryDirectory { tiny.directory }

  init(count: Int = 600) throws {
    tiny = try TinyJob()
    let header = "question,A,B,C,D,answer\n"
    let rows = (0..<count).map {
      "\"number \($0), what?\",春眠,story \($0),no,\($0 * 7 % 31),\(["A", "B", "C", "D"][$0 % 4])\n"
    }
    try directory.write(header + rows.joined(), to: "bench/even.csv")
    try directory.write(header + rows.prefix(40).joined(), to: "bench/odd.csv")
    try directory.write(header + rows.suffix(7).joined(), to: "bench/dev.csv")
    let sums = (1...30).map { #"{"question": "What is \#($0) and \#($0)?", "answer": "so\n#### \#(2 * $0)"}"# + "\n" }
    try directory.write(sums.joined(), to: "bench/sums.jsonl")
    try directory.write(
      """
      group: quiz
      aggregate_metric_list: [{metric: acc, weight_by_size: true}]
      task:
        - {task: quiz_even, include: quiz.template.yaml, tag: quiz_tag,
           dataset_kwargs: {data_files: {test: even.csv, dev: dev.csv}}}
        - {task: quiz_odd, include: quiz.template.yaml, tag: quiz_tag,
           dataset_kwargs: {data_files: {test: odd.csv, dev: dev.csv}}}
      metadata: {version: 1.0}
      """, to: "bench/quiz.yaml")
    try directory.write(
      """
      dataset_path: csv
      test_split: test
      fewshot_split: dev
      num_fewshot: 1
      output_type: multiple_choice
      description: "Questions.\\n\\n"
      doc_to_text: "{{question.strip()}}\\nA. {{A}}\\nB. {{B}}\\nC. {{C}}\\nD. {{D}}\\nAnswer:"
      doc_to_choice: ["A", "B", "C", "D"]
      doc_to_target: "{{['A', 'B', 'C', 'D'].index(answer)}}"
      metadata: {version: 1.0}
      """, to: "bench/quiz.template.yaml")
    try directory.write(
      """
      task: sums
      dataset_path: json
      dataset_kwargs: {data_files: {test: sums.jsonl}}
      test_split: test
      doc_to_text: "{{question}}\\n"
      doc_to_target: "{{answer}}"
      generation_kwargs: {until: ["\\n\\n"], max_gen_toks: 12}
      metric_list: [{metric: exact_match, regexes_to_ignore: ["(?s).*#### "]}]
      filter_list:
        - name: number
          filter: [{function: regex, regex_pattern: "(-?[0-9]+)", group_select: -1}, {function: take_first}]
      metadata: {version: 0.1}
      """, to: "bench/sums.yaml")
    try directory.write(
      """
      task: poems
      dataset_path: json
      dataset_kwargs: {data_files: {test: ../zh.jsonl}}
      test_split: test
      output_type: loglikelihood_rolling
      doc_to_target: "{{text}}"
      """, to: "bench/poems.yaml")
  }

  func jobFile(tasks: String = "[bench/quiz.yaml, bench/sums.yaml, bench/poems.yaml]", more: String = "") -> String {
    "job: eval\nname: quiz\nmodel: model\ntasks: \(tasks)\n\(more)\n"
  }

  /// A stage of a pipeline that trains the model a little.
  static func trainingStage(steps: Int = 2) -> String {
    "{name: train, job: cpt, model: model, mixture: {almr: 0.5}, "
      + "sources: [{name: zh, role: added, paths: [zh.jsonl]}, {name: en, role: retained, paths: [en.jsonl]}], "
      + "recipe: {steps: \(steps), sequence_length: 32, global_batch_size: 8, learning_rate: 1.0e-3}}"
  }

  /// The error that planning the job ends with.
  func complaint(tasks: String, more: String = "") -> String {
    do {
      let file = try directory.write(jobFile(tasks: tasks, more: more), to: "job.yaml")
      _ = try PlannedJob(JobFile(readingFrom: file.path), jobTypes: [EvalJob()])
      return "planned"
    } catch {
      return "\(error)".replacingOccurrences(of: directory.path + "/", with: "")
        .replacingOccurrences(of: "/private", with: "")
    }
  }

  /// Every file of a directory, by name.
  static func files(in directory: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
      files[name] = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)"))
    }
    return files
  }
}
