/// Byte-level BPE: the tokenizer of GPT-2, SmolLM2, Llama 3 and Qwen2, id for id.
///
/// A text is cut at the added tokens, normalized if the tokenizer asks for it, cut into words (`TextSplitter`), and the
/// bytes of each word are merged (`BytePairMerger`). Source: https://github.com/huggingface/tokenizers; the tests
/// compare whole corpora with that library and with tiktoken.
public final class ByteLevelBPE: Tokenizer {
  public let vocabularySize: Int
  public let beginningOfText: Int32?
  public let endOfText: Int32?
  public let addsBeginningOfText: Bool
  public var addsLeadingSpace: Bool { false }

  let vocabulary: ByteLevelVocabulary
  let rules: BytePairRules
  let byteTokens: [Int32]
  let splitting: SplittingRule
  let composes: Bool
  /// A word that is a token is that token, whatever its merges would give.
  let takesWholeWords: Bool
  let added: [AddedToken]
  let verbatim: AddedTokenMatcher
  let normalized: AddedTokenMatcher
  private let specialIDs: Set<Int32>

  /// What the files of a tokenizer say, before it is checked and built.
  struct Description {
    var tokens: [ByteLevelVocabulary.Token]
    var areNamesBytes: Bool
    var added: [AddedToken]
    var splitting: SplittingRule
    var composes: Bool
    var takesWholeWords: Bool
    var beginningOfText: Int32?
    var endOfText: Int32?
    var addsBeginningOfText: Bool
  }

  /// - Parameter rules: makes the merge rules once the vocabulary is there to name tokens by.
  init(
    _ description: Description,
    rules makeRules: (ByteLevelVocabulary) throws -> (rules: [BytePairRules.Rule], rankCount: Int)
  ) throws {
    let vocabulary = try ByteLevelVocabulary(
      description.tokens, areNamesBytes: description.areNamesBytes, added: description.added)
    let (rules, rankCount) = try makeRules(vocabulary)
    let byteTokens = (0..<256).map { byte in
      let byte = UInt8(byte)
      return vocabulary.id(of: description.areNamesBytes ? [byte] : ByteAlphabet.utf8(byte)) ?? -1
    }
    guard byteTokens.contains(where: { $0 >= 0 }) else {
      throw TokenizerError(
        .unsupported, "no byte has a token: this is not a byte-level vocabulary", field: "model.vocab")
    }
    self.vocabulary = vocabulary
    self.rules = BytePairRules(rules, rankCount: rankCount, byteTokens: byteTokens)
    self.byteTokens = byteTokens
    vocabularySize = vocabulary.size
    splitting = description.splitting
    composes = description.composes
    takesWholeWords = description.takesWholeWords
    added = description.added
    verbatim = AddedTokenMatcher(added.filter { !$0.isNormalized })
    normalized = AddedTokenMatcher(added.filter(\.isNormalized))
    specialIDs = Set(added.lazy.filter(\.isSpecial).map(\.id))
    beginningOfText = description.beginningOfText
    endOfText = description.endOfText
    addsBeginningOfText = description.addsBeginningOfText && description.beginningOfText != nil
  }

  public func makeEncoder() -> any TextEncoder { makeEncoder(specialTokens: .parsed) }

  public func makeEncoder(specialTokens: SpecialTokenHandling) -> any TextEncoder {
    ByteLevelEncoder(self, specialTokens: specialTokens)
  }

  public func id(of token: String) -> Int32? { vocabulary.id(of: Array(token.utf8)) }

  public func isSpecial(_ token: Int32) -> Bool { specialIDs.contains(token) }

  public func byteCount(of token: Int32) -> Int { isSpecial(token) ? 0 : storedBytes(of: token).count }

  public func bytes(of token: Int32) -> [UInt8] { isSpecial(token) ? [] : Array(storedBytes(of: token)) }

  public func controlName(of token: Int32) -> String? {
    isSpecial(token) ? String(decoding: storedBytes(of: token), as: UTF8.self) : nil
  }

  /// Appends what `bytes(of:)` gives.
  ///
  /// - Throws: `TokenizerError` when the id is outside the vocabulary.
  public func appendBytes(of token: Int32, to output: inout [UInt8]) throws {
    guard token >= 0, Int(token) < vocabularySize else {
      throw TokenizerError(.unknownToken, "id \(token) is outside the vocabulary of \(vocabularySize)")
    }
    if !isSpecial(token) { output.append(contentsOf: storedBytes(of: token)) }
  }

  /// A special token's are its name; an id between the others may have none.
  private func storedBytes(of token: Int32) -> ArraySlice<UInt8> {
    let start = Int(vocabulary.starts[Int(token)])
    return vocabulary.store[start..<start + max(0, Int(vocabulary.counts[Int(token)]))]
  }

  public func decode(_ tokens: [Int32]) throws -> String {
    var bytes: [UInt8] = []
    for token in tokens { try appendBytes(of: token, to: &bytes) }
    return String(decoding: bytes, as: UTF8.self)
  }

  public func makeStreamingDecoder() -> any StreamingTextDecoder { ByteLevelStreamingDecoder(self) }
}
