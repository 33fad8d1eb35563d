import Corpora
import Crypto
import JobKit
import Tokenizers
import WireProtocol

/// The shards of the phase `prepare`, one a distinct file with its options.
struct PreparePhase {
  let tokenizer: InputReference
  private(set) var shards: [ShardPlan] = []
  private var trees: Set<String> = []

  init(tokenizer: InputReference) { self.tokenizer = tokenizer }

  /// Adds a file of texts; returns the name of the tree that its token shard will have.
  mutating func add(
    document path: SpecScalar, textField: String, documents: DocumentOptions.Boundary, context: any PlanningContext
  ) throws -> String {
    try add(
      path, options: "prepare \(Corpora.prepareVersion) \(documents.rawValue) \(textField)",
      // Other files of the model, such as its chat template, change no token.
      deciding: { tokenizerFileNames.contains($0) || $0.hasSuffix(".gguf") }, context: context
    ) { tree in
      try encodePayload(PreparePayload(file: path.text, textField: textField, documents: documents, outputTree: tree))
    } check: { try Self.checkBeginning(of: $0, path, textField, documents) }.tree
  }

  /// Adds a file of whatever kind.
  ///
  /// - Parameters:
  ///   - options: in words, everything but files that the shard's bytes depend on.
  ///   - deciding: which of the tokenizer's files they depend on, by name.
  ///   - payload: of a new shard, given the name of its tree.
  ///   - check: reads the file's beginning where it is at hand, before anything runs.
  /// - Returns: the name of the shard's tree; its cache key and the file's size, where they are known.
  mutating func add(
    _ path: SpecScalar, options: String, deciding: (String) -> Bool, context: any PlanningContext,
    payload: (String) throws -> [UInt8], check: (String) throws -> Void
  ) throws -> (tree: String, cacheKey: WireProtocol.Digest?, byteCount: UInt64) {
    let input = try context.input(named: InputTree.file, path: path, kind: .file)
    var cacheKey: WireProtocol.Digest?
    var byteCount: UInt64 = 0
    var tree = "tokens-\(shards.count)"
    if case .files(let file) = input.reference, case .files(let tokenizer) = tokenizer {
      let files = file.files + tokenizer.files.filter { deciding($0.path) }
      let key = contentKey(options, files)
      cacheKey = key
      byteCount = file.files.reduce(0) { $0 + $1.byteCount }
      tree = "tokens-\(key.hex.prefix(16))"
    }
    guard trees.insert(tree).inserted else { return (tree, cacheKey, byteCount) }
    if let file = input.localPath { try check(file) }
    shards.append(
      ShardPlan(
        name: path.text, payload: try payload(tree), inputs: [input.reference, tokenizer], cacheKey: cacheKey))
    return (tree, cacheKey, byteCount)
  }

  /// Reads the first document, so that a file of a wrong kind or with other fields is answered before anything runs.
  private static func checkBeginning(
    of file: String, _ path: SpecScalar, _ textField: String, _ documents: DocumentOptions.Boundary
  ) throws {
    do {
      var reader = try DocumentReader(path: file, options: DocumentOptions(textField: textField, documents: documents))
      var text: [UInt8] = []
      // A text file that is one document is not read twice.
      if documents != .file || file.contains(".jsonl") { _ = try reader.next(into: &text) }
    } catch let error as CorpusError {
      throw SpecError(position: path.position, path: path.path, problem: "\(error)", remedy: "")
    }
  }
}

/// The key of what is made of these files with options that stand in words.
func contentKey(_ options: String, _ files: [FileReference]) -> WireProtocol.Digest {
  var hash = SHA256()
  hash.update(data: Array("\(options)\n".utf8))
  for file in files { hash.update(data: Array("\(file.path) \(file.digest.hex)\n".utf8)) }
  return WireProtocol.Digest(sha256: hash.finalize())
}
