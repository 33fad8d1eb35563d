public import Checkpoints
public import KernelTable
public import Transformer

/// A model's parameters packed for inference: matrices in panels, in the storage they came in. Layers over one input
/// are one matrix where their storage is the same.
public final class InferenceWeights {
  public let shape: LlamaShape
  /// How the matrices are kept, for people and manifests: `F32`, `BF16`, `Q4_1 + Q8_0`.
  public let storage: String
  let embedding: PanelMatrix
  let layers: [LayerWeights]
  let norm: FloatBuffer
  let head: PanelMatrix

  /// Packs fp32 parameters in the flat order of `ParameterLayout`, which are copied.
  public convenience init(
    floats: UnsafePointer<Float>, shape: LlamaShape, kernels: Kernels, pool: ThreadPool
  ) {
    do {
      try self.init(FlatFloats(weights: floats), "F32", shape, kernels, pool)
    } catch {
      preconditionFailure("memory cannot fail to be read: \(error)")
    }
  }

  /// Packs bfloat16 parameters in the flat order of `ParameterLayout`, which are copied.
  public convenience init(
    bfloat16: UnsafePointer<UInt16>, shape: LlamaShape, kernels: Kernels, pool: ThreadPool
  ) {
    do {
      try self.init(FlatBFloat16(weights: bfloat16), "BF16", shape, kernels, pool)
    } catch {
      preconditionFailure("memory cannot fail to be read: \(error)")
    }
  }

  /// Packs a model on disk. Quantized tensors and bfloat16 stay so; what is computed has the bits of their fp32 values.
  ///
  /// - Throws: `CheckpointError` for a tensor that is missing, of another shape, or left over.
  public convenience init(
    _ source: any ModelSource, shape: LlamaShape, kernels: Kernels, pool: ThreadPool
  ) throws {
    let tensors = ParameterLayout(shape).tensors
    try source.check(tensors.map { TensorPlacement(name: $0.name, shape: $0.shape, offset: $0.offset) })
    let types = Set(tensors.filter { $0.shape.count > 1 }.compactMap { source.tensor(named: $0.name)?.storedType })
    try self.init(StoredTensors(source: source), types.sorted().joined(separator: " + "), shape, kernels, pool)
  }

  private init(
    _ rows: some WeightRows, _ storage: String, _ shape: LlamaShape, _ kernels: Kernels, _ pool: ThreadPool
  ) throws {
    let packer = WeightPacker(rows: rows, layout: ParameterLayout(shape), kernels: kernels, pool: pool)
    self.shape = shape
    self.storage = storage
    embedding = try packer.matrix("model.embed_tokens.weight")
    layers = try (0..<shape.layers).map { try LayerWeights(packer, layer: $0) }
    norm = try packer.vector("model.norm.weight")
    head = shape.tiedEmbeddings ? embedding : try packer.matrix("lm_head.weight")
  }

  /// Bytes of the packed matrices.
  public var byteCount: Int {
    layers.reduce(embedding.byteCount + (shape.tiedEmbeddings ? 0 : head.byteCount)) { $0 + $1.byteCount }
  }
}

/// Linear layers over one input: one matrix, or one for each where their storage differs. Their outputs lie side by
/// side in a row of `rowStride` floats.
struct ProjectionGroup {
  let parts: [(matrix: PanelMatrix, column: Int)]
  /// Of all outputs side by side, as long as `width`; nil where no layer has one.
  let bias: FloatBuffer?
  let width: Int
  let rowStride: Int

  var byteCount: Int { parts.reduce(0) { $0 + $1.matrix.byteCount } }
}

/// The parameters of a decoder layer.
struct LayerWeights {
  let inputNorm: FloatBuffer
  let queriesKeysValues: ProjectionGroup
  let output: ProjectionGroup
  let postNorm: FloatBuffer
  let gateAndUp: ProjectionGroup
  let down: ProjectionGroup

  init(_ packer: WeightPacker<some WeightRows>, layer: Int) throws {
    let prefix = "model.layers.\(layer)."
    inputNorm = try packer.vector(prefix + "input_layernorm.weight")
    queriesKeysValues = try packer.group(["q_proj", "k_proj", "v_proj"].map { prefix + "self_attn." + $0 })
    output = try packer.group([prefix + "self_attn.o_proj"])
    postNorm = try packer.vector(prefix + "post_attention_layernorm.weight")
    gateAndUp = try packer.group(["gate_proj", "up_proj"].map { prefix + "mlp." + $0 })
    down = try packer.group([prefix + "mlp.down_proj"])
  }

  var byteCount: Int {
    queriesKeysValues.byteCount + output.byteCount + gateAndUp.byteCount + down.byteCount
  }
}

struct WeightPacker<Rows: WeightRows> {
  let rows: Rows
  let layout: ParameterLayout
  let kernels: Kernels
  let pool: ThreadPool
  private let tensors: [String: ParameterTensor]

  init(rows: Rows, layout: ParameterLayout, kernels: Kernels, pool: ThreadPool) {
    self.rows = rows
    self.layout = layout
    self.kernels = kernels
    self.pool = pool
    tensors = Dictionary(uniqueKeysWithValues: layout.tensors.map { ($0.name, $0) })
  }

  func matrix(_ name: String) throws -> PanelMatrix {
    let tensor = tensor(name)
    return try matrix([tensor], storage: rows.storage(of: tensor))
  }

  func vector(_ name: String) throws -> FloatBuffer {
    let tensor = tensor(name)
    let buffer = FloatBuffer(count: tensor.count)
    try rows.copyVector(tensor, into: buffer.start)
    return buffer
  }

  /// The layers of these names (without `.weight`), whose outputs are put side by side.
  func group(_ names: [String]) throws -> ProjectionGroup {
    let members = names.map { tensor($0 + ".weight") }
    let storages = try members.map { try rows.storage(of: $0) }
    let width = members.reduce(0) { $0 + $1.shape[0] }
    var parts: [(matrix: PanelMatrix, column: Int)] = []
    if storages.allSatisfy({ $0 == storages[0] }) {
      parts = [(try matrix(members, storage: storages[0]), 0)]
    } else {
      var column = 0
      for (member, storage) in zip(members, storages) {
        parts.append((try matrix([member], storage: storage), column))
        column += member.shape[0]
      }
    }
    return ProjectionGroup(
      parts: parts, bias: try bias(names, width: width), width: width,
      rowStride: parts.reduce(0) { max($0, $1.column + $1.matrix.paddedWidth) })
  }

  private func bias(_ names: [String], width: Int) throws -> FloatBuffer? {
    let biases = names.compactMap { tensors[$0 + ".bias"] }
    guard !biases.isEmpty else { return nil }
    precondition(biases.count == names.count, "layers over one input have a bias all or none")
    let buffer = FloatBuffer(count: width)
    var column = 0
    for bias in biases {
      try rows.copyVector(bias, into: buffer.start + column)
      column += bias.count
    }
    return buffer
  }

  private func matrix(_ members: [ParameterTensor], storage: PanelMatrix.Storage) throws -> PanelMatrix {
    let matrix = PanelMatrix(
      width: members.reduce(0) { $0 + $1.shape[0] }, depth: members[0].shape[1], storage: storage, kernels: kernels)
    var row = 0
    for member in members {
      try rows.fill(matrix, firstRow: row, member, pool: pool)
      row += member.shape[0]
    }
    return matrix
  }

  private func tensor(_ name: String) -> ParameterTensor {
    guard let tensor = tensors[name] else { preconditionFailure("the layout has no tensor \(name)") }
    return tensor
  }
}
