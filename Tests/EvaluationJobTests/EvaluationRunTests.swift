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

  @Test("More or fewer tasks in the same directory: answers are taken over, and the files are those of a fresh one")
  func growing() throws {
    let quiz = try Quiz(count: 300)
    func evaluate(
      _ tasks: [String], _ output: String, model: String = "model"
    ) throws -> (status: Int32, told: String) {
      let names = tasks.map { "bench/\($0).yaml" }.joined(separator: ",")
      let run = try quiz.tiny.admix(["eval", model, "--tasks", names, "--output_path", output])
      return (run.status, run.output + run.error)
    }
    func files(_ output: String) throws -> [String: Data] {
      try Quiz.files(in: "\(quiz.directory.path)/\(output)/eval")
    }
    let first = try evaluate(["quiz"], "out")
    #expect(first.status == 0 && !first.told.contains("computed before"), "\(first.told)")
    let more = try evaluate(["quiz", "sums", "poems"], "out")
    #expect(more.status == 0, "\(more.told)")
    #expect(more.told.contains("3 of 6 shards of items were computed before and are taken over"), "\(more.told)")
    #expect(try evaluate(["quiz", "sums", "poems"], "fresh").status == 0)
    #expect(try files("out") == files("fresh"))
    let fewer = try evaluate(["poems"], "out")
    #expect(fewer.told.contains("2 of 2 shards of items were computed before"), "\(fewer.told)")
    #expect(try evaluate(["poems"], "poems").status == 0)
    #expect(try files("out") == files("poems"))
    // The same again is done already, but not where another evaluation's result came in between.
    #expect(try evaluate(["poems"], "out").told.contains("nothing is left to do"))
    let result = quiz.directory.path + "/out/result.json"
    let recipe = try json(result)["recipe_sha256"] as? String
    let stranger = try String(contentsOfFile: quiz.directory.path + "/fresh/result.json", encoding: .utf8)
    try stranger.write(toFile: result, atomically: true, encoding: .utf8)
    let restored = try evaluate(["poems"], "out")
    #expect(restored.status == 0 && !restored.told.contains("nothing is left to do"), "\(restored.told)")
    #expect(try json(result)["recipe_sha256"] as? String == recipe && recipe != nil)
    // The model and the data are not kept a second time.
    let kept = try FileManager.default.subpathsOfDirectory(atPath: quiz.directory.path + "/out/.admix")
    let sizes = try kept.map {
      try FileManager.default.attributesOfItem(atPath: "\(quiz.directory.path)/out/.admix/\($0)")[.size] as? Int ?? 0
    }
    let weights = try FileManager.default.attributesOfItem(
      atPath: quiz.directory.path + "/model/model.safetensors")[.size] as? Int
    #expect(try sizes.allSatisfy { try $0 != #require(weights) } && kept.contains("output.json"), "\(kept)")
    // Another model's answers are never mixed with these.
    try FileManager.default.copyItem(atPath: quiz.directory.path + "/model", toPath: quiz.directory.path + "/other")
    let configuration = quiz.directory.path + "/other/config.json"
    try (String(contentsOfFile: configuration, encoding: .utf8) + "\n").write(
      toFile: configuration, atomically: true, encoding: .utf8)
    let other = try evaluate(["poems"], "out", model: "other")
    #expect(other.status != 0 && other.told.contains("holds the results of another recipe"), "\(other.told)")
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
        - \(Quiz.trainingStage())
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
