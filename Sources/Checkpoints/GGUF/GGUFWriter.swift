/// Writes a GGUF file, version 3, as a stream: header and metadata first, then each tensor's bytes in the order
/// declared. https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
struct GGUFWriter: ~Copyable {
  struct Declaration: Hashable {
    var name: String
    /// As Hugging Face's, the dimension that varies slowest first.
    var shape: [Int]
    var type: GGUFTensorType

    var count: Int { shape.reduce(1, *) }
    var byteCount: Int { count / type.block.elements * type.block.bytes }
  }

  /// What llama.cpp takes where the file says nothing of it.
  static let alignment = 32

  private var output: OutputFile
  private let declarations: [Declaration]
  private var nextIndex = 0
  private var written = 0

  /// Creates the file at `path`, which must not exist, claims its room on disk and writes all but the tensors.
  init(creating path: String, _ metadata: [(key: String, value: GGUFValue)], _ declarations: [Declaration]) throws {
    let header = Self.header(metadata, declarations)
    self.declarations = declarations
    var output = try OutputFile(creating: path)
    try output.reserve(bytes: header.count + declarations.reduce(0) { $0 + Self.aligned($1.byteCount) })
    try output.write(header)
    self.output = output
  }

  private static func aligned(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }

  static func header(_ metadata: [(key: String, value: GGUFValue)], _ declarations: [Declaration]) -> [UInt8] {
    var bytes = Array("GGUF".utf8)
    bytes.appendLittleEndian(UInt32(3))
    bytes.appendLittleEndian(UInt64(declarations.count))
    bytes.appendLittleEndian(UInt64(metadata.count))
    for (key, value) in metadata {
      bytes.appendString(key.utf8)
      bytes.appendLittleEndian(value.type.rawValue)
      bytes.append(value)
    }
    var offset = 0
    for declaration in declarations {
      bytes.appendString(declaration.name.utf8)
      bytes.appendLittleEndian(UInt32(declaration.shape.count))
      for size in declaration.shape.reversed() { bytes.appendLittleEndian(UInt64(size)) }
      bytes.appendLittleEndian(declaration.type.rawValue)
      bytes.appendLittleEndian(UInt64(offset))
      offset += aligned(declaration.byteCount)
    }
    return bytes + [UInt8](repeating: 0, count: aligned(bytes.count) - bytes.count)
  }

  /// Writes the next bytes of the next declared tensor; with its last ones, the tensor after it is next.
  mutating func append(_ name: String, _ bytes: [UInt8]) throws {
    precondition(nextIndex < declarations.count, "more tensors than declared: \(name)")
    let declaration = declarations[nextIndex]
    precondition(
      declaration.name == name && written + bytes.count <= declaration.byteCount, "\(name) instead of \(declaration)")
    try output.write(bytes)
    written += bytes.count
    guard written == declaration.byteCount else { return }
    try output.write([UInt8](repeating: 0, count: Self.aligned(written) - written))
    nextIndex += 1
    written = 0
  }

  /// Syncs the file to disk.
  consuming func finish() throws -> (size: Int, sha256: String) {
    precondition(nextIndex == declarations.count, "declared tensors are missing")
    return try output.finish()
  }
}

extension [UInt8] {
  fileprivate mutating func appendString(_ text: some Collection<UInt8>) {
    appendLittleEndian(UInt64(text.count))
    append(contentsOf: text)
  }

  fileprivate mutating func append(_ value: GGUFValue) {
    switch value {
    case .unsigned(let number, let type):
      for index in 0..<(type.byteCount ?? 8) { append(UInt8(truncatingIfNeeded: number >> UInt64(8 * index))) }
    case .signed(let number, let type):
      for index in 0..<(type.byteCount ?? 8) { append(UInt8(truncatingIfNeeded: number >> Int64(8 * index))) }
    case .float32(let number): appendLittleEndian(number.bitPattern)
    case .float64(let number): appendLittleEndian(number.bitPattern)
    case .bool(let flag): append(flag ? 1 : 0)
    case .string(let text): appendString(text.utf8)
    case .array(let array): append(array)
    }
  }

  private mutating func append(_ array: GGUFArray) {
    appendLittleEndian(array.elementType.rawValue)
    appendLittleEndian(UInt64(array.count))
    switch array {
    case .scalars(_, let bytes): append(contentsOf: bytes)
    case .strings(let strings): for string in strings { appendString(string) }
    case .arrays(let arrays): for inner in arrays { append(inner) }
    }
  }
}
