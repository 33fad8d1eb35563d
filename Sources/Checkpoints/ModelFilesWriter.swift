/// Element types that weights are written in.
public enum ModelElementType: String, Sendable, CaseIterable {
  case f32 = "F32"
  /// Rounded to the nearest, ties to even.
  case bf16 = "BF16"

  var byteCount: Int { self == .f32 ? 4 : 2 }
  /// As `config.json` says it.
  var configurationName: String { self == .f32 ? "float32" : "bfloat16" }
}

/// Writes what makes a Hugging Face directory a model: configuration, companions, and the weights in one safetensors
/// file or in several with an index.
struct ModelFilesWriter {
  struct Tensor {
    var name: String
    var shape: [Int]
  }

  /// What Hugging Face's own tools long cut at.
  static let usualShardBytes = 5_000_000_000

  var configuration: ModelConfiguration
  var companions: [CompanionFile]
  /// In byte order of their names.
  var tensors: [Tensor]
  var elementType = ModelElementType.f32
  /// A file takes more only when a single tensor does.
  var shardBytes: Int

  /// Writes all files.
  ///
  /// - Parameter rows: hands the floats of the tensor at an index to its second argument, in order, in any pieces.
  /// - Returns: the files, and the hash of the weights as they are written, that is after rounding.
  func write(
    to directory: StagedDirectory, rows: (Int, (UnsafeBufferPointer<Float>) throws -> Void) throws -> Void
  ) throws -> (files: [ListedFile], weightsSHA256: String) {
    var files = [try directory.write(ModelDirectory.configurationName, configuration.json(for: elementType))]
    for companion in companions { files.append(try directory.write(companion.name, companion.contents)) }
    var hasher = WeightsHasher()
    let shards = shards()
    for (number, shard) in shards.enumerated() {
      let name = Self.shardName(number, of: shards.count)
      let declarations = shard.map { declaration(tensors[$0]) }
      var writer = try SafetensorsWriter(
        creating: directory.path(of: name), declarations, metadata: ["format": "pt"])
      try directory.observe("\(name) header written")
      for index in shard {
        let tensor = tensors[index]
        hasher.begin(tensor.name, shape: tensor.shape)
        try rows(index) { floats in
          try writer.append(tensor.name, floats)
          update(&hasher, floats)
        }
      }
      let (size, sha256) = try writer.finish()
      try directory.observe("\(name) written")
      files.append(ListedFile(path: name, size: size, sha256: sha256))
    }
    if shards.count > 1 { files.append(try directory.write(WeightFiles.index, index(shards))) }
    return (files, hexadecimal(hasher.finish()))
  }

  private func declaration(_ tensor: Tensor) -> SafetensorsWriter.Declaration {
    SafetensorsWriter.Declaration(name: tensor.name, shape: tensor.shape, dtype: elementType)
  }

  private func update(_ hasher: inout WeightsHasher, _ floats: UnsafeBufferPointer<Float>) {
    switch elementType {
    case .f32: hasher.update(floats)
    case .bf16: floats.map { float(fromBFloat16: bfloat16Bits($0)) }.withUnsafeBufferPointer { hasher.update($0) }
    }
  }

  /// Consecutive tensors that share a file; at least one file, even without tensors.
  private func shards() -> [Range<Int>] {
    var shards: [Range<Int>] = []
    var (first, bytes) = (0, 0)
    for (index, tensor) in tensors.enumerated() {
      let size = declaration(tensor).byteCount
      if index > first, size > shardBytes - bytes {
        shards.append(first..<index)
        (first, bytes) = (index, 0)
      }
      bytes += size
    }
    return shards + [first..<tensors.count]
  }

  private static func shardName(_ number: Int, of count: Int) -> String {
    func padded(_ number: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
    }
    return count == 1 ? WeightFiles.single : "model-\(padded(number + 1))-of-\(padded(count)).safetensors"
  }

  private func index(_ shards: [Range<Int>]) -> [UInt8] {
    let size = tensors.reduce(0) { $0 + declaration($1).byteCount }
    let map = shards.enumerated().flatMap { number, shard in
      shard.map { index in
        JSONValue.Member(key: tensors[index].name, value: .string(Self.shardName(number, of: shards.count)))
      }
    }
    let document = JSONValue.object([
      .init(key: "metadata", value: .object([.init(key: "total_size", value: .integer(size))])),
      .init(key: "weight_map", value: .object(map)),
    ])
    return Array((document.text(indent: 2) + "\n").utf8)
  }
}

extension ModelSource {
  /// Writes the model as a Hugging Face directory at `path`, read and written a part at a time: any form becomes the
  /// one that others load, in fp32 or rounded to bf16.
  ///
  /// - Parameters:
  ///   - shardBytes: above this many bytes of weights there are several files.
  ///   - replacing: whether a model that Admix wrote there gives way; otherwise it is an error.
  /// - Returns: the weights' hash of what was written.
  /// - Throws: `CheckpointError`, also for a full disk; nothing half-written stays then.
  @discardableResult
  public func export(
    to path: String, as elementType: ModelElementType = .f32, shardBytes: Int? = nil, replacing: Bool = false
  ) throws -> String {
    // Before the long work, and again when it is done.
    try StagedDirectory.checkMayWrite(path, replacing: replacing)
    let tensors = weightTensors
    let writer = ModelFilesWriter(
      configuration: configuration, companions: companions,
      tensors: tensors.map { .init(name: $0.name, shape: $0.shape) }, elementType: elementType,
      shardBytes: shardBytes ?? ModelFilesWriter.usualShardBytes)
    do {
      let directory = try StagedDirectory(for: path)
      let (files, weightsSHA256) = try writer.write(to: directory) { index, write in
        try forEachRows(of: tensors[index], write)
      }
      let manifest = CheckpointManifest(kind: .model, step: 0, weightsSHA256: weightsSHA256, files: files)
      _ = try directory.write(CheckpointManifest.fileName, manifest.json)
      try directory.commit(replacing: replacing)
      return weightsSHA256
    } catch var error as CheckpointError where error.code == .noSpace {
      error.bytesNeeded = tensors.reduce(companions.reduce(1 << 16) { $0 + $1.contents.count }) {
        $0 + elementType.byteCount * $1.count + 256
      }
      throw error
    }
  }
}
