import Foundation
import TestSupport
import Testing

/// Whole evaluations through the command line, in a process of their own.
@Suite("Evaluations as they are run")
struct EvaluationRunTests {
  private func json(_ path: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any])
  }

  @Test("C-Eval's test split, whose answers are not public, leaves the file that is sent in")
  func submission() throws {
    let quiz = try Quiz(count: 10)
    let header = "id,question,A,B,C,D\n"
    let asked = (0..<6).map { "\($0),number \($0)?,春眠,story,no,\($0)\n" }
    try quiz.directory.write(
      header + asked.joined(), to: "benchmarks/ceval/test/computer_network_test.csv")
    try quiz.directory.write(
      "id,question,A,B,C,D,answer,explanation\n0,what?,春眠,story,no,1,B,so\n",
      to: "benchmarks/ceval/dev/computer_network_dev.csv")
    let run = try quiz.tiny.admix(
      ["eval", "model", "--tasks", "ceval-test_computer_network", "--num_fewshot", "1", "--output_path", "out"])
    #expect(run.status == 0, "\(run.error)")
    let submission = try json(quiz.directory.path + "/out/eval/submission.json")
    let answers = try #require(submission["computer_network"] as? [String: String])
    #expect(answers.keys.sorted() == ["0", "1", "2", "3", "4", "5"])
    #expect(answers.values.allSatisfy { $0.count == 1 && "ABCD".contains($0) }, "\(answers)")
  }

  @Test("As a stage after a training it asks that model, and the report has scores, chance and overlap")
  func stage() throws {
    let quiz = try Quiz(count: 40)
    try quiz.directory.write(
      "task: seen\ndataset_path: json\ndataset_kwargs: {data_files: {test: ../zh.jsonl}}\ntest_split: test\n"
        + "output_type: loglikelihood_rolling\ndoc_to_target: text\nmetric_list: [{metric: bits_per_byte}]\n",
      to: "bench/seen.yaml")
    try quiz.directory.write(
      """
      job: pipeline
      name: both
      stages:
        - name: train
          job: cpt
          model: model
          sources:
            - {name: zh, role: added, paths: [zh.jsonl]}
            - {name: en, role: retained, paths: [en.jsonl]}
          mixture: {almr: 0.5}
          recipe: {steps: 2, sequence_length: 32, global_batch_size: 8, learning_rate: 1.0e-3}
        - name: before
          job: eval
          model: model
          tasks: &tasks [bench/quiz.yaml, bench/seen.yaml]
          limit: 30
          trained_on: &texts [zh.jsonl, en.jsonl]
        - {name: after, job: eval, model: "${train.model}", tasks: *tasks, limit: 30, trained_on: *texts}
      output: out
      """, to: "pipeline.yaml")
    let run = try quiz.tiny.admix(["run", "pipeline.yaml", "--output", "out"])
    #expect(run.status == 0, "\(run.error)")
    let result = try json(quiz.directory.path + "/out/result.json")
    let stages = try #require(result["stages"] as? [String: [String: Any]])
    func bits(_ stage: String) throws -> Double {
      let scores = try #require(stages[stage]?["eval"] as? [String: [String: Double]])
      #expect(scores["quiz"]?["acc,none"] != nil)
      return try #require(scores["seen"]?["bits_per_byte,none"])
    }
    let (before, after) = (try bits("before"), try bits("after"))
    #expect(after < before, "two steps on these texts")
    let overlap = try #require(stages["after"]?["eval_overlap"] as? [String: [String: Int]])
    #expect(overlap["seen"]?["items"] == 30 && overlap["quiz_even"]?["overlapping"] == 0, "\(overlap)")
    let report = try String(contentsOfFile: quiz.directory.path + "/out/report.md", encoding: .utf8)
    for words in ["Before and after, on benchmarks", "| before | after |", "share 13 words", "(chance)"] {
      #expect(report.contains(words), "\(words): \(report)")
    }
    let manifest = try json(quiz.directory.path + "/out/stages/after/eval/manifest.json")
    let model = try #require(manifest["model"] as? [String: Any])
    #expect(model["weights_sha256"] as? String == stages["train"]?["weights_sha256"] as? String)
  }
}
