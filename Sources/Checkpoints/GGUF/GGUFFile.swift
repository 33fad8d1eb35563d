import Metering

/// A GGUF file (version 2 or 3) open for reading: metadata, and tensors that are read as floats block by block.
///
/// Nothing in it is believed: the header is checked whole when the file is opened, and memory is taken only for what
/// is really there.
public struct GGUFFile: Sendable {
  public struct Tensor: Sendable, Hashable {
    /// As in the file, such as `blk.0.attn_q.weight`.
    public let name: String
    public let type: GGUFTensorType
    /// The dimension that varies fastest last, as in Hugging Face's files; the reverse of the file's order.
    public let shape: [Int]
    /// Bytes it takes in the file, without padding.
    public let byteCount: Int
    /// Where its bytes begin in the file.
    public private(set) var byteOffset: Int
    /// Where its description begins in the file.
    let entryOffset: Int

    public var count: Int { shape.reduce(1, *) }

    func placed(at offset: Int) -> Tensor {
      var tensor = self
      tensor.byteOffset = offset
      return tensor
    }
  }

  public let path: String
  /// 2 or 3.
  public let version: Int
  public let alignment: Int
  public let metadata: GGUFMetadata
  /// In the order of their bytes in the file.
  public let tensors: [Tensor]
  let file: ReadableFile
  private let indices: [String: Int]

  /// Opens the file and checks its header.
  ///
  /// - Throws: `CheckpointError` naming the file, the field with its byte offset, what was found and expected.
  public init(path: String) throws {
    try self.init(ReadableFile(path))
  }

  init(_ file: ReadableFile) throws {
    let header = try GGUFHeader(file)
    self.file = file
    path = file.path
    version = header.version
    alignment = header.alignment
    metadata = header.metadata
    tensors = header.tensors
    indices = Dictionary(uniqueKeysWithValues: header.tensors.enumerated().map { ($1.name, $0) })
  }

  public subscript(name: String) -> Tensor? { indices[name].map { tensors[$0] } }

  /// Reads elements of a tensor as floats.
  ///
  /// - Parameters:
  ///   - first: the first element read; it begins a block, as every row does.
  ///   - buffer: as many floats as elements to read, whole blocks.
  /// - Throws: `CheckpointError` for a type that is not read, by its name, or when the file changed since it was
  ///   opened.
  public func readFloats(
    _ tensor: Tensor, fromElement first: Int = 0, into buffer: UnsafeMutableBufferPointer<Float>
  ) throws {
    let block = tensor.type.block
    precondition(first >= 0 && first + buffer.count <= tensor.count, "outside tensor \(tensor.name)")
    precondition(
      first % block.elements == 0 && buffer.count % block.elements == 0, "parts of a block of tensor \(tensor.name)")
    guard tensor.type.isReadable else {
      throw GGUFTensorType.unreadable(tensor.type.name, file: path, tensor: tensor.name)
    }
    let blocksAtOnce = max(1, (1 << 18) / block.bytes)
    let total = buffer.count / block.elements
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(1, min(blocksAtOnce, total) * block.bytes), alignment: 64)
    defer { bytes.deallocate() }
    file.meter?.allocated(bytes.count)
    var done = 0
    while done < total {
      let count = min(blocksAtOnce, total - done)
      let part = UnsafeMutableRawBufferPointer(rebasing: bytes[..<(count * block.bytes)])
      try file.read(into: part, at: tensor.byteOffset + (first / block.elements + done) * block.bytes)
      let floats = UnsafeMutableBufferPointer(
        rebasing: buffer[(done * block.elements)..<((done + count) * block.elements)])
      dequantize(tensor.type, UnsafeRawBufferPointer(part), into: floats)
      done += count
    }
  }
}
