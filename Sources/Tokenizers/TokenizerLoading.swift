import FoundationEssentials

/// A tokenizer and the bytes that define it, so that whoever stores or ships it can hash and copy them.
public struct LoadedTokenizer: Sendable {
  public var tokenizer: any Tokenizer
  /// The file that was read.
  public var path: String
  /// Its contents: the tokenizer's identity is their hash (together with which ids open and close a document).
  public var fileBytes: [UInt8]
}

/// Names of the files that decide a model directory's tokens; others may change without a token changing.
public let tokenizerFileNames = [
  "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json", "config.json",
]

/// Finds and loads the tokenizer of a model directory: a byte-level BPE `tokenizer.json`, or a `tokenizer.model`
/// (SentencePiece BPE or Llama 3's tiktoken ranks). Which ids open and close a document is taken from the
/// `tokenizer_config.json`, `special_tokens_map.json` and `config.json` beside it.
/// - Throws: `TokenizerError` naming the file, and what was found and expected.
public func loadTokenizer(modelDirectory: String) throws -> LoadedTokenizer {
  let json = modelDirectory + "/tokenizer.json"
  let model = modelDirectory + "/tokenizer.model"
  let files = FileManager.default
  let hasModel = files.fileExists(atPath: model)
  let beside = tokenizerFileNames.dropFirst(2).map { modelDirectory + "/" + $0 }
  guard files.fileExists(atPath: json) else {
    guard hasModel else {
      throw TokenizerError(
        .missing, "there is neither tokenizer.json nor tokenizer.model here; copy the model's tokenizer into its "
          + "directory", file: modelDirectory)
    }
    return try load(model, beside: beside)
  }
  do {
    return try load(json, beside: beside)
  } catch let error as TokenizerError where hasModel && TokenizerJSON.isConvertedSentencePiece(error) {
    // The JSON is a conversion of the SentencePiece model beside it. What was added to the JSON alone would be lost.
    let loaded = try load(model, beside: beside)
    try checkNothingAdded(in: json, to: loaded)
    return loaded
  }
}

/// Loads one tokenizer file, whichever of the kinds above it is. `configuration` is the path of a
/// `tokenizer_config.json` that may be absent.
public func loadTokenizer(file: String, configuration: String? = nil) throws -> LoadedTokenizer {
  try load(file, beside: configuration.map { [$0] } ?? [])
}

private func load(_ file: String, beside: [String]) throws -> LoadedTokenizer {
  let bytes = try contents(of: file)
  var names = SpecialTokenNames()
  for path in beside where FileManager.default.fileExists(atPath: path) {
    try inFile(path) { try names.read(try contents(of: path)) }
  }
  let tokenizer: any Tokenizer = try inFile(file) {
    if file.hasSuffix(".json") || bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") {
      return try ByteLevelBPE(json: bytes, names: names)
    }
    if TiktokenRanks.isLikely(bytes) { return try ByteLevelBPE(tiktoken: bytes, names: names) }
    return try SentencePieceBPE(model: bytes, addsBeginningOfText: names.addsBeginning ?? true)
  }
  return LoadedTokenizer(tokenizer: tokenizer, path: file, fileBytes: bytes)
}

private func checkNothingAdded(in json: String, to loaded: LoadedTokenizer) throws {
  let bytes = try contents(of: json)
  try inFile(json) {
    let root = JSONField(root: try JSONTape(parsing: bytes))
    guard let added = try root["added_tokens"], !added.isNull else { return }
    for token in try added.elements() {
      guard let id = try token["id"], try id.integer() >= loaded.tokenizer.vocabularySize else { continue }
      throw token.error(
        .unsupported, "adds \(try token["content"]?.text().debugDescription ?? "a token") with id \(try id.integer()), "
          + "which \(loaded.path) of \(loaded.tokenizer.vocabularySize) pieces does not have; tokens added to a "
          + "SentencePiece model cannot be read yet")
    }
  }
}

private func inFile<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
  do { return try body() } catch let error as TokenizerError { throw error.file == nil ? error.inFile(path) : error }
}

private func contents(of path: String) throws -> [UInt8] {
  do {
    return Array(try Data(contentsOf: URL(filePath: path)))
  } catch {
    let code: TokenizerError.Code = FileManager.default.fileExists(atPath: path) ? .unreadable : .missing
    throw TokenizerError(code, code == .missing ? "there is no such file" : "cannot be read: \(error)", file: path)
  }
}
