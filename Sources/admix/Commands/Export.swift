import ArgumentParser
import Checkpoints
import JobKit
import Results
import TrainingJobs

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a model as a Hugging Face directory or as a GGUF file.",
    discussion: """
      MODEL is a Hugging Face directory, such as a trained `model/`, or a GGUF file. The tokenizer and the chat template
      travel with it.

        admix export out/model hf-model --dtype bf16
        admix export out/model model.gguf --type Q8_0
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case hf, gguf
  }

  enum ElementType: String, ExpressibleByArgument, CaseIterable {
    case fp32, bf16
  }

  @Argument(help: "A Hugging Face directory or a GGUF file.") var model: String
  @Argument(help: "The directory or file to write; it must not exist.") var directory: String
  @Option(
    help: "hf, a Hugging Face directory, or gguf, a file that llama.cpp reads. (default: what the name to write says)")
  var format: Format?
  @Option(
    help: """
      The matrices' type in a GGUF file: \(GGUFTensorType.writable.map(\.name).joined(separator: ", ")). (default: F16)
      """)
  var type: String?
  @Option(help: "A directory's element type; bf16 rounds to the nearest. (default: fp32)") var dtype: ElementType?
  @Option(help: "Megabytes of weights in a file of a directory, above which there are several. (default: 5000)")
  var shardMegabytes: Int?

  private var isGGUF: Bool { format.map { $0 == .gguf } ?? directory.lowercased().hasSuffix(".gguf") }

  func validate() throws {
    if let shardMegabytes, !(1...1_000_000).contains(shardMegabytes) {
      throw ValidationError("--shard-megabytes takes 1 to 1000000, not \(shardMegabytes)")
    }
    // An option of the other form would have no effect.
    if isGGUF, let option = dtype.map({ _ in "--dtype" }) ?? shardMegabytes.map({ _ in "--shard-megabytes" }) {
      throw ValidationError("\(option) is for a Hugging Face directory; a GGUF file has --type")
    }
    if !isGGUF, type != nil {
      throw ValidationError(
        "--type is for a GGUF file, and \(directory) is written as a directory; end its name in .gguf, or give "
          + "--format gguf. A directory has --dtype")
    }
  }

  func run() throws {
    do {
      let source = try ModelInspection(path: model).model
      if source is ModelDirectory { try ModelDirectory.checkParts(model) }
      if isGGUF { return try writeGGUF(source) }
      let dtype = dtype ?? .fp32
      let hash = try source.export(
        to: directory, as: dtype == .fp32 ? .f32 : .bf16, shardBytes: (shardMegabytes ?? 5000) * 1_000_000)
      if let failure = source.tokenizerFailure { Console.shared.note("no tokenizer was written: \(failure)") }
      Console.shared.print("\(directory): \(dtype.rawValue), weights' SHA-256 \(hash)")
    } catch let error as CheckpointError {
      throw CommandFailure(.usage, "\(error)")
    }
  }

  private func writeGGUF(_ source: any ModelSource) throws {
    let name = self.type ?? "F16"
    guard let type = GGUFTensorType.writable.first(where: { $0.name == name.uppercased() }) else {
      throw CommandFailure(
        .usage, "--type \(name): expected one of \(GGUFTensorType.writable.map(\.name).joined(separator: ", "))")
    }
    let origin = modelOrigin(model)
    let title = origin.first { $0.key == "admix.job" }?.value ?? directory.split(separator: "/").last.map(String.init)
    let hash: String
    do {
      hash = try exportGGUF(source, to: directory, as: type, name: title ?? "model", origin: origin)
    } catch let error as CheckpointError {
      throw error
    } catch {
      throw CommandFailure(.usage, "\(error)")
    }
    Console.shared.print("\(directory): GGUF \(type.name), weights' SHA-256 before \(hash)")
  }
}
