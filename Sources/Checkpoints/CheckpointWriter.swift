/// Writes checkpoints and final models of one model: whole or not at all (`StagedDirectory` says how).
public struct CheckpointWriter: Sendable {
  private let configuration: ModelConfiguration
  private let companions: [CompanionFile]
  /// In byte order of their names, so that files equal those of the safetensors library.
  private let placements: [TensorPlacement]

  /// - Parameters:
  ///   - configuration: becomes `config.json`.
  ///   - companions: tokenizer, template and generation files, written beside the weights byte for byte.
  ///   - placements: every tensor of the model; a tied head has none.
  public init(configuration: ModelConfiguration, companions: [CompanionFile], placements: [TensorPlacement]) {
    self.configuration = configuration
    self.companions = companions
    self.placements = placements.inByteOrder
  }

  /// Writes `root/step-000010`.
  ///
  /// - Parameters:
  ///   - weights, firstMoment, secondMoment: flat arrays that the placements point into.
  ///   - replacing: whether an older checkpoint of the same step gives way; otherwise it is an error.
  /// - Returns: the path written.
  /// - Throws: `CheckpointError`, also for a full disk; nothing half-written stays then.
  @discardableResult
  public func writeCheckpoint(
    root: String, state: TrainingState, weights: UnsafeBufferPointer<Float>, firstMoment: UnsafeBufferPointer<Float>,
    secondMoment: UnsafeBufferPointer<Float>, replacing: Bool = true
  ) throws -> String {
    try writeCheckpoint(
      root: root, state: state, weights: weights, firstMoment: firstMoment, secondMoment: secondMoment,
      replacing: replacing, observer: nil)
  }

  func writeCheckpoint(
    root: String, state: TrainingState, weights: UnsafeBufferPointer<Float>, firstMoment: UnsafeBufferPointer<Float>,
    secondMoment: UnsafeBufferPointer<Float>, replacing: Bool, observer: StagedDirectory.Observer?
  ) throws -> String {
    state.checkIsWritable()
    let path = joinPath(root, CheckpointRoot.name(step: state.step))
    try naming(spaceFor: 3) {
      let directory = try StagedDirectory(for: path, observer: observer)
      var (files, weightsSHA256) = try writeModelFiles(to: directory, weights: weights, shardBytes: .max)
      files.append(
        try writeState(
          to: directory, firstMoment: firstMoment, secondMoment: secondMoment,
          metadata: state.metadata(weightsSHA256: weightsSHA256)))
      try finish(
        directory, .init(kind: .checkpoint, step: state.step, weightsSHA256: weightsSHA256, files: files), replacing)
    }
    return path
  }

  /// Writes the final model as the directory at `path`: the same as a checkpoint without the training state, and in
  /// several files where one would be above the usual size.
  ///
  /// - Parameters:
  ///   - step: steps committed, for the manifest.
  ///   - replacing: whether a model that Admix wrote there gives way; otherwise it is an error.
  /// - Throws: `CheckpointError`, also for a full disk; nothing half-written stays then.
  public func writeModel(
    at path: String, step: Int, weights: UnsafeBufferPointer<Float>, replacing: Bool = false
  ) throws {
    try naming(spaceFor: 1) {
      let directory = try StagedDirectory(for: path)
      let (files, weightsSHA256) = try writeModelFiles(
        to: directory, weights: weights, shardBytes: ModelFilesWriter.usualShardBytes)
      try finish(directory, .init(kind: .model, step: step, weightsSHA256: weightsSHA256, files: files), replacing)
    }
  }

  private func writeModelFiles(
    to directory: StagedDirectory, weights: UnsafeBufferPointer<Float>, shardBytes: Int
  ) throws -> (files: [ListedFile], weightsSHA256: String) {
    placements.check(fitInto: weights.count)
    let writer = ModelFilesWriter(
      configuration: configuration, companions: companions,
      tensors: placements.map { .init(name: $0.name, shape: $0.shape) }, shardBytes: shardBytes)
    return try writer.write(to: directory) { index, write in
      try write(UnsafeBufferPointer(rebasing: weights[placements[index].range]))
    }
  }

  private func writeState(
    to directory: StagedDirectory, firstMoment: UnsafeBufferPointer<Float>, secondMoment: UnsafeBufferPointer<Float>,
    metadata: [String: String]
  ) throws -> ListedFile {
    let arrays = [
      (prefix: TrainingState.firstMomentPrefix, values: firstMoment),
      (prefix: TrainingState.secondMomentPrefix, values: secondMoment),
    ]
    return try writeTensors(arrays, metadata: metadata, name: TrainingState.fileName, to: directory)
  }

  private func writeTensors(
    _ arrays: [(prefix: String, values: UnsafeBufferPointer<Float>)], metadata: [String: String], name: String,
    to directory: StagedDirectory
  ) throws -> ListedFile {
    for array in arrays { placements.check(fitInto: array.values.count) }
    let declarations = arrays.flatMap { array in
      placements.map { SafetensorsWriter.Declaration(name: array.prefix + $0.name, shape: $0.shape) }
    }
    var writer = try SafetensorsWriter(creating: directory.path(of: name), declarations, metadata: metadata)
    try directory.observe("\(name) header written")
    for (prefix, values) in arrays {
      for placement in placements {
        try writer.append(prefix + placement.name, UnsafeBufferPointer(rebasing: values[placement.range]))
      }
    }
    let (size, sha256) = try writer.finish()
    try directory.observe("\(name) written")
    return ListedFile(path: name, size: size, sha256: sha256)
  }

  private func finish(_ directory: StagedDirectory, _ manifest: CheckpointManifest, _ replacing: Bool) throws {
    _ = try directory.write(CheckpointManifest.fileName, manifest.json)
    try directory.commit(replacing: replacing)
  }

  /// Runs `body`; when the disk is full, the error says what the whole directory needs, with `arrayCount` arrays of
  /// the model's size, not just the file that failed.
  private func naming(spaceFor arrayCount: Int, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch var error as CheckpointError where error.code == .noSpace {
      // Headers, manifest and the file system's own blocks take a little besides the arrays.
      let parameters = placements.reduce(0) { $0 + $1.count }
      let others = companions.reduce(1 << 16) { $0 + $1.contents.count } + 256 * arrayCount * placements.count
      error.bytesNeeded = 4 * arrayCount * parameters + others
      throw error
    }
  }
}
