extension ModelDirectory {
  /// Checks that what stands beside the weights is what they were written with: tokenizer, chat template, stop rules
  /// and configuration, by the hashes in the manifest. A directory that Admix did not write has none, and passes.
  ///
  /// - Parameter weights: whether the weights are hashed as well; their sizes are always compared.
  /// - Throws: `CheckpointError` of code `.inconsistent` that names the part.
  public static func checkParts(_ path: String, weights: Bool = false) throws {
    let manifestPath = joinPath(path, CheckpointManifest.fileName)
    guard try entryExists(manifestPath) else { return }
    let manifest = try CheckpointManifest(
      json: ReadableFile(manifestPath).contents(limit: CheckpointManifest.fileBytesLimit), path: manifestPath)
    for entry in manifest.files {
      let file = try ReadableFile(joinPath(path, entry.path))
      let isWeights = entry.path.hasSuffix(".safetensors")
      let found = isWeights && !weights ? entry.sha256 : try file.sha256()
      guard file.size == entry.size, found == entry.sha256 else {
        throw mismatch(
          entry.path, in: path, found: file.size == entry.size ? "SHA-256 \(found)" : "\(file.size) bytes",
          expected: file.size == entry.size ? entry.sha256 : "\(entry.size)")
      }
    }
    for name in CompanionFile.knownNames where !manifest.files.contains(where: { $0.path == name }) {
      guard try entryExists(joinPath(path, name)) else { continue }
      throw mismatch(name, in: path, found: "a file that came later", expected: "no such file")
    }
  }

  private static func mismatch(_ name: String, in path: String, found: String, expected: String) -> CheckpointError {
    CheckpointError(
      .inconsistent, file: joinPath(path, name), field: part(name), found: found,
      expected: "\(expected), as the weights were written with",
      wayOut: "\(part(name)) and weights do not belong together: take the whole directory from one training")
  }

  /// What a file is to whoever reads the message.
  private static func part(_ name: String) -> String {
    switch name {
    case "config.json": "the configuration"
    case "chat_template.jinja": "the chat template"
    case "generation_config.json": "the stop rules"
    case "tokenizer_config.json": "the tokenizer's settings and chat template"
    case _ where CompanionFile.knownNames.contains(name): "the tokenizer"
    case _ where name.hasSuffix(".safetensors"): "the weights"
    default: "a part"
    }
  }
}
