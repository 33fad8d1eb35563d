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
  /// Weight decay is for matrices; norms are left alone.
  public var decays: Bool { shape.count >= 2 }
}

/// Where each parameter lies in the flat order: embedding, layers by number, norm, head (if untied). Weights, gradient
/// and moments all use it; a chunk is `parametersPerChunk` consecutive parameters and may straddle tensors.
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
    let (d, f, q, k) = (shape.dimension, shape.feedForwardDimension, shape.queryWidth, shape.keyWidth)
    append("model.embed_tokens.weight", shape.vocabularySize, d)
    for layer in 0..<shape.layers {
      let prefix = "model.layers.\(layer)."
      append(prefix + "input_layernorm.weight", d)
      append(prefix + "self_attn.q_proj.weight", q, d)
      append(prefix + "self_attn.k_proj.weight", k, d)
      append(prefix + "self_attn.v_proj.weight", k, d)
      append(prefix + "self_attn.o_proj.weight", d, q)
      append(prefix + "post_attention_layernorm.weight", d)
      append(prefix + "mlp.gate_proj.weight", f, d)
      append(prefix + "mlp.up_proj.weight", f, d)
      append(prefix + "mlp.down_proj.weight", d, f)
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
  static let tensorsPerLayer = 9

  var embedding: ParameterTensor { tensors[0] }
  var norm: ParameterTensor { tensors[1 + shape.layers * Self.tensorsPerLayer] }
  /// The matrix [vocabularySize, dimension] that makes logits: the embedding when tied.
  var head: ParameterTensor { shape.tiedEmbeddings ? embedding : tensors[tensors.count - 1] }

  /// Flat range of one layer.
  public func range(ofLayer layer: Int) -> Range<Int> {
    let offsets = LayerOffsets(self, layer: layer)
    return offsets.inputNorm..<offsets.end
  }
}

/// Flat offsets of a layer's tensors.
struct LayerOffsets {
  let inputNorm, query, key, value, output, postNorm, gate, up, down, end: Int

  init(_ layout: ParameterLayout, layer: Int) {
    precondition(layer >= 0 && layer < layout.shape.layers, "layer \(layer) of \(layout.shape.layers)")
    let first = 1 + layer * ParameterLayout.tensorsPerLayer
    let tensors = layout.tensors
    inputNorm = tensors[first].offset
    query = tensors[first + 1].offset
    key = tensors[first + 2].offset
    value = tensors[first + 3].offset
    output = tensors[first + 4].offset
    postNorm = tensors[first + 5].offset
    gate = tensors[first + 6].offset
    up = tensors[first + 7].offset
    down = tensors[first + 8].offset
    end = tensors[first + 8].range.upperBound
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
