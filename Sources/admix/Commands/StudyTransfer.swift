import ArgumentParser
import Foundation
import Pricing
import Results
import Study
import TrainingJobs
import Transformer

struct StudyTransferCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "transfer", abstract: "Carries a choice to a larger model: the ratio, and a band of learning rates.")

  @Option(name: .customLong("from"), help: "The small model's directory or config.json.", completion: .file())
  var small: String
  @Option(name: .customLong("to"), help: "The large model's directory or config.json.", completion: .file())
  var large: String
  @Option(help: "answer.json of `admix study recommend`.", completion: .file(extensions: ["json"])) var answer: String?
  @Option(help: "The ratio to carry, without --answer.") var almr: Double?
  @Option(help: "The learning rate to carry, without --answer.") var learningRate: Double?
  @Option(help: "Training tokens of the small model's cells, such as 2B.") var smallTokens: String?
  @Option(help: "Training tokens of the large model's run.") var largeTokens: String?
  @Flag(help: "Let the ratio grow with the size as the critical mixture ratio does.") var growRatio = false
  @Flag(help: "Across tokenizers: compare losses per byte.") var byBytes = false
  @Option(help: "With --by-bytes: bytes of text a token of the small model.") var smallBytesPerToken: Double?
  @Option(help: "With --by-bytes: bytes of text a token of the large model.") var largeBytesPerToken: Double?
  @Option(help: "Write transfer.json and transfer.md here.", completion: .directory) var output: String?
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let (setting, node) = try StudyFiles.setting(
      file: answer, option: "--answer", almr: almr, learningRate: learningRate)
    var options = TransferOptions()
    options.byBytes = byBytes
    options.growsRatio = growRatio
    options.smallTokens = try smallTokens.map { try StudyFiles.tokens($0, option: "--small-tokens") }
    options.largeTokens = try largeTokens.map { try StudyFiles.tokens($0, option: "--large-tokens") }
    var from = try shape(small, bytesPerToken: smallBytesPerToken)
    var to = try shape(large, bytesPerToken: largeBytesPerToken)
    if let a = tokenizer(small), let b = tokenizer(large) {
      from.tokenizerHash = "tokenizer.json of \(small)"
      to.tokenizerHash = a == b ? from.tokenizerHash : "tokenizer.json of \(large)"
    }
    let transfer = try Transfer(
      of: setting, from: from, to: to, maximumRetainedRise: node?["options"]?["max_retained_rise"]?.double,
      options: options)
    try StudyFiles.deliver(
      json: transfer.json, text: transfer.markdown,
      files: [("transfer.json", transfer.json), ("transfer.md", transfer.markdown)], asJSON: json, output: output)
  }

  private func shape(_ path: String, bytesPerToken: Double?) throws -> ModelShape {
    do {
      let shape = try CPTJob.shape(atPath: path)
      let work = TrainingWork(shape: shape, sequenceLength: 2, globalBatchSize: 1, steps: 1, slices: 1)
      return ModelShape(
        name: path, parameters: Double(work.parameters), width: shape.dimension, layers: shape.layers,
        vocabularySize: shape.vocabularySize, bytesPerToken: bytesPerToken)
    } catch {
      throw CommandFailure(.usage, "\(error)")
    }
  }

  /// The bytes of the tokenizer beside a model's configuration.
  private func tokenizer(_ path: String) -> Data? {
    let directory = path.hasSuffix(".json") ? URL(fileURLWithPath: path).deletingLastPathComponent().path : path
    return FileManager.default.contents(atPath: directory + "/tokenizer.json")
  }
}

struct StudyVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Whether a carried choice held on the large model, from its confirmation cells.",
    discussion: "Exit code 0 whatever the verdict is; 1 with --check unless it is yes.")

  @Argument(help: "The large model's cells (CSV).", completion: .file(extensions: ["csv"])) var cells: String
  @Option(help: "transfer.json of `admix study transfer`.", completion: .file(extensions: ["json"]))
  var transfer: String?
  @Option(help: "The carried ratio, without --transfer.") var almr: Double?
  @Option(help: "The carried learning rate, without --transfer.") var learningRate: Double?
  @OptionGroup var sets: StudySets
  @Option(help: "Write verification.json and verification.md here.", completion: .directory) var output: String?
  @Flag(help: "Exit with 1 unless the choice held.") var check = false
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let (setting, _) = try StudyFiles.setting(
      file: transfer, option: "--transfer", almr: almr, learningRate: learningRate)
    let verification = try Verification(
      of: setting, in: try StudyFiles.table(cells, rows: .runs, columns: sets.columns), options: try sets.options())
    try StudyFiles.deliver(
      json: verification.json, text: verification.markdown,
      files: [("verification.json", verification.json), ("verification.md", verification.markdown)], asJSON: json,
      output: output)
    if check, verification.verdict != .yes { throw ExitCode(ExitStatus.jobFailed.rawValue) }
  }
}
