import ArgumentParser
import EvaluationJob
import Foundation
import JobFiles
import JobKit
import Results

/// `admix eval`: benchmarks' tasks on a model, on this machine.
struct Eval: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval", abstract: "Evaluates a model on benchmarks, as lm-evaluation-harness does.",
    discussion: """
      admix eval MODEL --tasks cmmlu,gsm8k --limit 100 --output_path out/eval

      On a cluster the same is a job file with `job: eval`. Results are results_*.json and samples_*.jsonl in the \
      harness's layout, table.md, and manifest.json.
      """,
    subcommands: [EvalRun.self, EvalList.self, EvalValidate.self, EvalCompare.self], defaultSubcommand: EvalRun.self)
}

struct EvalRun: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Evaluates a model: what `admix eval MODEL` does.")

  @Argument(help: "A model: a Hugging Face directory or a GGUF file.", completion: .file()) var model: String
  @Option(help: "Tasks, groups, tags or task files, with commas between.") var tasks: String
  @Option(help: "Items of each task at most; below 1 a share of them.") var limit: String?
  @Option(name: [.customLong("num_fewshot"), .customLong("num-fewshot")], help: "Examples before each item.")
  var numFewshot: Int?
  @Option(
    name: [.customLong("output_path"), .customLong("output-path"), .long],
    help: "The directory for the results (default: out/eval).", completion: .directory)
  var output: String = "out/eval"
  @Option(help: "Where the benchmarks' files lie (default: $ADMIX_BENCHMARKS or benchmarks).", completion: .directory)
  var data: String?
  @Option(
    name: [.customLong("batch_tokens"), .customLong("batch-tokens")], help: "Tokens of one forward pass at most.")
  var batchTokens: Int?
  @Flag(
    name: [.customLong("allow-code-execution"), .customLong("allow_code_execution")],
    help: "Run programs that the model writes, in a sandbox.")
  var allowCodeExecution = false
  @Option(name: [.customLong("trained_on"), .customLong("trained-on")], help: "Texts that the model was trained on.")
  var trainedOn: [String] = []
  @Flag(
    name: [.customLong("apply_chat_template"), .customLong("apply-chat-template")],
    help: "Ask in the model's chat template.")
  var applyChatTemplate = false
  @Option(
    name: [.customLong("fewshot_as_multiturn"), .customLong("fewshot-as-multiturn")],
    help: "In a chat: examples as turns of their own (default), or all in one message: true or false.")
  var fewshotAsMultiturn: Bool?
  @Option(help: "Worker processes.") var workers = 1
  @Option(help: "Threads of each worker.") var threads: Int?
  @Flag(help: "Rename an output directory that holds something else.") var force = false
  @Flag(help: "Print the result as JSON.") var json = false

  func run() throws {
    let planned = try PlannedJob(
      JobFile(bytes: Array(jobFile.utf8), path: "admix eval"), base: FileManager.default.currentDirectoryPath,
      jobTypes: jobTypes)
    var arguments = ["-", "--output", output, "--workers", "\(workers)"]
    if let threads { arguments += ["--threads", "\(threads)"] }
    if force { arguments.append("--force") }
    if json { arguments.append("--json") }
    // More tasks, or more of their items, find what the directory's evaluations of the same model have answered.
    let family = planned.contentDigest(ofInput: EvalJob.modelInput).map {
      OutputClaim.Family(digest: $0, results: [EvalJob.resultsTree])
    }
    try Run.parse(arguments).run(planned, family: family)
    let table = "\(Machine.absolute(output))/\(EvalJob.resultsTree)/table.md"
    if !json, let text = readText(table) { Console.shared.print(text.split(separator: "\n").map(String.init)) }
  }

  /// What the arguments say, as a job file: errors then name its keys.
  private var jobFile: String {
    var lines = ["job: eval", "model: \(quoted(model))"]
    let names = tasks.split(separator: ",").map { quoted(String($0)) }
    lines.append("tasks: [\(names.joined(separator: ", "))]")
    let folder = data ?? ProcessInfo.processInfo.environment["ADMIX_BENCHMARKS"] ?? "benchmarks"
    lines.append("data: \(quoted(folder))")
    if let limit { lines.append("limit: \(limit)") }
    if let numFewshot { lines.append("num_fewshot: \(numFewshot)") }
    if let batchTokens { lines.append("batch_tokens: \(batchTokens)") }
    if allowCodeExecution { lines.append("allow_code_execution: true") }
    if applyChatTemplate { lines.append("apply_chat_template: true") }
    if let fewshotAsMultiturn { lines.append("fewshot_as_multiturn: \(fewshotAsMultiturn)") }
    if !trainedOn.isEmpty { lines.append("trained_on: [\(trainedOn.map(quoted).joined(separator: ", "))]") }
    return lines.joined(separator: "\n") + "\n"
  }

  private func quoted(_ text: String) -> String {
    "\"" + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"") + "\""
  }
}
