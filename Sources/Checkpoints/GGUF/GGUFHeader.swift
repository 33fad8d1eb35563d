import Metering

/// The header of a GGUF file: metadata and tensors, every claim checked against the file and against the others.
///
/// Format (versions 2 and 3): `GGUF`, u32 version, u64 count of tensors, u64 count of pairs; the pairs; the tensors'
/// descriptions; padding to the alignment; the tensors' bytes, each padded to the alignment. All little-endian.
/// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
struct GGUFHeader {
  let version: Int
  let alignment: Int
  let metadata: GGUFMetadata
  /// In the order of their bytes.
  let tensors: [GGUFFile.Tensor]

  /// The specification's limits.
  private static let keyBytes = 65_535
  private static let tensorNameBytes = 64
  private static let tensorRank = 4
  /// Arrays inside arrays; nobody writes two.
  private static let arrayDepth = 4

  init(_ file: ReadableFile) throws {
    var cursor = GGUFCursor(file)
    version = try Self.version(&cursor)
    let tensorCount = try cursor.count(of: 24, "count of tensors")
    let pairCount = try cursor.count(of: 13, "count of metadata pairs")
    var metadata = GGUFMetadata(file: file.path)
    for index in 0..<pairCount { try Self.pair(index, &cursor, into: &metadata) }
    self.metadata = metadata
    alignment = try Self.alignment(metadata)
    var claims: [(tensor: GGUFFile.Tensor, offset: Int)] = []
    for index in 0..<tensorCount { claims.append(try Self.tensor(index, &cursor, alignment: alignment)) }
    tensors = try Self.place(claims, headerEnd: cursor.position, alignment: alignment, file: file)
  }

  private static func version(_ cursor: inout GGUFCursor) throws -> Int {
    let beginning = try FileBeginning(cursor.file)
    guard try cursor.integer(UInt32.self, "magic") == 0x4655_4747 else {
      throw cursor.failure(
        .wrongType, "magic", at: 0, found: beginning.text, expected: "\"GGUF\"", wayOut: beginning.wayOut)
    }
    let version = try cursor.integer(UInt32.self, "version")
    guard version == 2 || version == 3 else {
      let swapped = version.byteSwapped <= 3
      throw cursor.failure(
        .unsupported, "version", at: 4, found: swapped ? "a big-endian file" : "\(version)",
        expected: swapped ? "a little-endian file" : "2 or 3",
        wayOut: swapped
          ? "convert it with gguf_convert_endian.py of llama.cpp" : "convert the model again with llama.cpp")
    }
    return Int(version)
  }

