import Glibc

/// A tokenizer as a GGUF file holds it: what whoever knows the tokenizer hands to `exportGGUF`.
public struct GGUFVocabularyDraft: Sendable {
  /// `llama` for SentencePiece, `gpt2` for byte-level BPE.
  public var model: String
  /// llama.cpp's name for the rule that splits text before merging.
  public var pre: String
  /// One for each row of the embedding.
  public var tokens: [[UInt8]]
  public var scores: [Float]?
  public var types: [GGUFVocabulary.TokenType]
  /// "left right" in order of rank.
  public var merges: [String]?
  public var beginningOfTextID: Int?
  public var endOfTextID: Int?
  /// Ends an answer where that is another token than the one that ends a text.
  public var endOfTurnID: Int?
  public var unknownID: Int?
  public var paddingID: Int?
  public var addsBeginningOfText: Bool
  public var addsSpacePrefix: Bool?
  public var chatTemplate: String?

  public init(
    model: String, pre: String, tokens: [[UInt8]], scores: [Float]? = nil, types: [GGUFVocabulary.TokenType],
    merges: [String]? = nil, beginningOfTextID: Int? = nil, endOfTextID: Int? = nil, unknownID: Int? = nil,
    paddingID: Int? = nil, addsBeginningOfText: Bool, addsSpacePrefix: Bool? = nil, chatTemplate: String? = nil
  ) {
    self.model = model
    self.pre = pre
    self.tokens = tokens
    self.scores = scores
    self.types = types
    self.merges = merges
    self.beginningOfTextID = beginningOfTextID
    self.endOfTextID = endOfTextID
    self.unknownID = unknownID
    self.paddingID = paddingID
    self.addsBeginningOfText = addsBeginningOfText
    self.addsSpacePrefix = addsSpacePrefix
    self.chatTemplate = chatTemplate
  }

  fileprivate var pairs: [(key: String, value: GGUFValue)] {
    let prefix = "tokenizer.ggml."
    func strings(_ all: [some Sequence<UInt8>]) -> GGUFValue {
      var strings = ByteStrings()
      for one in all { strings.append(one) }
      return .array(.strings(strings))
    }
    var pairs: [(key: String, value: GGUFValue)] = [
      (prefix + "model", .string(model)), (prefix + "pre", .string(pre)), (prefix + "tokens", strings(tokens)),
    ]
    if let scores {
      var bytes: [UInt8] = []
      for score in scores { bytes.appendLittleEndian(score.bitPattern) }
      pairs.append((prefix + "scores", .array(.scalars(.float32, bytes))))
    }
    var bytes: [UInt8] = []
    for type in types { bytes.appendLittleEndian(Int32(type.rawValue)) }
    pairs.append((prefix + "token_type", .array(.scalars(.int32, bytes))))
    if let merges { pairs.append((prefix + "merges", strings(merges.map { Array($0.utf8) }))) }
    let ids = [
      ("bos_token_id", beginningOfTextID), ("eos_token_id", endOfTextID), ("eot_token_id", endOfTurnID),
      ("unknown_token_id", unknownID), ("padding_token_id", paddingID),
    ]
    for (key, id) in ids { if let id { pairs.append((prefix + key, .unsigned(UInt64(id), .uint32))) } }
    pairs.append((prefix + "add_bos_token", .bool(addsBeginningOfText)))
    if let addsSpacePrefix { pairs.append((prefix + "add_space_prefix", .bool(addsSpacePrefix))) }
    if let chatTemplate { pairs.append(("tokenizer.chat_template", .string(chatTemplate))) }
    return pairs
  }
}

