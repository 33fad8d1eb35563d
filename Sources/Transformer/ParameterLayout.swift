import KernelTable

/// One tensor of the flat order.
public struct ParameterTensor: Sendable, Equatable {
  /// The name in Hugging Face checkpoints.
  public let name: String
  /// Row-major; a weight is [out, in].
  public let shape: [Int]
  /// Index of its first parameter in the flat order.
  public let offset: Int
  /// Number of its parameters.
  public let count: Int

  public var range: Range<Int> { offset..<offset + count }
  /// Weight decay is for matrices; norms and biases are left alone.
  public var decays: Bool { shape.count >= 2 }
  var isBias: Bool { name.hasSuffix(".bias") }
}

/// Where each parameter lies in the flat order: embedding, layers by number, norm, head (if untied); a bias follows its
/// weight. Weights, gradient and moments all use it; a chunk is `parametersPerChunk` consecutive parameters and may
/// straddle tensors.
public struct ParameterLayout: Sendable, Equatable {
  public let shape: LlamaShape
  /// In flat order.
  public let tensors: [ParameterTensor]
  /// All parameters.
  public let count: Int

  public init(_ shape: LlamaShape) {
    var tensors: [ParameterTensor] = []
    var offset = 0
    func append(_ name: String, _ dimensions: Int...) {
      let count = dimensions.reduce(1, *)
      tensors.append(ParameterTensor(name: name, shape: dimensions, offset: offset, count: count))
      offset += count
    }
    func appendProjection(_ name: String, _ output: Int, _ input: Int, bias: Bool) {
      append(name + ".weight", output, input)
      if bias { append(name + ".bias", output) }
    }
    let (d, f, q, k) = (shape.dimension, shape.feedForwardDimension, shape.queryWidth, shape.keyWidth)
    let (attentionBias, outputBias) = (shape.attentionBias != .absent, shape.attentionBias == .all)
    append("model.embed_tokens.weight", shape.vocabularySize, d)
    for layer in 0..<shape.layers {
      let prefix = "model.layers.\(layer)."
      append(prefix + "input_layernorm.weight", d)
      appendProjection(prefix + "self_attn.q_proj", q, d, bias: attentionBias)
      appendProjection(prefix + "self_attn.k_proj", k, d, bias: attentionBias)
      appendProjection(prefix + "self_attn.v_proj", k, d, bias: attentionBias)
      appendProjection(prefix + "self_attn.o_proj", d, q, bias: outputBias)
      append(prefix + "post_attention_layernorm.weight", d)
      appendProjection(prefix + "mlp.gate_proj", f, d, bias: shape.feedForwardBias)
      appendProjection(prefix + "mlp.up_proj", f, d, bias: shape.feedForwardBias)
      appendProjection(prefix + "mlp.down_proj", d, f, bias: shape.feedForwardBias)
    }
    append("model.norm.weight", d)
    if !shape.tiedEmbeddings {
      append("lm_head.weight", shape.vocabularySize, d)
    }
    self.shape = shape
    self.tensors = tensors
    count = offset
  }

  /// Chunks of `parametersPerChunk`; the last may be short.
  public var chunkCount: Int { (count + parametersPerChunk - 1) / parametersPerChunk }

  /// Flat range of chunk `index`.
  public func range(ofChunk index: Int) -> Range<Int> {
    precondition(index >= 0 && index < chunkCount, "chunk \(index) of \(chunkCount)")
    return index * parametersPerChunk..<min(count, (index + 1) * parametersPerChunk)
  }

  /// The tensor of that Hugging Face name.
  public func tensor(named name: String) -> ParameterTensor? {
    tensors.first { $0.name == name }
  }

  /// Tensors of a decoder layer, in the order of `init`.
  var tensorsPerLayer: Int {
    let attentionBiases =
      switch shape.attentionBias {
      case .absent: 0
      case .queryKeyValue: 3
      case .all: 4
      }
    return 9 + attentionBiases + (shape.feedForwardBias ? 3 : 0)
  }

  var embedding: ParameterTensor { tensors[0] }
  var norm: ParameterTensor { tensors[1 + shape.layers * tensorsPerLayer] }
  /// The matrix [vocabularySize, dimension] that makes logits: the embedding when tied.
  var head: ParameterTensor { shape.tiedEmbeddings ? embedding : tensors[tensors.count - 1] }

  /// Flat range of one layer.
  public func range(ofLayer layer: Int) -> Range<Int> {
    let offsets = LayerOffsets(self, layer: layer)
    return offsets.inputNorm..<offsets.end
  }
}

/// Flat offsets of a layer's tensors; a bias that the shape does not have is nil.
struct LayerOffsets {
  let inputNorm, query, key, value, output, postNorm, gate, up, down, end: Int
  let queryBias, keyBias, valueBias, outputBias, gateBias, upBias, downBias: Int?

  init(_ layout: ParameterLayout, layer: Int) {
    let shape = layout.shape
    precondition(layer >= 0 && layer < shape.layers, "layer \(layer) of \(shape.layers)")
    var index = 1 + layer * layout.tensorsPerLayer
    func next() -> Int {
      defer { index += 1 }
      return layout.tensors[index].offset
    }
    func linear(bias: Bool) -> (weight: Int, bias: Int?) { (next(), bias ? next() : nil) }
    let hasBias = shape.attentionBias != .absent
    inputNorm = next()
    (query, queryBias) = linear(bias: hasBias)
    (key, keyBias) = linear(bias: hasBias)
    (value, valueBias) = linear(bias: hasBias)
    (output, outputBias) = linear(bias: shape.attentionBias == .all)
    postNorm = next()
    (gate, gateBias) = linear(bias: shape.feedForwardBias)
    (up, upBias) = linear(bias: shape.feedForwardBias)
    (down, downBias) = linear(bias: shape.feedForwardBias)
    end = next()
  }
}

extension ParameterLayout {
  /// Flat ranges of the tensors that weight decay is for, ascending, neighbours joined.
  public var decayingRanges: [Range<Int>] {
    tensors.filter(\.decays).map(\.range).reduce(into: []) { ranges, range in
      if let last = ranges.last, last.upperBound == range.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
      } else {
        ranges.append(range)
      }
    }
  }
}
