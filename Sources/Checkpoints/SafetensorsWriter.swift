/// Writes a safetensors file of F32 tensors as a stream: the header first, then each tensor's floats in the order
/// declared. With the tensors in byte order of their names the file equals the safetensors library's to the byte.
struct SafetensorsWriter: ~Copyable {
  struct Declaration: Sendable, Hashable {
    var name: String
    var shape: [Int]

    var count: Int { shape.reduce(1, *) }
  }

  /// Bytes of the whole file.
  let fileByteCount: Int
  private var output: OutputFile
  private let declarations: [Declaration]
  private var nextIndex = 0

  /// Creates the file at `path`, which must not exist, claims its room on disk and writes the header.
  init(creating path: String, _ declarations: [Declaration], metadata: [String: String]) throws {
    let header = Self.header(declarations, metadata: metadata)
    self.declarations = declarations
    fileByteCount = header.count + declarations.reduce(0) { $0 + 4 * $1.count }
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
      let end = offset + 4 * declaration.count
      let entry: [JSONValue.Member] = [
        .init(key: "dtype", value: .string(TensorDType.f32.rawValue)),
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

  /// Writes the next declared tensor.
  mutating func append(_ name: String, _ values: UnsafeBufferPointer<Float>) throws {
    precondition(nextIndex < declarations.count, "more tensors than declared: \(name)")
    let declaration = declarations[nextIndex]
    precondition(declaration.name == name && declaration.count == values.count, "\(name) instead of \(declaration)")
    nextIndex += 1
    try output.write(UnsafeRawBufferPointer(values))
  }

  /// Syncs the file to disk.
  consuming func finish() throws -> (size: Int, sha256: String) {
    precondition(nextIndex == declarations.count, "declared tensors are missing")
    return try output.finish()
  }
}