extension ModelSource {
  /// Writes the model as one GGUF file at `path`, read and written a part at a time. Matrices get `type`; norms and
  /// biases stay fp32, as llama.cpp keeps them.
  ///
  /// - Parameters:
  ///   - origin: further pairs, such as where the model comes from.
  /// - Returns: the hash of the weights as they were before they became `type`.
  /// - Throws: `CheckpointError`, also for a full disk or a width that `type` cannot take; nothing half-written stays.
  @discardableResult
  public func exportGGUF(
    to path: String, as type: GGUFTensorType, vocabulary: GGUFVocabularyDraft, name: String,
    origin: [(key: String, value: String)] = []
  ) throws -> String {
    precondition(GGUFTensorType.writable.contains(type), "\(type.name) is not written")
    guard try !entryExists(path) else {
      throw CheckpointError(
        .alreadyExists, file: path, found: "a file", expected: "no such entry yet", wayOut: "remove or rename it")
    }
    let architecture = try ggufArchitecture()
    let tensors = weightTensors
    let hash = hexadecimal(try weightsHash())
    var homes: [(declaration: GGUFWriter.Declaration, tensor: ModelTensor, heads: Int)] = []
    var factors: [Float]?
    if case .llama3? = configuration.ropeScaling {
      factors = llama3Factors()
      homes.append(
        (
          GGUFWriter.Declaration(name: GGUFTensorName.ropeFactors, shape: [configuration.headSize / 2], type: .f32),
          tensors[0], 0
        ))
    }
    for tensor in tensors {
      guard let home = GGUFTensorName.written(tensor.name, architecture: architecture) else {
        throw CheckpointError(
          .unexpectedTensor, file: tensor.file, tensor: tensor.name, found: "shape \(tensor.shape)",
          expected: "a tensor that GGUF has a name for")
      }
      let stored = tensor.shape.count == 2 ? type : .f32
      guard tensor.rowLength % stored.block.elements == 0 else {
        throw CheckpointError(
          .unsupported, file: path, tensor: tensor.name, field: "type", found: "rows of \(tensor.rowLength) elements",
          expected: "whole blocks of \(stored.block.elements), as \(type.name) has",
          wayOut: "take F16 or BF16, which have no blocks")
      }
      let heads =
        switch home.rows {
        case .inOrder: 0
        case .interleavedQueries: configuration.headCount
        case .interleavedKeys: configuration.keyValueHeadCount
        }
      homes.append((GGUFWriter.Declaration(name: home.name, shape: tensor.shape, type: stored), tensor, heads))
    }
    let metadata =
      shapePairs(architecture, type: type, name: name) + origin.map { ($0.key, GGUFValue.string($0.value)) }
      + [("admix.weights_sha256", .string(hash))] + vocabulary.pairs
    let partial = path + ".partial"
    try removeTree(partial)
    do {
      try createDirectories(parentPath(path))
      var writer = try GGUFWriter(creating: partial, metadata, homes.map(\.declaration))
      for home in homes {
        if home.declaration.name == GGUFTensorName.ropeFactors, let factors {
          try writer.append(
            home.declaration.name, factors.withUnsafeBufferPointer { GGUFTensorType.f32.quantize($0) })
          continue
        }
        try forEachRows(of: home.tensor, interleavedHeads: home.heads) { floats in
          try writer.append(home.declaration.name, home.declaration.type.quantize(floats))
        }
      }
      _ = try writer.finish()
      guard rename(partial, path) == 0 else { throw CheckpointError.system("renaming it", partial) }
      try syncDirectory(parentPath(path))
    } catch {
      try? removeTree(partial)
      throw error
    }
    return hash
  }

  private func ggufArchitecture() throws -> GGUFArchitecture {
    let type = try configuration.modelType()
    // Mistral's models are Llama's there.
    guard let architecture = GGUFArchitecture(rawValue: type == "mistral" ? "llama" : type) else {
      throw CheckpointError(
        .unsupported, file: path, field: "model_type", found: type, expected: "llama, mistral or qwen2")
    }
    return architecture
  }

