import Glibc

/// A model in Hugging Face's form: `config.json`, weights in safetensors, tokenizer and template files.
public struct ModelDirectory: ModelSource {
  public let path: String
  public let configuration: ModelConfiguration
  /// Tokenizer, template and generation files, as they were when the directory was opened.
  public let companions: [CompanionFile]
  /// Rotary frequencies, buffers that old versions of transformers saved, are left out: their values follow from the
  /// configuration.
  public let tensors: [ModelTensor]
  public let license: String?
  private let weightFiles: WeightFiles

  public var format: String { "Hugging Face directory" }
  public var vocabulary: GGUFVocabulary? { nil }
  public var tokenizerFailure: CheckpointError? { nil }

  static let configurationName = "config.json"

  /// Opens the directory at `path`: reads the configuration and companions, checks the weights' headers.
  ///
  /// - Throws: `CheckpointError` naming the file, the field, what was found and expected.
  public static func open(_ path: String) throws -> ModelDirectory { try ModelDirectory(path: path) }

  private init(path: String) throws {
    try requireDirectory(path, expected: "a directory with \(Self.configurationName) and \(WeightFiles.single)")
    self.path = path
    configuration = try ModelConfiguration(path: joinPath(path, Self.configurationName))
    weightFiles = try WeightFiles(directory: path)
    tensors = weightFiles.tensors.filter { !$0.tensor.name.hasSuffix(".rotary_emb.inv_freq") }.map {
      ModelTensor($0.tensor, in: $0.file)
    }
    license = try Self.license(in: path)
    companions = try CompanionFile.all(in: path)
  }

  /// `license:` of the front matter of a model card, `README.md`.
  private static func license(in directory: String) throws -> String? {
    let path = joinPath(directory, "README.md")
    guard try entryExists(path) else { return nil }
    let file = try ReadableFile(path)
    var bytes = [UInt8](repeating: 0, count: min(file.size, 1 << 16))
    try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    guard lines.first == "---" else { return nil }
    let key = "license:"
    let line = lines.dropFirst().prefix { $0 != "---" }.first { $0.hasPrefix(key) }
    let value = line?.dropFirst(key.count).filter { $0 != " " && $0 != "\"" }
    return value.flatMap { $0.isEmpty ? nil : quotable($0) }
  }

  /// The files that make up the model, with sizes and hashes. Hashes every byte of the weights.
  public func listFiles() throws -> [ListedFile] {
    let names = [Self.configurationName] + weightFiles.names + companions.map(\.name)
    return try names.map { name in
      let file = try ReadableFile(joinPath(path, name))
      return ListedFile(path: name, size: file.size, sha256: try file.sha256())
    }
  }

  public func tensor(named name: String) -> ModelTensor? {
    weightFiles[name].map { ModelTensor($0.tensor, in: $0.file) }
  }

  public func readFloats(
    _ tensor: ModelTensor, rows: Range<Int>, into buffer: UnsafeMutableBufferPointer<Float>
  ) throws {
    guard let source = weightFiles[tensor.name] else { preconditionFailure("no tensor \(tensor.name) in \(path)") }
    try source.file.readFloats(source.tensor, fromElement: rows.lowerBound * tensor.rowLength, into: buffer)
  }
}

extension ModelTensor {
  fileprivate init(_ tensor: SafetensorsFile.Tensor, in file: SafetensorsFile) {
    self.init(
      name: tensor.name, shape: tensor.shape, storedType: tensor.dtype.rawValue,
      storedByteCount: tensor.dataRange.count, file: file.path)
  }
}

/// - Throws: `CheckpointError` unless a directory is at `path`.
func requireDirectory(_ path: String, expected: String) throws {
  var status = stat()
  guard stat(path, &status) == 0 else {
    let error = CheckpointError.system("opening the directory", path)
    guard error.code == .missing else { throw error }
    throw CheckpointError(.missing, file: path, found: "no such file or directory", expected: expected)
  }
  guard status.st_mode & S_IFMT == S_IFDIR else {
    throw CheckpointError(.notDirectory, file: path, found: fileKind(status.st_mode), expected: expected)
  }
}
