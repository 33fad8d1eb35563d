import FoundationEssentials

/// A tokenizer and the bytes that define it, so that whoever stores or ships it can hash and copy them.
public struct LoadedTokenizer: Sendable {
  public var tokenizer: any Tokenizer
  /// The file that was read.
  public var path: String
  /// Its contents: the tokenizer's identity is their hash (together with `addsBeginningOfText`).
  public var fileBytes: [UInt8]
}

/// Finds and loads the tokenizer of a model directory: `tokenizer.model` (SentencePiece BPE). `add_bos_token` of a
/// `tokenizer_config.json` beside it is honoured; without one, a document starts with the beginning-of-text id if the
/// model has one, as Llama's do.
/// - Throws: `TokenizerError` naming the file, and what was found and expected.
public func loadTokenizer(modelDirectory: String) throws -> LoadedTokenizer {
  let model = modelDirectory + "/tokenizer.model"
  let files = FileManager.default
  guard files.fileExists(atPath: model) else {
    if files.fileExists(atPath: modelDirectory + "/tokenizer.json") {
      throw TokenizerError(
        .unsupported, "tokenizer.json cannot be read yet; a SentencePiece tokenizer.model is needed beside it",
        file: modelDirectory + "/tokenizer.json")
    }
    throw TokenizerError(
      .missing, "there is no tokenizer.model here; copy the model's tokenizer into its directory",
      file: modelDirectory)
  }
  return try loadTokenizer(file: model, configuration: modelDirectory + "/tokenizer_config.json")
}

/// Loads one SentencePiece model file. `configuration` is the path of a `tokenizer_config.json` that may be absent.
public func loadTokenizer(file: String, configuration: String? = nil) throws -> LoadedTokenizer {
  let bytes = try contents(of: file)
  var addsBeginningOfText = true
  if let configuration, FileManager.default.fileExists(atPath: configuration) {
    struct Configuration: Decodable { var add_bos_token: Bool? }
    do {
      let decoded = try JSONDecoder().decode(Configuration.self, from: Data(try contents(of: configuration)))
      addsBeginningOfText = decoded.add_bos_token ?? true
    } catch let error as DecodingError {
      throw TokenizerError(
        .malformed, "not a JSON object whose add_bos_token, if given, is true or false (\(error))",
        file: configuration)
    }
  }
  do {
    let tokenizer = try SentencePieceBPE(model: bytes, addsBeginningOfText: addsBeginningOfText)
    return LoadedTokenizer(tokenizer: tokenizer, path: file, fileBytes: bytes)
  } catch let error as TokenizerError {
    throw error.inFile(file)
  }
}

private func contents(of path: String) throws -> [UInt8] {
  do {
    return Array(try Data(contentsOf: URL(filePath: path)))
  } catch {
    let code: TokenizerError.Code = FileManager.default.fileExists(atPath: path) ? .unreadable : .missing
    throw TokenizerError(code, code == .missing ? "there is no such file" : "cannot be read: \(error)", file: path)
  }
}
