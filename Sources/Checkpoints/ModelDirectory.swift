import Glibc

/// A model in Hugging Face's form: `config.json`, weights in safetensors, tokenizer and template files.
public struct ModelDirectory: Sendable {
  public let path: String
  public let configuration: ModelConfiguration
  /// Tokenizer, template and generation files, as they were when the directory was opened.
  public let companions: [CompanionFile]
  private let weightFiles: WeightFiles

  static let configurationName = "config.json"

  /// Opens the directory at `path`: reads the configuration and companions, checks the weights' headers.
  ///
  /// - Throws: `CheckpointError` naming the file, the field, what was found and expected.
  public static func open(_ path: String) throws -> ModelDirectory { try ModelDirectory(path: path) }

  private init(path: String) throws {
    try requireDirectory(path, expected: "a directory with \(Self.configurationName) and \(WeightFiles.single)")
    self.path = path
    configuration = try ModelConfiguration(path: joinPath(path, Self.configurationName))
    weightFiles = try WeightFiles(directory: path)
    companions = try CompanionFile.all(in: path)
  }

  /// The files that make up the model, with sizes and hashes. Hashes every byte of the weights.
  public func listFiles() throws -> [ListedFile] {
    let names = [Self.configurationName] + weightFiles.names + companions.map(\.name)
    return try names.map { name in
      let file = try ReadableFile(joinPath(path, name))
      return ListedFile(path: name, size: file.size, sha256: try file.sha256())
    }
  }

  /// Checks by the files' headers that `loadWeights` would find every tensor, with its shape, and none beside them.
  public func check(_ placements: [TensorPlacement]) throws {
    for placement in placements { _ = try tensor(for: placement) }
    try checkUnplaced(Set(placements.map(\.name)))
  }

  /// Reads the weights into their places. F16 and BF16 are converted, exactly.
  ///
  /// - Parameters:
  ///   - placements: every tensor of the model. Each must be in the files with exactly this shape; a tensor in the
  ///     files that is not placed is an error, except rotary frequencies, which are computed, and a tied head, which
  ///     must then equal the embedding.
  ///   - weights: the flat array; floats outside all placements stay untouched.
  /// - Throws: `CheckpointError`; the array's contents are then undefined.
  public func loadWeights(_ placements: [TensorPlacement], into weights: UnsafeMutableBufferPointer<Float>) throws {
    placements.check(fitInto: weights.count)
    let placed = try placements.map { placement in (placement, try tensor(for: placement)) }
    try checkUnplaced(Set(placements.map(\.name)))
    for (placement, source) in placed {
      try source.file.readFloats(source.tensor, into: UnsafeMutableBufferPointer(rebasing: weights[placement.range]))
    }
  }

  private func tensor(
    for placement: TensorPlacement
  ) throws -> (file: SafetensorsFile, tensor: SafetensorsFile.Tensor) {
    guard let source = weightFiles[placement.name] else {
      let isHead = placement.name == Self.headName
      throw CheckpointError(
        .missingTensor, file: joinPath(path, weightFiles.names[0]), tensor: placement.name, found: "no such tensor",
        expected: "shape \(placement.shape)",
        wayOut: isHead ? "if the head is the embedding, config.json must say tie_word_embeddings: true" : nil)
    }
    guard source.tensor.shape == placement.shape else {
      throw CheckpointError(
        .shapeMismatch, file: source.file.path, tensor: placement.name, field: "shape",
        found: "\(source.tensor.shape)", expected: "\(placement.shape), as config.json says")
    }
    return source
  }

  private static let headName = "lm_head.weight"
  private static let embeddingName = "model.embed_tokens.weight"

  private func checkUnplaced(_ names: Set<String>) throws {
    for (file, tensor) in weightFiles.tensors where !names.contains(tensor.name) {
      // Buffers that old versions of transformers saved; their values follow from the configuration.
      if tensor.name.hasSuffix(".rotary_emb.inv_freq") { continue }
      if tensor.name == Self.headName, configuration.tieWordEmbeddings {
        try checkTiedHead(tensor, in: file)
        continue
      }
      throw CheckpointError(
        .unexpectedTensor, file: file.path, tensor: tensor.name, found: "shape \(tensor.shape)",
        expected: "no such tensor in a Llama of this configuration",
        wayOut: "it would be lost in training: check config.json")
    }
  }

  /// A head of its own under `tie_word_embeddings: true` would be dropped silently; only an equal copy is harmless.
  private func checkTiedHead(_ head: SafetensorsFile.Tensor, in file: SafetensorsFile) throws {
    guard let embedding = weightFiles[Self.embeddingName] else { return }
    let isSameKind = embedding.tensor.shape == head.shape && embedding.tensor.dtype == head.dtype
    guard try isSameKind && equalBytes((file, head), embedding) else {
      throw CheckpointError(
        .inconsistent, file: file.path, tensor: head.name, found: "other values than \(Self.embeddingName)",
        expected: "the same values, as config.json says tie_word_embeddings: true",
        wayOut: "set tie_word_embeddings to false, or remove the tensor")
    }
  }

  private typealias Source = (file: SafetensorsFile, tensor: SafetensorsFile.Tensor)

  private func equalBytes(_ one: Source, _ other: Source) throws -> Bool {
    let blockCount = min(1 << 18, max(one.tensor.count, 1))
    let size = one.tensor.dtype.byteCount
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * blockCount * size, alignment: 64)
    defer { block.deallocate() }
    var done = 0
    while done < one.tensor.count {
      let byteCount = min(blockCount, one.tensor.count - done) * size
      let left = UnsafeMutableRawBufferPointer(rebasing: block[..<byteCount])
      let right = UnsafeMutableRawBufferPointer(rebasing: block[byteCount..<2 * byteCount])
      try one.file.readBytes(of: one.tensor, fromElement: done, into: left)
      try other.file.readBytes(of: other.tensor, fromElement: done, into: right)
      guard left.elementsEqual(right) else { return false }
      done += byteCount / size
    }
    return true
  }
}

/// - Throws: `CheckpointError` unless a directory is at `path`.
func requireDirectory(_ path: String, expected: String) throws {
  var status = stat()
  guard stat(path, &status) == 0 else {
    var error = CheckpointError.system("opening the directory", path)
    if error.code == .missing { error.expected = expected }
    throw error
  }
  guard status.st_mode & S_IFMT == S_IFDIR else {
    throw CheckpointError(.notDirectory, file: path, found: fileKind(status.st_mode), expected: expected)
  }
}
