/// A file that travels with the weights, such as the tokenizer: its bytes are kept from the moment the model was
/// opened, so that what is written beside trained weights is what they were trained with, even if the source changed.
public struct CompanionFile: Sendable, Hashable {
  public let name: String
  public let contents: [UInt8]

  /// - Precondition: `name` is the name of a file, without a folder.
  public init(name: String, contents: [UInt8]) {
    precondition(isPlainName(name), "not a file name: \(name)")
    self.name = name
    self.contents = contents
  }

  /// Files of a Hugging Face directory that say how text becomes tokens, how chats are put and where texts end.
  public static let knownNames = [
    "tokenizer.model", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "merges.txt", "generation_config.json", "chat_template.jinja",
  ]

  /// The largest known tokenizers take 40 MB.
  static let bytesLimit = 256 << 20

  /// The known files present in `directory`, in the order of `knownNames`.
  ///
  /// - Throws: `CheckpointError` when one is there but cannot be read.
  public static func all(in directory: String) throws -> [CompanionFile] {
    var files: [CompanionFile] = []
    for name in knownNames where try entryExists(joinPath(directory, name)) {
      files.append(try CompanionFile(path: joinPath(directory, name)))
    }
    return files
  }

  /// Reads the file at `path`; its name is the last component.
  public init(path: String) throws {
    self.init(name: lastComponent(path), contents: try ReadableFile(path).contents(limit: Self.bytesLimit))
  }
}