  private func shapePairs(
    _ architecture: GGUFArchitecture, type: GGUFTensorType, name: String
  ) -> [(key: String, value: GGUFValue)] {
    let c = configuration
    func key(_ name: String) -> String { architecture.rawValue + "." + name }
    func count(_ value: Int) -> GGUFValue { .unsigned(UInt64(value), .uint32) }
    // llama.cpp's `llama_ftype`.
    let fileType: Int =
      switch type {
      case .f16: 1
      case .q4_0: 2
      case .q8_0: 7
      case .bf16: 32
      default: 0
      }
    var pairs: [(key: String, value: GGUFValue)] = [
      ("general.architecture", .string(architecture.rawValue)), ("general.type", .string("model")),
      ("general.name", .string(name)), ("general.file_type", count(fileType)),
      ("general.quantization_version", count(2)),
      (key("vocab_size"), count(c.vocabularySize)), (key("context_length"), count(c.contextLength)),
      (key("embedding_length"), count(c.hiddenSize)), (key("block_count"), count(c.layerCount)),
      (key("feed_forward_length"), count(c.intermediateSize)), (key("attention.head_count"), count(c.headCount)),
      (key("attention.head_count_kv"), count(c.keyValueHeadCount)), (key("attention.key_length"), count(c.headSize)),
      (key("attention.value_length"), count(c.headSize)), (key("rope.dimension_count"), count(c.headSize)),
      (key("attention.layer_norm_rms_epsilon"), .float32(Float(c.rmsNormEpsilon))),
      (key("rope.freq_base"), .float32(Float(c.ropeTheta))),
    ]
    if let license { pairs.append(("general.license", .string(license))) }
    if case .linear(let factor)? = c.ropeScaling {
      pairs.append((key("rope.scaling.type"), .string("linear")))
      pairs.append((key("rope.scaling.factor"), .float32(Float(factor))))
    }
    return pairs
  }
}

extension ModelSource {
  /// What llama.cpp divides each pair's frequency by: Llama 3's scaling, as its converter writes it.
  fileprivate func llama3Factors() -> [Float]? {
    guard case .llama3(let factor, let low, let high, let original)? = configuration.ropeScaling else { return nil }
    return (0..<configuration.headSize / 2).map { pair in
      let exponent = Double(2 * pair) / Double(configuration.headSize)
      let wavelength = 2 * Double.pi * pow(configuration.ropeTheta, exponent)
      let smooth = min(1, max(0, (Double(original) / wavelength - low) / (high - low)))
      return Float(1 / ((1 - smooth) / factor + smooth))
    }
  }

  /// The tensor's floats in the file's order of rows, some rows at a time. Within a head, row 2i + p of that order is
  /// row p · half + i of Hugging Face's.
  fileprivate func forEachRows(
    of tensor: ModelTensor, interleavedHeads heads: Int, _ body: (UnsafeBufferPointer<Float>) throws -> Void
  ) throws {
    guard heads > 0 else { return try forEachRows(of: tensor, body) }
    // A bias is permuted element by element, a weight row by row.
    let (rows, length) = tensor.shape.count == 2 ? (tensor.shape[0], tensor.shape[1]) : (tensor.shape[0], 1)
    let headRows = rows / heads
    let source = UnsafeMutableBufferPointer<Float>.allocate(capacity: headRows * length)
    let target = UnsafeMutableBufferPointer<Float>.allocate(capacity: headRows * length)
    defer {
      source.deallocate()
      target.deallocate()
    }
    var whole: [Float] = []
    if tensor.shape.count == 1 {
      whole = [Float](repeating: 0, count: rows)
      try whole.withUnsafeMutableBufferPointer { try readFloats(tensor, rows: 0..<1, into: $0) }
    }
    for head in 0..<heads {
      if whole.isEmpty {
        try readFloats(tensor, rows: head * headRows..<(head + 1) * headRows, into: source)
      } else {
        for row in 0..<headRows { source[row] = whole[head * headRows + row] }
      }
      for row in 0..<headRows {
        let from = row % 2 * (headRows / 2) + row / 2
        for element in 0..<length { target[row * length + element] = source[from * length + element] }
      }
      try body(UnsafeBufferPointer(target))
    }
  }
}
