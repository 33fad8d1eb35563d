import ArgumentParser
import Checkpoints
import JobKit
import Results
import TrainingJobs

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a model as a Hugging Face directory, in fp32 or bf16.",
    discussion: """
      MODEL is a Hugging Face directory, such as a trained `model/`, or a GGUF file. The tokenizer and the chat template
      travel with it.
      """)

  enum ElementType: String, ExpressibleByArgument, CaseIterable {
    case fp32, bf16
  }

  @Argument(help: "A Hugging Face directory or a GGUF file.") var model: String
  @Argument(help: "The directory to write; it must not exist.") var directory: String
  @Option(help: "The weights' element type; bf16 rounds to the nearest.") var dtype = ElementType.fp32
  @Option(help: "Megabytes of weights in a file, above which there are several.") var shardMegabytes = 5000

  func validate() throws {
    guard (1...1_000_000).contains(shardMegabytes) else {
      throw ValidationError("--shard-megabytes takes 1 to 1000000, not \(shardMegabytes)")
    }
  }

  func run() throws {
    do {
      let source = try ModelInspection(path: model).model
      let hash = try source.export(
        to: directory, as: dtype == .fp32 ? .f32 : .bf16, shardBytes: shardMegabytes * 1_000_000)
      if let failure = source.tokenizerFailure { Console.shared.note("no tokenizer was written: \(failure)") }
      Console.shared.print("\(directory): \(dtype.rawValue), weights' SHA-256 \(hash)")
    } catch let error as CheckpointError {
      throw CommandFailure(.usage, "\(error)")
    }
  }
}
