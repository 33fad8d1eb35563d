import ArgumentParser
import Checkpoints
import Results
import TrainingJobs

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tells what a model is and what training it takes.",
    discussion: "MODEL is a Hugging Face directory or a GGUF file.")

  @Argument(help: "A Hugging Face directory or a GGUF file.") var model: String
  @Option(help: "Tokens of a row in training; 1024 or the model's context when not given.") var sequenceLength: Int?
  @Flag(help: "Hash the weights of a model above two billion parameters too, which reads all of them.") var hash = false
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    do {
      let inspection = try ModelInspection(path: model, sequenceLength: sequenceLength)
      let isQuick = inspection.parameterCount <= ModelInspection.quickHashParameters
      let hash = try isQuick || hash ? hexadecimal(inspection.model.weightsHash()) : nil
      if json {
        Console.shared.print(inspection.json(hash: hash).text(indented: true))
      } else {
        Console.shared.print(inspection.lines(hash: hash))
      }
    } catch let error as CheckpointError {
      throw CommandFailure(.usage, "\(error)")
    }
  }
}

extension ModelInspection {
  fileprivate func lines(hash: String?) -> [String] {
    let shape = model.configuration
    let parts = [
      "weights \(bytes(memory.weights))", "gradient \(bytes(memory.gradient))", "moments \(bytes(memory.moments))",
      "exchange \(bytes(memory.exchange))", "activations \(bytes(memory.activations))",
    ]
    let facts: [(String, String)] = [
      ("format", model.format),
      (
        "architecture",
        "\(modelType): \(shape.layerCount) layers, width \(shape.hiddenSize), feed-forward \(shape.intermediateSize), "
          + "\(shape.headCount) heads of \(shape.headSize), \(shape.keyValueHeadCount) of keys and values"
      ),
      (
        "parameters",
        grouped(UInt64(parameterCount)) + (shape.tieWordEmbeddings ? ", the head is the embedding" : "")
      ),
      ("context", "\(grouped(UInt64(shape.contextLength))) tokens"),
      (
        "tensors",
        "\(model.tensors.count): "
          + storedTypes.map { "\($0.tensorCount) \($0.name) of \(bytes($0.byteCount))" }.joined(separator: ", ")
      ),
      ("tokenizer", tokenizerLine), ("chat template", hasChatTemplate ? "yes" : "no"),
      ("licence", model.license ?? "not said"),
      ("weights", hash.map { "SHA-256 \($0)" } ?? "not hashed; --hash reads them all"),
      (
        "training",
        "\(bytes(memory.total)) a worker at \(grouped(UInt64(memory.sequenceLength))) tokens a row: "
          + parts.joined(separator: ", ")
      ),
    ]
    let width = facts.map(\.0.count).max() ?? 0
    return [model.path] + facts.map { "  \($0)\(String(repeating: " ", count: width - $0.count))  \($1)" }
  }

  private var tokenizerLine: String {
    switch tokenizer {
    case .readable(let kind, let size): "\(kind), \(grouped(UInt64(size))) tokens"
    case .unreadable(let reason): "not usable: \(reason)"
    }
  }

  private func bytes(_ count: Int) -> String { Results.bytes(UInt64(count)) }

  fileprivate func json(hash: String?) -> JSONNode {
    let shape = model.configuration
    let tokenizerNode: JSONNode =
      switch tokenizer {
      case .readable(let kind, let size):
        ["kind": .string(kind), "vocabulary_size": .integer(Int64(size)), "problem": .null]
      case .unreadable(let reason): ["kind": .null, "vocabulary_size": .null, "problem": .string(reason)]
      }
    return [
      "schema": .integer(schemaVersion), "path": .string(model.path), "format": .string(model.format),
      "architecture": .string(modelType), "parameters": .integer(Int64(parameterCount)),
      "layers": .integer(Int64(shape.layerCount)), "hidden_size": .integer(Int64(shape.hiddenSize)),
      "intermediate_size": .integer(Int64(shape.intermediateSize)), "heads": .integer(Int64(shape.headCount)),
      "key_value_heads": .integer(Int64(shape.keyValueHeadCount)), "head_size": .integer(Int64(shape.headSize)),
      "tied_head": .boolean(shape.tieWordEmbeddings), "context_length": .integer(Int64(shape.contextLength)),
      "tensors": .integer(Int64(model.tensors.count)),
      "types": .array(
        storedTypes.map {
          [
            "type": .string($0.name), "tensors": .integer(Int64($0.tensorCount)),
            "parameters": .integer(Int64($0.parameterCount)), "bytes": .integer(Int64($0.byteCount)),
          ]
        }),
      "tokenizer": tokenizerNode, "chat_template": .boolean(hasChatTemplate),
      "license": model.license.map(JSONNode.string) ?? .null,
      "weights_sha256": hash.map(JSONNode.string) ?? .null,
      "training_bytes": [
        "sequence_length": .integer(Int64(memory.sequenceLength)), "total": .integer(Int64(memory.total)),
        "weights": .integer(Int64(memory.weights)), "gradient": .integer(Int64(memory.gradient)),
        "moments": .integer(Int64(memory.moments)), "exchange": .integer(Int64(memory.exchange)),
        "activations": .integer(Int64(memory.activations)),
      ],
    ]
  }
}
