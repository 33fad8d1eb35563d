/// A model in one GGUF file, under Hugging Face's names and in Hugging Face's order of rows.
public struct GGUFModel: ModelSource {
  public let path: String
  public let configuration: ModelConfiguration
  public let companions: [CompanionFile]
  public let vocabulary: GGUFVocabulary?
  public let tensors: [ModelTensor]
  public let license: String?
  public let tokenizerFailure: CheckpointError?
  private let file: GGUFFile
  private let homes: [String: Home]

  private struct Home {
    let tensor: GGUFFile.Tensor
    /// Heads whose rows are interleaved; 0 for rows in order.
    let interleavedHeads: Int
  }

  /// Opens the file and checks its header, configuration, vocabulary and tensors' names and types.
  ///
  /// - Throws: `CheckpointError` naming the field, what was found and expected.
  public init(path: String) throws { try self.init(ReadableFile(path)) }

  init(_ source: ReadableFile) throws {
    let file = try GGUFFile(source)
    let architecture = try file.architecture()
    let vocabulary = try GGUFVocabulary(file.metadata)
    self.file = file
    self.vocabulary = vocabulary
    path = file.path
    license = try file.metadata.string("general.license").map(quotable)
    configuration = try ModelConfiguration(
      json: file.configurationJSON(architecture, vocabulary: vocabulary), file: file.path)
    var homes: [String: Home] = [:]
    tensors = try file.tensors.filter { $0.name != GGUFTensorName.ropeFactors }.map { [configuration] tensor in
      let (name, heads) = try Self.name(tensor, architecture, configuration, file)
      homes[name] = Home(tensor: tensor, interleavedHeads: heads)
      return ModelTensor(
        name: name, shape: tensor.shape, storedType: tensor.type.name, storedByteCount: tensor.byteCount,
        file: file.path)
    }
    self.homes = homes
    do {
      companions = try vocabulary?.tokenizerFiles(file: file.path) ?? []
      tokenizerFailure = nil
    } catch let failure as CheckpointError {
      companions = []
      tokenizerFailure = failure
    }
  }

  private static func name(
    _ tensor: GGUFFile.Tensor, _ architecture: GGUFArchitecture, _ configuration: ModelConfiguration, _ file: GGUFFile
  ) throws -> (name: String, interleavedHeads: Int) {
    guard let name = GGUFTensorName(tensor.name, architecture: architecture) else {
      throw CheckpointError(
        .unexpectedTensor, file: file.path, tensor: tensor.name, found: "shape \(tensor.shape)",
        expected: "no such tensor in a model of architecture \(architecture.rawValue)",
        wayOut: "it would be lost in training: Admix reads Llama, Mistral and Qwen2 models without extensions")
    }
    guard tensor.type.isReadable else {
      throw GGUFTensorType.unreadable(tensor.type.name, file: file.path, tensor: tensor.name)
    }
    let heads =
      switch name.rows {
      case .inOrder: 0
      case .interleavedQueries: configuration.headCount
      case .interleavedKeys: configuration.keyValueHeadCount
      }
    // A bias is one row of the file, whose elements are permuted as a weight's rows are.
    guard heads == 0 || (tensor.shape.count == 2 && tensor.shape[0] == heads * configuration.headSize) else {
      throw CheckpointError(
        .shapeMismatch, file: file.path, tensor: tensor.name, field: "shape", found: "\(tensor.shape)",
        expected: "\(heads * configuration.headSize) rows, \(heads) heads of \(configuration.headSize)")
    }
    return (name.name, heads)
  }

  public var format: String { "GGUF v\(file.version)" }
  /// Every key and value of the file.
  public var metadata: GGUFMetadata { file.metadata }

  public func tensor(named name: String) -> ModelTensor? {
    homes[name].map {
      ModelTensor(
        name: name, shape: $0.tensor.shape, storedType: $0.tensor.type.name, storedByteCount: $0.tensor.byteCount,
        file: path)
    }
  }

  public func listFiles() throws -> [ListedFile] {
    [ListedFile(path: lastComponent(path), size: file.file.size, sha256: try file.file.sha256())]
  }

  public func readFloats(
    _ tensor: ModelTensor, rows: Range<Int>, into buffer: UnsafeMutableBufferPointer<Float>
  ) throws {
    guard let home = homes[tensor.name] else { preconditionFailure("no tensor \(tensor.name) in \(path)") }
    guard home.interleavedHeads > 0 else {
      return try file.readFloats(home.tensor, fromElement: rows.lowerBound * tensor.rowLength, into: buffer)
    }
    try readInterleaved(home, rows: rows, into: buffer)
  }

  /// Within a head, row p · half + i of Hugging Face's order is row 2i + p of the file's. Heads are read whole.
  private func readInterleaved(
    _ home: Home, rows: Range<Int>, into buffer: UnsafeMutableBufferPointer<Float>
  ) throws {
    let length = home.tensor.shape[1]
    let headRows = home.tensor.shape[0] / home.interleavedHeads
    precondition(buffer.count == rows.count * length, "\(buffer.count) floats for \(rows.count) rows of \(length)")
    let head = UnsafeMutableBufferPointer<Float>.allocate(capacity: headRows * length)
    defer { head.deallocate() }
    var row = rows.lowerBound
    while row < rows.upperBound {
      let firstOfHead = row - row % headRows
      try file.readFloats(home.tensor, fromElement: firstOfHead * length, into: head)
      while row < min(firstOfHead + headRows, rows.upperBound) {
        let inHead = row - firstOfHead
        let source = 2 * (inHead % (headRows / 2)) + inHead / (headRows / 2)
        _ = UnsafeMutableBufferPointer(rebasing: buffer[((row - rows.lowerBound) * length)...])
          .update(fromContentsOf: UnsafeBufferPointer(rebasing: head[(source * length)..<((source + 1) * length)]))
        row += 1
      }
    }
  }

  func ggmlType(of tensor: ModelTensor) -> GGUFTensorType {
    guard let home = homes[tensor.name] else { preconditionFailure("no tensor \(tensor.name) in \(path)") }
    return home.tensor.type
  }

  /// Calls `body` with the bytes of each row as stored, rows counted from the first of `rows`.
  func readBlocks(
    _ tensor: ModelTensor, rows: Range<Int>, _ body: (Int, UnsafeRawBufferPointer) throws -> Void
  ) throws {
    guard let home = homes[tensor.name] else { preconditionFailure("no tensor \(tensor.name) in \(path)") }
    let block = home.tensor.type.block
    let rowBytes = tensor.rowLength / block.elements * block.bytes
    // Heads whose rows are interleaved are read whole; else a megabyte or so at a time.
    let headRows = home.interleavedHeads > 0 ? home.tensor.shape[0] / home.interleavedHeads : max(1, (1 << 20) / rowBytes)
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: headRows * rowBytes, alignment: 64)
    defer { bytes.deallocate() }
    var row = rows.lowerBound
    while row < rows.upperBound {
      let first = row - row % headRows
      let count = min(headRows, tensor.rowCount - first)
      let part = UnsafeMutableRawBufferPointer(rebasing: bytes[..<(count * rowBytes)])
      try file.file.read(into: part, at: home.tensor.byteOffset + first * rowBytes)
      while row < min(first + count, rows.upperBound) {
        let inHead = row - first
        let source =
          home.interleavedHeads > 0 ? 2 * (inHead % (headRows / 2)) + inHead / (headRows / 2) : inHead
        try body(
          row - rows.lowerBound,
          UnsafeRawBufferPointer(rebasing: part[(source * rowBytes)..<((source + 1) * rowBytes)]))
        row += 1
      }
    }
  }
}
