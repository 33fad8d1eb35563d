import Foundation
import TestSupport
import Testing

@Suite("What an evaluation cannot use")
struct EvaluationBadInputTests {
  @Test("A missing data file is named, with the way to it")
  func missingData() throws {
    let quiz = try Quiz(count: 10)
    let mine = quiz.complaint(tasks: "[bench/gone.yaml]")
    #expect(mine.contains("bench/gone.yaml"), "\(mine)")
    try quiz.directory.write(
      "include: quiz.template.yaml\ntask: q\ndataset_kwargs: {data_files: {test: gone.csv, dev: dev.csv}}\n",
      to: "bench/q.yaml")
    let data = quiz.complaint(tasks: "[bench/q.yaml]")
    #expect(data.contains("q.yaml:3") || data.contains("gone.csv"), "\(data)")
    let builtIn = quiz.complaint(tasks: "[gsm8k]")
    #expect(
      builtIn.contains("task gsm8k") && builtIn.contains("gsm8k/train.jsonl")
        && builtIn.contains("openai/grade-school-math"), "\(builtIn)")
  }

  @Test("A field that rows lack is named with the row")
  func missingField() throws {
    let quiz = try Quiz(count: 10)
    try quiz.directory.write("question,A,B,C,D,answer\nx,1,2,3,4,A\n", to: "bench/even.csv")
    try quiz.directory.write(#"{"q": "x", "a": "1"}"# + "\n" + #"{"a": "1"}"# + "\n", to: "bench/some.jsonl")
    try quiz.directory.write(
      "task: some\ndataset_path: json\ndataset_kwargs: {data_files: {test: some.jsonl}}\ntest_split: test\n"
        + "doc_to_text: \"{{q}}?\"\ndoc_to_target: a\n", to: "bench/some.yaml")
    let complaint = quiz.complaint(tasks: "[bench/some.yaml]")
    #expect(complaint.contains("task some: row 2: doc_to_text asks for a field that the row lacks"), "\(complaint)")
    #expect(complaint.contains("The row has: a"), "\(complaint)")
  }

  @Test("An answer key out of range is named with the row")
  func answerKey() throws {
    let quiz = try Quiz(count: 10)
    try quiz.directory.write(#"{"q": "x", "a": 1}"# + "\n" + #"{"q": "y", "a": 4}"# + "\n", to: "bench/some.jsonl")
    try quiz.directory.write(
      "task: some\ndataset_path: json\ndataset_kwargs: {data_files: {test: some.jsonl}}\ntest_split: test\n"
        + "output_type: multiple_choice\ndoc_to_text: q\ndoc_to_target: a\ndoc_to_choice: [A, B, C, D]\n",
      to: "bench/some.yaml")
    let complaint = quiz.complaint(tasks: "[bench/some.yaml]")
    #expect(complaint.contains("task some: row 2: the answer key is \"4\", and there are 4 choices"), "\(complaint)")
  }

  @Test(
    "What a task file says wrong is answered at its line",
    arguments: [
      ("doc_to_text: \"a\\n{% macro x %}\"\ndoc_to_target: a\n", "line 2"),
      (
        "doc_to_text: q\ndoc_to_target: !function utils.mine\n",
        "t.yaml:6:16: doc_to_target: there is no built-in function `utils.mine`"
      ),
      (
        "doc_to_text: q\ndoc_to_target: a\nprocess_results: !function utils.score\n",
        "there is no built-in function `utils.score` for this key, and Python is not run"
      ),
      ("doc_to_text: q\ndoc_to_target: a\nuse_prompt: \"x:y\"\n", "t.yaml:7:1: use_prompt: this key is not supported"),
      (
        "doc_to_text: q\ndoc_to_target: a\ndoc_to_txt: b\n",
        "t.yaml:7:1: doc_to_txt: unknown key. Did you mean `doc_to_text`?"
      ),
      (
        "doc_to_text: q\ndoc_to_target: a\nmetric_list: [{metric: exact_mach}]\n",
        "there is no metric `exact_mach` for this output_type. Did you mean `exact_match`?"
      ),
      (
        "doc_to_text: q\ndoc_to_target: a\nfilter_list: [{name: x, filter: [{function: regx}]}]\n",
        "there is no filter `regx`. Did you mean `regex`?"
      ),
      ("doc_to_text: q\n", "doc_to_target: this key is missing"),
    ])
  func taskFile(rest: String, complaint: String) throws {
    let quiz = try Quiz(count: 10)
    try quiz.directory.write(#"{"q": "x", "a": "1"}"# + "\n", to: "bench/some.jsonl")
    try quiz.directory.write(
      "task: t\ndataset_path: json\ndataset_kwargs: {data_files: {test: some.jsonl}}\ntest_split: test\n" + rest,
      to: "bench/t.yaml")
    let found = quiz.complaint(tasks: "[bench/t.yaml]")
    #expect(found.contains(complaint), "\(found)")
  }

  @Test("A dataset of a hub is refused, and an unknown task is answered with the nearest one")
  func unknown() throws {
    let quiz = try Quiz(count: 10)
    try quiz.directory.write(
      "task: t\ndataset_path: openai/gsm8k\ntest_split: test\ndoc_to_text: q\ndoc_to_target: a\n", to: "bench/t.yaml")
    #expect(
      quiz.complaint(tasks: "[bench/t.yaml]").contains(
        "`openai/gsm8k` is a dataset of a hub, and Admix downloads nothing"))
    let near = quiz.complaint(tasks: "[cmmlu_anatmy]")
    #expect(near.contains("there is no task `cmmlu_anatmy`. Did you mean `cmmlu_anatomy`?"), "\(near)")
  }

  @Test("A model whose tokenizer came later than its weights is refused, and the part named")
  func parts() throws {
    let quiz = try Quiz(count: 10)
    let exported = try quiz.tiny.admix(["export", "model", "exported"])
    #expect(exported.status == 0, "\(exported.error)")
    let file = quiz.tiny.file("exported/tokenizer.model")
    try (Data(contentsOf: file) + [0x20]).write(to: file)
    let run = try quiz.tiny.admix(["eval", "exported", "--tasks", "bench/quiz.yaml", "--output_path", "out"])
    #expect(run.status == 2 && run.error.contains("the tokenizer and weights do not belong together"), "\(run.error)")
  }

  @Test("A task that runs code is refused unless that is allowed")
  func code() throws {
    let quiz = try Quiz(count: 10)
    #expect(quiz.complaint(tasks: "[humaneval]").contains("the task `humaneval` runs what the model writes"))
  }

  @Test("Prompts longer than the context lose their beginning, and are counted")
  func longPrompts() throws {
    let quiz = try Quiz(count: 20)
    let run = try quiz.tiny.admix(
      ["eval", "model", "--tasks", "bench/quiz.yaml", "--limit", "5", "--num_fewshot", "4", "--output_path", "out"])
    #expect(run.status == 0, "\(run.error)")
    let table = try String(contentsOfFile: quiz.directory.path + "/out/eval/table.md", encoding: .utf8)
    #expect(table.contains("quiz_even: 5 of 5 prompts were longer than the model's context"), "\(table)")
    #expect(table.contains("- quiz_even: 5 of 20 items were asked."), "\(table)")
  }
}
