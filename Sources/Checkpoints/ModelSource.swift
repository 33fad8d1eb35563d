import Metering

/// A tensor of a model on disk, under the name Hugging Face gives it whatever the file calls it.
public struct ModelTensor: Sendable, Hashable {
  public let name: String
  public let shape: [Int]
  /// The element type as it is stored: `F32`, `BF16`, `Q4_K`.
  public let storedType: String
  /// Bytes it takes in its file.
  public let storedByteCount: Int
  /// Path of the file it is in.
  public let file: String

  public var count: Int { shape.reduce(1, *) }
  /// Elements of a row: the dimension that varies fastest.
  public var rowLength: Int { shape.last ?? 1 }
  public var rowCount: Int { shape.dropLast().reduce(1, *) }
}

/// A model on disk in whichever form: its configuration, the files that travel with its weights, and the weights as
/// fp32 tensors under Hugging Face's names, read row by row and never all at once.
///
/// Get one from `openModel`.
public protocol ModelSource: Sendable {
  /// As the caller gave it.
  var path: String { get }
  /// For people: `Hugging Face directory`, `GGUF v3`.
  var format: String { get }
  var configuration: ModelConfiguration { get }
  /// Tokenizer, template and generation files, to be written beside trained weights.
  var companions: [CompanionFile] { get }
  /// The tokenizer that a GGUF file embeds; nil where the tokenizer is a file of its own, or absent.
  var vocabulary: GGUFVocabulary? { get }
  /// Why the embedded tokenizer cannot become files; the weights can be read all the same.
  var tokenizerFailure: CheckpointError? { get }
  /// In the order of files and of bytes in them; rotary frequencies, which are computed, left out.
  var tensors: [ModelTensor] { get }
  func tensor(named name: String) -> ModelTensor?
  /// SPDX name or whatever the model says of its licence.
  var license: String? { get }

  /// Reads rows of a tensor as floats: F32, F16 and BF16 exactly, quantized ones as their definition says.
  ///
  /// - Parameter buffer: `rows.count * tensor.rowLength` floats.
  /// - Throws: `CheckpointError`, for a type that is not read or when the file changed since it was opened.
  func readFloats(_ tensor: ModelTensor, rows: Range<Int>, into buffer: UnsafeMutableBufferPointer<Float>) throws

  /// The files that make up the model, with sizes and hashes. Hashes every byte of the weights.
  func listFiles() throws -> [ListedFile]
}

/// Opens the model at `path`: a Hugging Face directory, a `.gguf` file, or a directory that holds one `.gguf` file and
/// no safetensors.
///
/// - Throws: `CheckpointError` naming the file, the field, what was found and expected, and for something that is no
///   model what it seems to be instead.
public func openModel(_ path: String) throws -> any ModelSource {
  if try isDirectory(path) {
    if let file = try onlyGGUF(in: path) { return try GGUFModel(path: joinPath(path, file)) }
    return try ModelDirectory.open(path)
  }
  let file = try ReadableFile(path)
  let beginning = try FileBeginning(file)
  guard path.hasSuffix(".gguf") || beginning.isGGUF else {
    throw CheckpointError(
      .unsupported, file: path, found: beginning.text, expected: "a model: a Hugging Face directory or a GGUF file",
      wayOut: beginning.wayOut ?? "give the directory that holds config.json and model.safetensors, or a .gguf file")
  }
  return try GGUFModel(file)
}

/// The name of the GGUF file in a directory without safetensors, which is then the whole model, tokenizer included; nil
/// when there is none.
///
/// - Throws: `CheckpointError` when there are several.
public func onlyGGUF(in directory: String) throws -> String? {
  let names = try entryNames(directory)
  guard !names.contains(where: { $0.hasSuffix(".safetensors") || $0 == WeightFiles.index }) else { return nil }
  let files = names.filter { $0.hasSuffix(".gguf") }
  guard files.count <= 1 else {
    throw CheckpointError(
      .inconsistent, file: directory, found: "\(files.count) GGUF files", expected: "one model",
      wayOut: "name the file, such as \(joinPath(directory, files[0]))")
  }
  return files.first
}

let headName = "lm_head.weight"
let embeddingName = "model.embed_tokens.weight"

extension ModelSource {
  /// Checks by the files' headers that `loadWeights` would find every tensor, with its shape, and none beside them.
  public func check(_ placements: [TensorPlacement]) throws {
    for placement in placements { _ = try tensor(for: placement) }
    try checkUnplaced(Set(placements.map(\.name)))
  }

