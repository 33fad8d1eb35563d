/// The safetensors files that hold a model's weights: one, or several named by an index.
struct WeightFiles: Sendable {
  static let single = "model.safetensors"
  static let index = "model.safetensors.index.json"

  /// Names of the files in the directory, the index included when there is one.
  private(set) var names: [String]
  private let files: [SafetensorsFile]
  /// Tensor's name to its file's place in `files`.
  private let homes: [String: Int]

  /// Opens every file and checks its header. As transformers does, `model.safetensors` goes before an index.
  init(directory: String) throws {
    if try entryExists(joinPath(directory, Self.single)) {
      let file = try SafetensorsFile(path: joinPath(directory, Self.single))
      names = [Self.single]
      files = [file]
      homes = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, 0) })
    } else if try entryExists(joinPath(directory, Self.index)) {
      let indexPath = joinPath(directory, Self.index)
      let claims = try Self.weightMap(indexPath)
      let shards = Set(claims.values).sorted()
      files = try shards.map { try SafetensorsFile(path: joinPath(directory, $0)) }
      homes = try Self.homes(claims, shards: shards, files: files, indexPath: indexPath)
      names = [Self.index] + shards
    } else {
      let otherForms = [".bin", ".pth", ".gguf"]
      let other = try entryNames(directory).first { name in otherForms.contains { name.hasSuffix($0) } }
      throw CheckpointError(
        .missing, file: directory, found: other.map { "no safetensors, but \($0)" } ?? "no weights",
        expected: "\(Self.single) or \(Self.index)", wayOut: other == nil ? nil : "convert the model to safetensors")
    }
  }

  private static func weightMap(_ path: String) throws -> [String: String] {
    let limit = 64 << 20
    let bytes = try ReadableFile(path).contents(limit: limit)
    let limits = JSONLimits(bytes: limit, depth: 4, values: 1_000_000)
    let document = try bytes.withUnsafeBytes { try JSONParser.parse($0, file: path, limits: limits) }
    let fields = try ConfigurationFields(document, file: path)
    guard let map = try fields.optionalObject("weight_map"), !map.members.isEmpty else {
      throw fields.failure(.missingField, "weight_map", "nothing", "an object from tensors to files")
    }
    var claims: [String: String] = [:]
    for member in map.members {
      let name = try map.string(member)
      guard isPlainName(name) else {
        throw map.failure(.outOfRange, member.key, name, "the name of a file in the same directory")
      }
      claims[member.key] = name
    }
    return claims
  }

  /// Each shard must hold exactly the tensors the index says.
  private static func homes(
    _ claims: [String: String], shards: [String], files: [SafetensorsFile], indexPath: String
  ) throws -> [String: Int] {
    var homes: [String: Int] = [:]
    for (place, file) in files.enumerated() {
      for tensor in file.tensors {
        guard claims[tensor.name] == shards[place] else {
          throw CheckpointError(
            .inconsistent, file: indexPath, tensor: tensor.name, field: "weight_map",
            found: claims[tensor.name] ?? "nothing", expected: "\(shards[place]), which holds it")
        }
        homes[tensor.name] = place
      }
    }
    for (name, shard) in claims where homes[name] == nil {
      throw CheckpointError(
        .inconsistent, file: indexPath, tensor: name, field: "weight_map", found: shard,
        expected: "a file that holds it")
    }
    return homes
  }

  /// All tensors with the file each is in, in the order of files and bytes.
  var tensors: [(file: SafetensorsFile, tensor: SafetensorsFile.Tensor)] {
    files.flatMap { file in file.tensors.map { (file, $0) } }
  }

  subscript(name: String) -> (file: SafetensorsFile, tensor: SafetensorsFile.Tensor)? {
    guard let place = homes[name], let tensor = files[place][name] else { return nil }
    return (files[place], tensor)
  }
}

extension ConfigurationFields {
  fileprivate func string(_ member: JSONValue.Member) throws -> String {
    guard case .string(let text) = member.value else {
      throw failure(.wrongType, member.key, member.value.kind, "a string")
    }
    return text
  }
}
