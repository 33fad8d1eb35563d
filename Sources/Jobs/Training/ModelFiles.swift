public import Checkpoints
import JobKit
import KernelTable
public import Transformer

/// The files a training starts from: a model (a Hugging Face directory or a GGUF file), or a configuration with a
/// tokenizer's directory.
struct ModelFiles {
  let configuration: ModelConfiguration
  /// Written beside every checkpoint: tokenizer, templates, generation settings.
  let companions: [CompanionFile]
  private let source: (any ModelSource)?

  /// `configuration`: of `random`, the config.json that the job file has written out; nil where it is an input.
  init(start: MemberPayload.Start, configuration written: String? = nil, inputs: [String: String]) throws {
    switch start {
    case .model:
      let source = try openModel(try inputs.directory(InputTree.model))
      self.source = source
      configuration = source.configuration
      companions = source.companions
    case .random:
      source = nil
      if let written {
        configuration = try ModelConfiguration(json: Array(written.utf8), file: "config")
      } else {
        configuration = try ModelConfiguration(path: try onlyFile(in: try inputs.directory(InputTree.configuration)))
      }
      companions = try CompanionFile.all(in: try inputs.directory(InputTree.tokenizer))
    }
  }

  func loadWeights(_ layout: ParameterLayout, into weights: FloatBuffer) throws {
    guard let source else { preconditionFailure("random weights are not loaded") }
    try source.loadWeights(
      layout.placements, into: UnsafeMutableBufferPointer(start: weights.start, count: weights.count))
  }
}

extension LlamaShape {
  /// - Throws: `LlamaShapeError` naming the field.
  public init(_ configuration: ModelConfiguration) throws {
    let scaling: RopeScaling? =
      switch configuration.ropeScaling {
      case nil: nil
      case .linear(let factor): .linear(factor: factor)
      case .llama3(let factor, let low, let high, let original):
        .llama3(factor: factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContextLength: original)
      }
    let attentionBias: AttentionBias =
      switch configuration.attentionBias {
      case .absent: .absent
      case .queryKeyValue: .queryKeyValue
      case .all: .all
      }
    try self.init(
      vocabularySize: configuration.vocabularySize, dimension: configuration.hiddenSize,
      feedForwardDimension: configuration.intermediateSize, layers: configuration.layerCount,
      heads: configuration.headCount, keyValueHeads: configuration.keyValueHeadCount,
      headDimension: configuration.headSize, contextLength: configuration.contextLength,
      ropeTheta: configuration.ropeTheta, ropeScaling: scaling, normEpsilon: configuration.rmsNormEpsilon,
      tiedEmbeddings: configuration.tieWordEmbeddings, attentionBias: attentionBias,
      feedForwardBias: configuration.feedForwardBias)
  }
}

extension ParameterLayout {
  /// The same tensors as `Checkpoints` names them.
  public var placements: [TensorPlacement] {
    tensors.map { TensorPlacement(name: $0.name, shape: $0.shape, offset: $0.offset) }
  }
}

/// Weights that no training can start from.
struct BrokenWeights: Error, CustomStringConvertible {
  let tensor: String
  let element: Int
  let value: Float
  var description: String {
    "model: tensor \(tensor): element \(element) is \(value), expected finite numbers; the model is broken, take "
      + "another copy or an earlier checkpoint"
  }
}

/// An input that the plan promised and the runner did not get.
struct MissingInput: Error, CustomStringConvertible {
  let tree: String
  var description: String { "the input \(tree) did not arrive with the assignment" }
}

extension [String: String] {
  func directory(_ tree: String) throws -> String {
    guard let directory = self[tree] else { throw MissingInput(tree: tree) }
    return directory
  }
}
