/// A checkpoint on disk: a Hugging Face directory that also holds the training state and a manifest of all of it.
///
/// Its files stay open while the value lives: it reads what was checked even if the directory is replaced or pruned
/// meanwhile, whose room on disk is free only afterwards.
public struct CheckpointDirectory: Sendable {
  public let path: String
  public let manifest: CheckpointManifest
  public let state: TrainingState
  /// The weights, configuration and companions.
  public let model: ModelDirectory
  private let stateFile: SafetensorsFile
  private let manifestFile: ListedFile

  /// Opens the checkpoint at `path`.
  ///
  /// - Parameter verify: whether to hash every file and compare with the manifest; sizes are always compared.
  /// - Throws: `CheckpointError` saying what is missing, cut or different.
  public static func open(_ path: String, verify: Bool = true) throws -> CheckpointDirectory {
    try CheckpointDirectory(path: path, verify: verify)
  }

  private init(path: String, verify: Bool) throws {
    let (manifest, listed) = try Self.checkedManifest(path, verify: verify)
    guard manifest.kind == .checkpoint else {
      throw CheckpointError(
        .inconsistent, file: joinPath(path, CheckpointManifest.fileName), field: "kind",
        found: manifest.kind.rawValue, expected: CheckpointManifest.Kind.checkpoint.rawValue,
        wayOut: "a model directory has no training state to resume from")
    }
    self.path = path
    self.manifest = manifest
    manifestFile = listed
    stateFile = try SafetensorsFile(path: joinPath(path, TrainingState.fileName))
    let (state, weightsSHA256) = try TrainingState.parse(stateFile.metadata, file: stateFile.path)
    guard state.step == manifest.step, weightsSHA256 == manifest.weightsSHA256 else {
      throw CheckpointError(
        .inconsistent, file: stateFile.path, field: "__metadata__",
        found: "step \(state.step), weights \(weightsSHA256)",
        expected: "step \(manifest.step), weights \(manifest.weightsSHA256), as the manifest says")
    }
    self.state = state
    model = try ModelDirectory.open(path)
  }

  /// Reads the manifest of a directory that Admix wrote, checkpoint or model, and compares each file with it.
  ///
  /// - Returns: the manifest and its own entry.
  static func checkedManifest(
    _ path: String, verify: Bool
  ) throws -> (manifest: CheckpointManifest, listed: ListedFile) {
    try requireDirectory(path, expected: "a checkpoint directory")
    let file = try ReadableFile(joinPath(path, CheckpointManifest.fileName))
    let json = try file.contents(limit: CheckpointManifest.fileBytesLimit)
    let manifest = try CheckpointManifest(json: json, path: file.path)
    for entry in manifest.files { try check(entry, in: path, verify: false) }
    if verify {
      for entry in manifest.files { try check(entry, in: path, verify: true) }
    }
    let listed = ListedFile(path: CheckpointManifest.fileName, size: json.count, sha256: try file.sha256())
    return (manifest, listed)
  }

  private static func check(_ entry: ListedFile, in directory: String, verify: Bool) throws {
    let file = try ReadableFile(joinPath(directory, entry.path))
    guard file.size == entry.size else {
      throw CheckpointError(
        .sizeMismatch, file: file.path, found: "\(file.size) bytes", expected: "\(entry.size), as the manifest says")
    }
    guard verify else { return }
    let sha256 = try file.sha256()
    guard sha256 == entry.sha256 else {
      throw CheckpointError(
        .hashMismatch, file: file.path, field: "SHA-256", found: sha256,
        expected: "\(entry.sha256), as the manifest says")
    }
  }

  /// Every file of the checkpoint, the manifest last: what to upload for a whole copy.
  public func listFiles() -> [ListedFile] { manifest.files + [manifestFile] }

  /// Reads the weights into their places and checks them against the weights' hash in the manifest.
  public func loadWeights(_ placements: [TensorPlacement], into weights: UnsafeMutableBufferPointer<Float>) throws {
    try model.loadWeights(placements, into: weights)
    let hash = hexadecimal(weightsHash(placements, weights: UnsafeBufferPointer(weights)))
    guard hash == manifest.weightsSHA256 else {
      throw CheckpointError(
        .hashMismatch, file: joinPath(path, WeightFiles.single), field: "weights' hash", found: hash,
        expected: "\(manifest.weightsSHA256), as the manifest says")
    }
  }

  /// Reads both moments into their places.
  ///
  /// - Throws: `CheckpointError` for a tensor that is missing, too much, of another shape or not F32.
  public func loadTrainingState(
    _ placements: [TensorPlacement], firstMoment: UnsafeMutableBufferPointer<Float>,
    secondMoment: UnsafeMutableBufferPointer<Float>
  ) throws {
    guard stateFile.tensors.count == 2 * placements.count else {
      throw CheckpointError(
        .inconsistent, file: stateFile.path, found: "\(stateFile.tensors.count) tensors",
        expected: "\(2 * placements.count), two moments of each parameter")
    }
    try loadMoment(TrainingState.firstMomentPrefix, placements, into: firstMoment)
    try loadMoment(TrainingState.secondMomentPrefix, placements, into: secondMoment)
  }

  private func loadMoment(
    _ prefix: String, _ placements: [TensorPlacement], into moment: UnsafeMutableBufferPointer<Float>
  ) throws {
    placements.check(fitInto: moment.count)
    for placement in placements {
      let name = prefix + placement.name
      guard let tensor = stateFile[name] else {
        throw CheckpointError(
          .missingTensor, file: stateFile.path, tensor: name, found: "no such tensor",
          expected: "shape \(placement.shape)")
      }
      guard tensor.shape == placement.shape, tensor.dtype == .f32 else {
        throw CheckpointError(
          .shapeMismatch, file: stateFile.path, tensor: name, found: "\(tensor.dtype.rawValue) \(tensor.shape)",
          expected: "F32 \(placement.shape)")
      }
      try stateFile.readFloats(tensor, into: UnsafeMutableBufferPointer(rebasing: moment[placement.range]))
    }
  }
}
