public import Checkpoints
import Foundation
import Tokenizers
import Transformer

/// What `admix inspect` tells of a model: what it is, and what training it takes.
public struct ModelInspection: Sendable {
  public struct StoredType: Sendable, Equatable {
    public let name: String
    public var tensorCount = 0
    public var parameterCount = 0
    public var byteCount = 0
  }

  public enum TokenizerKind: Sendable {
    case readable(kind: String, vocabularySize: Int)
    /// Why there is none that can be used.
    case unreadable(String)
  }

  /// Bytes a worker holds while it trains all parameters.
  public struct TrainingMemory: Sendable {
    /// Tokens of a row.
    public let sequenceLength: Int
    public let weights: Int
    public let gradient: Int
    /// Both of AdamW.
    public let moments: Int
    /// Gradients being sent, reduced and kept, in bf16.
    public let exchange: Int
    public let activations: Int

    public var total: Int { weights + gradient + moments + exchange + activations }
  }

  public let model: any ModelSource
  public let modelType: String
  public let parameterCount: Int
  /// By bytes, the largest first.
  public let storedTypes: [StoredType]
  public let tokenizer: TokenizerKind
  public let hasChatTemplate: Bool
  public let memory: TrainingMemory

  /// Opens the model and checks that it could be trained: every tensor of its configuration there, and none beside.
  ///
  /// - Parameter sequenceLength: nil takes what a job takes by default, or the model's context if that is shorter.
  /// - Throws: `CheckpointError`; `LlamaShapeError` for a shape that is not computed.
  public init(path: String, sequenceLength: Int? = nil) throws {
    let model = try openModel(path)
    let configuration = model.configuration
    let shape = try LlamaShape(configuration)
    let layout = ParameterLayout(shape)
    try model.check(layout.placements)
    let length = sequenceLength ?? min(1024, configuration.contextLength)
    guard (1...configuration.contextLength).contains(length) else {
      throw CheckpointError(
        .outOfRange, file: path, field: "sequence length", found: "\(length)",
        expected: "1 to \(configuration.contextLength), the model's context")
    }
    self.model = model
    modelType = try configuration.modelType()
    parameterCount = layout.count
    storedTypes = Self.storedTypes(model.tensors)
    tokenizer = Self.tokenizer(model)
    hasChatTemplate = model.companions.contains(where: \.holdsChatTemplate)
    // What a job of 32 rows a step, the default, computes at once.
    let slices = Recipe.defaultSlices(batch: 32, sequenceLength: length)
    let tokens = min(max(2048, length), 32 / slices * length)
    memory = TrainingMemory(
      sequenceLength: length, weights: 4 * layout.count, gradient: 4 * layout.count, moments: 8 * layout.count,
      exchange: 2 * 3 * layout.count, activations: LlamaModel.activationBytes(shape: shape, tokens: tokens))
  }

  /// Above this many parameters the weights' hash takes long enough to be asked for: some ten seconds.
  public static let quickHashParameters = 2_000_000_000

  private static func storedTypes(_ tensors: [ModelTensor]) -> [StoredType] {
    var types: [String: StoredType] = [:]
    for tensor in tensors {
      var type = types[tensor.storedType] ?? StoredType(name: tensor.storedType)
      type.tensorCount += 1
      type.parameterCount += tensor.count
      type.byteCount += tensor.storedByteCount
      types[tensor.storedType] = type
    }
    return types.values.sorted { ($0.byteCount, $1.name) > ($1.byteCount, $0.name) }
  }

  private static func tokenizer(_ model: any ModelSource) -> TokenizerKind {
    do {
      let loaded = try loadTokenizer(of: model)
      let tokenizer = loaded.tokenizer
      return .readable(
        kind: tokenizer is SentencePieceBPE ? "SentencePiece BPE" : "byte-level BPE",
        vocabularySize: tokenizer.vocabularySize)
    } catch {
      return .unreadable("\(error)")
    }
  }
}

extension CompanionFile {
  fileprivate var holdsChatTemplate: Bool {
    if name == "chat_template.jinja" { return true }
    guard name == "tokenizer_config.json" else { return false }
    let object = try? JSONSerialization.jsonObject(with: Data(contents)) as? [String: Any]
    return object?["chat_template"] != nil
  }
}