  /// Reads the weights into their places.
  ///
  /// - Parameters:
  ///   - placements: every tensor of the model. Each must be in the files with exactly this shape; a tensor in the
  ///     files that is not placed is an error, except a tied head, which must then equal the embedding.
  ///   - weights: the flat array; floats outside all placements stay untouched.
  /// - Throws: `CheckpointError`; the array's contents are then undefined.
  public func loadWeights(_ placements: [TensorPlacement], into weights: UnsafeMutableBufferPointer<Float>) throws {
    placements.check(fitInto: weights.count)
    let placed = try placements.map { placement in (placement, try tensor(for: placement)) }
    try checkUnplaced(Set(placements.map(\.name)))
    for (placement, tensor) in placed {
      try readFloats(
        tensor, rows: 0..<tensor.rowCount, into: UnsafeMutableBufferPointer(rebasing: weights[placement.range]))
    }
  }

  /// Calls `body` with the tensor's floats in order, some rows at a time.
  public func forEachRows(
    of tensor: ModelTensor, _ body: (UnsafeBufferPointer<Float>) throws -> Void
  ) throws {
    guard tensor.count > 0 else { return }
    let rowsAtOnce = max(1, (1 << 20) / tensor.rowLength)
    let floats = UnsafeMutableBufferPointer<Float>.allocate(
      capacity: min(rowsAtOnce, tensor.rowCount) * tensor.rowLength)
    defer { floats.deallocate() }
    ReadMeter.current?.allocated(4 * floats.count)
    for first in stride(from: 0, to: tensor.rowCount, by: rowsAtOnce) {
      let rows = first..<min(first + rowsAtOnce, tensor.rowCount)
      let part = UnsafeMutableBufferPointer(rebasing: floats[..<(rows.count * tensor.rowLength)])
      try readFloats(tensor, rows: rows, into: part)
      try body(UnsafeBufferPointer(part))
    }
  }

  private func tensor(for placement: TensorPlacement) throws -> ModelTensor {
    guard let tensor = tensor(named: placement.name) else {
      let isHead = placement.name == headName
      throw CheckpointError(
        .missingTensor, file: tensors.first?.file ?? path, tensor: placement.name, found: "no such tensor",
        expected: "shape \(placement.shape)",
        wayOut: isHead ? "if the head is the embedding, config.json must say tie_word_embeddings: true" : nil)
    }
    guard tensor.shape == placement.shape else {
      throw CheckpointError(
        .shapeMismatch, file: tensor.file, tensor: placement.name, field: "shape", found: "\(tensor.shape)",
        expected: "\(placement.shape), as the configuration says")
    }
    return tensor
  }

  private func checkUnplaced(_ names: Set<String>) throws {
    for tensor in tensors where !names.contains(tensor.name) {
      if tensor.name == headName, configuration.tieWordEmbeddings {
        try checkTiedHead(tensor)
        continue
      }
      throw CheckpointError(
        .unexpectedTensor, file: tensor.file, tensor: tensor.name, found: "shape \(tensor.shape)",
        expected: "no such tensor in a model of this configuration",
        wayOut: "it would be lost in training: check the configuration")
    }
  }

  /// A head of its own under `tie_word_embeddings: true` would be dropped silently; only an equal copy is harmless.
  private func checkTiedHead(_ head: ModelTensor) throws {
    guard let embedding = tensor(named: embeddingName) else { return }
    guard try embedding.shape == head.shape && equalFloats(head, embedding) else {
      throw CheckpointError(
        .inconsistent, file: head.file, tensor: head.name, found: "other values than \(embeddingName)",
        expected: "the same values, as config.json says tie_word_embeddings: true",
        wayOut: "set tie_word_embeddings to false, or remove the tensor")
    }
  }

  private func equalFloats(_ one: ModelTensor, _ other: ModelTensor) throws -> Bool {
    var row = 0
    var isEqual = true
    let rows = UnsafeMutableBufferPointer<Float>.allocate(capacity: max(1 << 20, one.rowLength))
    defer { rows.deallocate() }
    try forEachRows(of: one) { floats in
      guard isEqual else { return }
      let part = UnsafeMutableBufferPointer(rebasing: rows[..<floats.count])
      try readFloats(other, rows: row..<row + floats.count / one.rowLength, into: part)
      row += floats.count / one.rowLength
      isEqual = zip(floats, part).allSatisfy { $0.bitPattern == $1.bitPattern }
    }
    return isEqual
  }
}

func isDirectory(_ path: String) throws -> Bool {
  do {
    try requireDirectory(path, expected: "a model: a Hugging Face directory or a GGUF file")
    return true
  } catch let error as CheckpointError where error.code == .notDirectory {
    return false
  }
}
