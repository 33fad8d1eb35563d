/// `manifest.json`: what a directory written by Admix holds, each file with its size and hash. Written last; a
/// directory without it, or one that does not match it, is not whole.
public struct CheckpointManifest: Sendable, Hashable {
  public enum Kind: String, Sendable {
    /// Weights and training state.
    case checkpoint
    /// Weights alone.
    case model
  }

  public var kind: Kind
  /// Steps committed when it was written.
  public var step: Int
  /// The weights' hash, lower-case hexadecimal.
  public var weightsSHA256: String
  /// All files but the manifest itself.
  public var files: [ListedFile]

  public static let fileName = "manifest.json"
  static let schema = 1
  static let fileBytesLimit = 1 << 20

  public init(kind: Kind, step: Int, weightsSHA256: String, files: [ListedFile]) {
    self.kind = kind
    self.step = step
    self.weightsSHA256 = weightsSHA256
    self.files = files
  }

  var json: [UInt8] {
    let files = files.map { file in
      JSONValue.object([
        .init(key: "name", value: .string(file.path)), .init(key: "size", value: .integer(file.size)),
        .init(key: "sha256", value: .string(file.sha256)),
      ])
    }
    let document = JSONValue.object([
      .init(key: "schema", value: .integer(Self.schema)), .init(key: "kind", value: .string(kind.rawValue)),
      .init(key: "step", value: .integer(step)), .init(key: "weights_sha256", value: .string(weightsSHA256)),
      .init(key: "files", value: .array(files)),
    ])
    return Array((document.text(indent: 2) + "\n").utf8)
  }

  /// Reads `json`, which messages say comes from `path`. Fields of later versions are passed over.
  init(json: [UInt8], path: String) throws {
    guard !json.isEmpty else {
      throw CheckpointError(.truncated, file: path, found: "an empty file", expected: "a manifest in JSON")
    }
    let limits = JSONLimits(bytes: Self.fileBytesLimit, depth: 8, values: 100_000)
    let document = try json.withUnsafeBytes { try JSONParser.parse($0, file: path, limits: limits) }
    let fields = try ConfigurationFields(document, file: path)
    let schema = try fields.integer("schema", in: 0...Int.max)
    guard schema == Self.schema else {
      throw fields.failure(.unsupported, "schema", "\(schema)", "\(Self.schema)", "another version of Admix wrote it")
    }
    let kindName = try fields.string("kind")
    guard let kind = Kind(rawValue: kindName) else {
      throw fields.failure(.unsupported, "kind", kindName, "checkpoint or model")
    }
    self.kind = kind
    step = try fields.integer("step", in: 0...Int.max)
    weightsSHA256 = try fields.sha256("weights_sha256")
    files = try fields.list("files").enumerated().map { index, value in
      let entry = try ConfigurationFields(value, file: path, prefix: "files[\(index)].")
      let name = try entry.string("name")
      guard isPlainName(name), name != Self.fileName else {
        throw entry.failure(.outOfRange, "name", name, "the name of another file in the same directory")
      }
      return ListedFile(
        path: name, size: try entry.integer("size", in: 0...Int.max), sha256: try entry.sha256("sha256"))
    }
    try checkFiles(fields)
  }

  private func checkFiles(_ fields: ConfigurationFields) throws {
    let names = Set(files.map(\.path))
    guard names.count == files.count else {
      throw fields.failure(.inconsistent, "files", "a file listed twice", "each file once")
    }
    var needed = [ModelDirectory.configurationName]
    switch kind {
    case .checkpoint: needed += [WeightFiles.single, TrainingState.fileName]
    case .model: needed.append(names.contains(WeightFiles.index) ? WeightFiles.index : WeightFiles.single)
    }
    for name in needed where !names.contains(name) {
      throw fields.failure(.missingField, "files", "no \(name)", "all of \(needed.joined(separator: ", "))")
    }
  }
}

extension ConfigurationFields {
  fileprivate func sha256(_ field: String) throws -> String {
    let text = try string(field)
    guard isSHA256(text) else { throw failure(.wrongType, field, text, "64 hexadecimal digits") }
    return text
  }
}