  private static func pair(_ index: Int, _ cursor: inout GGUFCursor, into metadata: inout GGUFMetadata) throws {
    let offset = cursor.position
    let keyBytes = try cursor.string("key \(index)", limit: keyBytes)
    // The specification's own rule; it also keeps keys equal only when their bytes are.
    guard !keyBytes.isEmpty, keyBytes.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
      throw cursor.failure(
        .wrongType, "key \(index)", at: offset, found: "\"\(String(decoding: keyBytes, as: UTF8.self))\"",
        expected: "printable ASCII characters")
    }
    let key = String(decoding: keyBytes, as: UTF8.self)
    cursor.file.meter?.allocated(key.utf8.count)
    let type = try valueType(&cursor, key)
    let value = try value(type, &cursor, key)
    guard metadata.append(.init(key: key, value: value, byteOffset: offset)) else {
      throw cursor.failure(.inconsistent, key, at: offset, found: "this key a second time", expected: "each key once")
    }
  }

  private static func valueType(_ cursor: inout GGUFCursor, _ key: String) throws -> GGUFValueType {
    let offset = cursor.position
    let number = try cursor.integer(UInt32.self, "type of \(key)")
    guard let type = GGUFValueType(rawValue: number) else {
      throw cursor.failure(.unsupported, "type of \(key)", at: offset, found: "\(number)", expected: "0 to 12")
    }
    return type
  }

  private static func value(_ type: GGUFValueType, _ cursor: inout GGUFCursor, _ key: String) throws -> GGUFValue {
    switch type {
    case .uint8: return .unsigned(UInt64(try cursor.integer(UInt8.self, key)), type)
    case .uint16: return .unsigned(UInt64(try cursor.integer(UInt16.self, key)), type)
    case .uint32: return .unsigned(UInt64(try cursor.integer(UInt32.self, key)), type)
    case .uint64: return .unsigned(try cursor.integer(UInt64.self, key), type)
    case .int8: return .signed(Int64(try cursor.integer(Int8.self, key)), type)
    case .int16: return .signed(Int64(try cursor.integer(Int16.self, key)), type)
    case .int32: return .signed(Int64(try cursor.integer(Int32.self, key)), type)
    case .int64: return .signed(try cursor.integer(Int64.self, key), type)
    case .float32: return .float32(Float(bitPattern: try cursor.integer(UInt32.self, key)))
    case .float64: return .float64(Double(bitPattern: try cursor.integer(UInt64.self, key)))
    case .bool:
      let offset = cursor.position
      let byte = try cursor.integer(UInt8.self, key)
      guard byte <= 1 else {
        throw cursor.failure(.outOfRange, key, at: offset, found: "\(byte)", expected: "0 or 1, a bool")
      }
      return .bool(byte == 1)
    case .string: return .string(try cursor.text(key))
    case .array: return .array(try array(&cursor, key, depth: 1))
    }
  }

  private static func array(_ cursor: inout GGUFCursor, _ key: String, depth: Int) throws -> GGUFArray {
    let offset = cursor.position
    guard depth <= arrayDepth else {
      throw cursor.failure(
        .outOfRange, key, at: offset, found: "arrays \(depth) deep", expected: "at most \(arrayDepth)")
    }
    let type = try valueType(&cursor, "elements of \(key)")
    switch type {
    case .string:
      let count = try cursor.count(of: 8, "length of \(key)")
      var strings = ByteStrings()
      for index in 0..<count { strings.append(try cursor.string("\(key)[\(index)]")) }
      cursor.file.meter?.allocated(strings.byteCount + 8 * count)
      return .strings(strings)
    case .array:
      let count = try cursor.count(of: 12, "length of \(key)")
      cursor.file.meter?.allocated(count * MemoryLayout<GGUFArray>.stride)
      return .arrays(try (0..<count).map { _ in try array(&cursor, key, depth: depth + 1) })
    default:
      let size = type.byteCount ?? 1
      let count = try cursor.count(of: size, "length of \(key)")
      cursor.file.meter?.allocated(count * size)
      return .scalars(type, Array(try cursor.bytes(count * size, key)))
    }
  }

  private static func alignment(_ metadata: GGUFMetadata) throws -> Int {
    let key = "general.alignment"
    guard let alignment = try metadata.integer(key, in: 0...Int(UInt32.max)) else { return 32 }
    guard alignment >= 8, alignment <= 1 << 16, alignment & (alignment - 1) == 0 else {
      throw metadata.failure(.outOfRange, key, "\(alignment)", "a power of two from 8 to 65536")
    }
    return alignment
  }

  private static func tensor(
    _ index: Int, _ cursor: inout GGUFCursor, alignment: Int
  ) throws -> (tensor: GGUFFile.Tensor, offset: Int) {
    let start = cursor.position
    let name = try cursor.text("name of tensor \(index)", limit: tensorNameBytes)
    func failure(
      _ code: CheckpointError.Code, _ field: String, _ offset: Int, _ found: String, _ expected: String
    ) -> CheckpointError {
      var error = cursor.failure(code, field, at: offset, found: found, expected: expected)
      error.tensor = quotable(name)
      return error
    }
    guard !name.isEmpty else { throw failure(.missingField, "name", start, "nothing", "a name") }
    let rankOffset = cursor.position
    let rank = try cursor.integer(UInt32.self, "rank of \(name)")
    guard (1...UInt32(tensorRank)).contains(rank) else {
      throw failure(.outOfRange, "rank", rankOffset, "\(rank) dimensions", "1 to \(tensorRank)")
    }
    // The file has the dimension that varies fastest first; Hugging Face, as everyone else, last.
    let shapeOffset = cursor.position
    var shape: [Int] = []
    for _ in 0..<rank {
      let dimension = try cursor.integer(UInt64.self, "shape of \(name)")
      guard let dimension = Int(exactly: dimension), dimension > 0 else {
        throw failure(.outOfRange, "shape", shapeOffset, "\(dimension)", "positive dimensions")
      }
      shape.insert(dimension, at: 0)
    }
    let typeOffset = cursor.position
    let number = try cursor.integer(UInt32.self, "type of \(name)")
    guard let type = GGUFTensorType(rawValue: number) else {
      let known = GGUFTensorType.withdrawn[number] ?? "number \(number), which is unknown"
      throw GGUFTensorType.unreadable(
        known, file: cursor.file.path, tensor: name, field: "type at byte \(typeOffset)")
    }
    guard let byteCount = byteCount(shape, type) else {
      throw failure(.overflow, "shape", shapeOffset, "\(shape) of \(type.name)", "a size below 2^63 bytes")
    }
    guard shape[shape.count - 1] % type.block.elements == 0 else {
      throw failure(
        .sizeMismatch, "shape", shapeOffset, "rows of \(shape[shape.count - 1]) elements",
        "a multiple of \(type.block.elements), a block of \(type.name)")
    }
    let offsetOffset = cursor.position
    let offset = try cursor.integer(UInt64.self, "offset of \(name)")
    guard let offset = Int(exactly: offset) else {
      throw failure(.overflow, "offset", offsetOffset, "\(offset)", "below 2^63")
    }
    guard offset % alignment == 0 else {
      throw failure(.misaligned, "offset", offsetOffset, "\(offset)", "a multiple of \(alignment), the alignment")
    }
    cursor.file.meter?.allocated(MemoryLayout<GGUFFile.Tensor>.stride + 8 * shape.count)
    let tensor = GGUFFile.Tensor(
      name: name, type: type, shape: shape, byteCount: byteCount, byteOffset: 0, entryOffset: start)
    return (tensor, offset)
  }

  private static func byteCount(_ shape: [Int], _ type: GGUFTensorType) -> Int? {
    var count = 1
    for dimension in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
      if overflow { return nil }
      count = product
    }
    let (bytes, overflow) = (count / type.block.elements).multipliedReportingOverflow(by: type.block.bytes)
    return overflow ? nil : bytes
  }
}
