import Glibc
import Metering

/// A safetensors file open for reading. Nothing in it is believed: the header is checked whole when the file is
/// opened, and memory is taken only for what is really there.
public struct SafetensorsFile: Sendable {
  public struct Tensor: Sendable, Hashable {
    public let name: String
    public let dtype: TensorDType
    public let shape: [Int]
    /// Bytes, counted from the end of the header. Its length is the shape's product times the element's size.
    public let dataRange: Range<Int>

    public var count: Int { dataRange.count / dtype.byteCount }
  }

  public let path: String
  /// In the order of their bytes in the file.
  public let tensors: [Tensor]
  public let metadata: [String: String]

  private let indices: [String: Int]
  private let file: ReadableFile
  /// Where the tensors' bytes begin in the file.
  private let dataOffset: Int

  /// Opens the file and checks its header.
  ///
  /// - Throws: `CheckpointError` naming the file, the tensor, the field, what was found and expected.
  public init(path: String) throws {
    try self.init(ReadableFile(path), limits: .init())
  }

  init(_ file: ReadableFile, limits: SafetensorsHeader.Limits) throws {
    let path = file.path
    guard file.size >= 8 else {
      throw CheckpointError(
        .truncated, file: path, field: "header length", found: "a file of \(file.size) bytes", expected: "8 or more")
    }
    var length: UInt64 = 0
    try withUnsafeMutableBytes(of: &length) { try file.read(into: $0, at: 0) }
    length = UInt64(littleEndian: length)
    guard length <= UInt64(limits.headerBytes) else {
      throw CheckpointError(
        .tooLarge, file: path, field: "header length", found: "\(length)", expected: "at most \(limits.headerBytes)",
        wayOut: "this may be no safetensors file")
    }
    let headerByteCount = Int(length)
    guard headerByteCount <= file.size - 8 else {
      throw CheckpointError(
        .truncated, file: path, field: "header length", found: "\(length)",
        expected: "at most \(file.size - 8), the bytes that follow")
    }
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: headerByteCount, alignment: 8)
    defer { bytes.deallocate() }
    try file.read(into: bytes, at: 8)
    dataOffset = 8 + headerByteCount
    let header = try SafetensorsHeader(
      UnsafeRawBufferPointer(bytes), dataByteCount: file.size - dataOffset, file: path, limits: limits)
    self.file = file
    self.path = path
    tensors = header.tensors
    metadata = header.metadata
    indices = Dictionary(uniqueKeysWithValues: header.tensors.enumerated().map { ($1.name, $0) })
  }

  public subscript(name: String) -> Tensor? { indices[name].map { tensors[$0] } }

  /// Copies the bytes of `tensor`, from its element `first` on, as they stand in the file.
  public func readBytes(
    of tensor: Tensor, fromElement first: Int = 0, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    let offset = first * tensor.dtype.byteCount
    precondition(first >= 0 && offset + buffer.count <= tensor.dataRange.count, "outside tensor \(tensor.name)")
    try file.read(into: buffer, at: dataOffset + tensor.dataRange.lowerBound + offset)
  }

  /// Reads elements of a tensor of F32, F16 or BF16 as floats; each conversion is exact.
  ///
  /// - Parameters:
  ///   - first: the first element read.
  ///   - buffer: as many floats as elements to read.
  /// - Throws: `CheckpointError` for another dtype, or when the file changed since it was opened.
  public func readFloats(
    _ tensor: Tensor, fromElement first: Int = 0, into buffer: UnsafeMutableBufferPointer<Float>
  ) throws {
    precondition(
      first >= 0 && first + buffer.count <= tensor.count,
      "\(buffer.count) floats from \(first) on of \(tensor.count) of tensor \(tensor.name)")
    switch tensor.dtype {
    case .f32: try readBytes(of: tensor, fromElement: first, into: UnsafeMutableRawBufferPointer(buffer))
    case .f16: try readHalves(tensor, first, into: buffer, convert: float(fromHalf:))
    case .bf16: try readHalves(tensor, first, into: buffer, convert: float(fromBFloat16:))
    default:
      throw CheckpointError(
        .unsupported, file: path, tensor: tensor.name, field: "dtype", found: tensor.dtype.rawValue,
        expected: "F32, F16 or BF16", wayOut: "convert the model to one of these")
    }
  }

  private func readHalves(
    _ tensor: Tensor, _ first: Int, into buffer: UnsafeMutableBufferPointer<Float>, convert: (UInt16) -> Float
  ) throws {
    let halves = UnsafeMutableBufferPointer<UInt16>.allocate(capacity: min(1 << 16, max(buffer.count, 1)))
    defer { halves.deallocate() }
    file.meter?.allocated(2 * halves.count)
    var done = 0
    while done < buffer.count {
      let part = UnsafeMutableBufferPointer(rebasing: halves[..<min(halves.count, buffer.count - done)])
      try readBytes(of: tensor, fromElement: first + done, into: UnsafeMutableRawBufferPointer(part))
      for index in part.indices { buffer[done + index] = convert(UInt16(littleEndian: part[index])) }
      done += part.count
    }
  }

  /// Calls `body` with the bytes of `tensor` mapped from the file, without a copy: for weights that stay as they are
  /// on disk. Aligned to the element when the header's length is a multiple of 8, as all present writers make it.
  ///
  /// Only for files that nobody else writes: one that is cut short while mapped ends the process with SIGBUS. Reading
  /// with `readFloats` has no such condition.
  public func withMappedBytes<Result>(
    of tensor: Tensor, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    guard !tensor.dataRange.isEmpty else { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
    let begin = dataOffset + tensor.dataRange.lowerBound
    let pageStart = begin - begin % Int(getpagesize())
    let length = begin - pageStart + tensor.dataRange.count
    guard let mapping = mmap(nil, length, PROT_READ, MAP_PRIVATE, file.descriptor, off_t(pageStart)),
      mapping != MAP_FAILED
    else { throw CheckpointError.system("mapping", path) }
    defer { munmap(mapping, length) }
    return try body(UnsafeRawBufferPointer(start: mapping + (begin - pageStart), count: tensor.dataRange.count))
  }
}
