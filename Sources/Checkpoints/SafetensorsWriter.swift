/// Writes a safetensors file of F32 or BF16 tensors as a stream: the header first, then each tensor's floats in the
/// order declared. With the tensors in byte order of their names the file equals the safetensors library's to the byte.
struct SafetensorsWriter: ~Copyable {
  struct Declaration: Sendable, Hashable {
    var name: String
    var shape: [Int]
    var dtype = ModelElementType.f32

    var count: Int { shape.reduce(1, *) }
    var byteCount: Int { dtype.byteCount * count }
  }

  /// Bytes of the whole file.
  let fileByteCount: Int
  private var output: OutputFile
  private let declarations: [Declaration]
  private var nextIndex = 0
  /// Elements of the next tensor that are written already.
  private var written = 0

  /// Creates the file at `path`, which must not exist, claims its room on disk and writes the header.
  init(creating path: String, _ declarations: [Declaration], metadata: [String: String]) throws {
    let header = Self.header(declarations, metadata: metadata)
    self.declarations = declarations
    fileByteCount = header.count + declarations.reduce(0) { $0 + $1.byteCount }
    var output = try OutputFile(creating: path)
    try output.reserve(bytes: fileByteCount)
    try output.write(header)
    self.output = output
  }

  /// Length and JSON, padded with spaces so that the tensors begin at a multiple of 8 bytes.
  static func header(_ declarations: [Declaration], metadata: [String: String]) -> [UInt8] {
    var members: [JSONValue.Member] = []
    if !metadata.isEmpty {
      let sorted = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      members.append(
        .init(key: "__metadata__", value: .object(sorted.map { .init(key: $0.key, value: .string($0.value)) })))
    }
    var offset = 0
    for declaration in declarations {
      let end = offset + declaration.byteCount
      let entry: [JSONValue.Member] = [
        .init(key: "dtype", value: .string(declaration.dtype.rawValue)),
        .init(key: "shape", value: .array(declaration.shape.map { .integer($0) })),
        .init(key: "data_offsets", value: .array([.integer(offset), .integer(end)])),
      ]
      members.append(.init(key: declaration.name, value: .object(entry)))
      offset = end
    }
    var json = Array(JSONValue.object(members).text().utf8)
    while json.count % 8 != 0 { json.append(0x20) }
    var header: [UInt8] = []
    header.appendLittleEndian(UInt64(json.count))
    return header + json
  }

  /// Writes the next elements of the next declared tensor; with its last one, the tensor after it is next.
  mutating func append(_ name: String, _ values: UnsafeBufferPointer<Float>) throws {
    precondition(nextIndex < declarations.count, "more tensors than declared: \(name)")
    let declaration = declarations[nextIndex]
    precondition(
      declaration.name == name && written + values.count <= declaration.count, "\(name) instead of \(declaration)")
    switch declaration.dtype {
    case .f32: try output.write(UnsafeRawBufferPointer(values))
    case .bf16:
      let halves = values.map { bfloat16Bits($0).littleEndian }
      try halves.withUnsafeBytes { try output.write($0) }
    }
    written += values.count
    if written == declaration.count {
      nextIndex += 1
      written = 0
    }
  }

  /// Syncs the file to disk.
  consuming func finish() throws -> (size: Int, sha256: String) {
    precondition(nextIndex == declarations.count, "declared tensors are missing")
    return try output.finish()
  }
}
