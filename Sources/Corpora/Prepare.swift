import Crypto
public import Tokenizers

/// Changes whenever `prepareFile` or `CorpusIndexBuilder` would write other bytes for the same input, tokenizer and
/// options. It is part of every artifact's key.
public let prepareVersion: UInt32 = 1

/// What `prepareFile` wrote.
public struct PreparedFile: Codable, Hashable, Sendable {
  public var shardPath: String
  /// SHA-256 of the token shard, lower-case hexadecimal.
  public var shardSHA256: String
  public var gramPath: String
  public var gramSHA256: String
  public var inputSHA256: String
  public var documents: Int
  public var tokens: Int
  public var textBytes: Int
  public var characters: Int
  /// Documents without text, which were left out.
  public var emptyDocuments: Int
}

/// How far `prepareFile` has come. `inputBytes` counts bytes of the file as it lies on disk.
public struct PrepareProgress: Sendable {
  public var inputBytes: Int
  public var inputBytesTotal: Int
  public var documents: Int
  public var tokens: Int
}

/// The key under which a prepared file may be found again: equal keys mean equal bytes. SHA-256, hexadecimal.
/// - Parameters:
///   - inputSHA256: hash of the input file.
///   - tokenizerSHA256: hash of the tokenizer's file (`LoadedTokenizer.fileBytes`).
public func prepareKey(
  inputSHA256: [UInt8], tokenizerSHA256: [UInt8], tokenizer: any Tokenizer, options: DocumentOptions
) -> String {
  var hash = SHA256()
  hash.update(data: inputSHA256)
  hash.update(data: tokenizerSHA256)
  hash.update(data: options.sha256(prepareVersion: prepareVersion, beginsWith: tokenizer.firstToken))
  return hexadecimal(hash.finalize())
}

/// Tokenizes one text file into a token shard and a file of 13-grams beside it. The same input, tokenizer and options
/// give the same bytes. Each file appears complete or not at all. Memory: one document and 72 bytes for each.
/// - Parameters:
///   - tokenizerSHA256: hash of the tokenizer's file, 32 bytes.
///   - progress: called after every mebibyte or so of text; throwing from it stops the work and leaves nothing behind.
/// - Throws: `CorpusError` with file and line.
public func prepareFile(
  input: String, tokenizer: any Tokenizer, tokenizerSHA256: [UInt8], options: DocumentOptions, shard: String,
  grams: String, progress: ((PrepareProgress) throws -> Void)? = nil
) throws -> PreparedFile {
  var reader = try DocumentReader(path: input, options: options)
  var writer = try TokenShardWriter(
    path: shard,
    header: TokenShardHeader(
      prepareVersion: prepareVersion, tokenBytes: tokenizer.vocabularySize <= 1 << 16 ? 2 : 4,
      vocabularySize: tokenizer.vocabularySize, startsWithBeginningOfText: tokenizer.firstToken != nil,
      endsWithEndOfText: tokenizer.endOfText != nil, addsLeadingSpace: tokenizer.addsLeadingSpace,
      beginningOfText: tokenizer.beginningOfText, endOfText: tokenizer.endOfText, tokenizerSHA256: tokenizerSHA256,
      optionsSHA256: options.sha256(prepareVersion: prepareVersion, beginsWith: tokenizer.firstToken)))
  var gramWriter = try GramFileWriter(path: grams)
  var encoder = tokenizer.makeEncoder()
  var wordGrams = WordGrams()
  var text: [UInt8] = []
  var tokens: [Int32] = []
  var withoutTokens = 0
  var state = PrepareProgress(inputBytes: 0, inputBytesTotal: reader.inputByteCount, documents: 0, tokens: 0)
  var bytesSinceProgress = 0

  while try reader.next(into: &text) {
    tokens.removeAll(keepingCapacity: true)
    if let first = tokenizer.firstToken { tokens.append(first) }
    let specials = tokens.count
    try text.withUnsafeBufferPointer { utf8 in
      encoder.encode(utf8, into: &tokens)
      // A text of spaces alone may leave nothing.
      guard tokens.count > specials else {
        withoutTokens += 1
        return
      }
      if let last = tokenizer.endOfText { tokens.append(last) }
      try writer.append(
        tokens, hash: DocumentHash(of: utf8), byteCount: utf8.count, characterCount: UTF8Check.scalarCount(utf8))
      try gramWriter.append(wordGrams.hashes(of: utf8))
      state.documents += 1
      state.tokens += tokens.count
    }
    bytesSinceProgress += text.count
    if bytesSinceProgress >= 1 << 20 {
      bytesSinceProgress = 0
      state.inputBytes = reader.inputPosition
      try progress?(state)
    }
  }
  guard state.documents > 0 else {
    throw CorpusError(.empty, "no document of the file has text that gives tokens", file: input)
  }
  let (header, identity) = try writer.commit(
    inputSHA256: reader.inputSHA256, inputBytes: reader.inputByteCount,
    emptyDocumentCount: reader.emptyCount + withoutTokens)
  try gramWriter.commit(prepareVersion: prepareVersion, shardIdentity: identity)
  state.inputBytes = reader.inputPosition
  try progress?(state)
  return PreparedFile(
    shardPath: shard, shardSHA256: try fileSHA256(shard), gramPath: grams, gramSHA256: try fileSHA256(grams),
    inputSHA256: hexadecimal(header.inputSHA256), documents: header.documentCount, tokens: header.tokenCount,
    textBytes: header.textBytes, characters: header.characterCount, emptyDocuments: header.emptyDocumentCount)
}

/// SHA-256 of a file, streamed, as `sha256sum` prints it.
public func fileSHA256(_ path: String) throws -> String {
  let file = try InputFile(path: path)
  var piece: [UInt8] = []
  repeat { try file.read(into: &piece) } while !piece.isEmpty
  return hexadecimal(file.sha256)
}

extension Tokenizer {
  /// What a document starts with, if anything.
  var firstToken: Int32? { addsBeginningOfText ? beginningOfText : nil }
}

extension DocumentOptions {
  /// Hash of everything besides input and tokenizer file that decides a shard's bytes.
  func sha256(prepareVersion: UInt32, beginsWith first: Int32?) -> [UInt8] {
    let text =
      "prepare \(prepareVersion)\ntext_field \(textField.utf8.count) \(textField)\ndocuments \(documents.rawValue)\n"
      + "document_bytes_max \(documentBytesMax)\nfirst \(first ?? -1)\n"
    return Array(SHA256.hash(data: Array(text.utf8)))
  }
}
