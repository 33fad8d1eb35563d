/// Text to token ids and back.
///
/// A tokenizer is immutable and shared between threads. Encoding many documents goes through `makeEncoder()`, whose
/// value owns the scratch memory and the cache of words and therefore belongs to one thread.
public protocol Tokenizer: Sendable {
  /// Number of ids: every id that `encode` returns is in `0 ..< vocabularySize`.
  var vocabularySize: Int { get }
  /// Id that opens a document, if the model has one.
  var beginningOfText: Int32? { get }
  /// Id that closes a document, if the model has one.
  var endOfText: Int32? { get }
  /// Whether a document is meant to start with `beginningOfText`.
  var addsBeginningOfText: Bool { get }
  /// Whether the tokenizer puts a space before the text that the text does not have. `byteCount` of a document's first
  /// text token counts that space; whoever sums bytes takes one off.
  var addsLeadingSpace: Bool { get }

  /// A fresh encoder with scratch memory of its own. It gives the same ids as `encode`. Special tokens inside a text
  /// are handled as the reference library of the tokenizer's kind does: tokenizer.json, tiktoken and GGUF files of that
  /// kind parse them, SentencePiece models take them for text.
  func makeEncoder() -> any TextEncoder
  /// The same with a choice. A SentencePiece model never looks for its control pieces in a text; put their ids between
  /// encoded texts instead.
  func makeEncoder(specialTokens: SpecialTokenHandling) -> any TextEncoder
  /// The id of a token by its name, such as `<|im_end|>`.
  func id(of token: String) -> Int32?
  /// Whether decoded text leaves the id out. Precondition: the id is in the vocabulary.
  func isSpecial(_ token: Int32) -> Bool
  /// The text of the ids. Control ids are left out. Throws when an id is outside the vocabulary.
  func decode(_ tokens: [Int32]) throws -> String
  /// Decodes ids one by one, as they are generated.
  func makeStreamingDecoder() -> any StreamingTextDecoder
  /// UTF-8 bytes of text that the id stands for; 0 for control ids.
  /// Precondition: the id is in the vocabulary.
  func byteCount(of token: Int32) -> Int
  /// Those bytes, as they are in the middle of a text: perhaps a part of a character only.
  /// Precondition: the id is in the vocabulary.
  func bytes(of token: Int32) -> [UInt8]
  /// The name of an id that stands for nothing of a text, such as `<|im_end|>` or `<unk>`; nil for the others.
  /// Precondition: the id is in the vocabulary.
  func controlName(of token: Int32) -> String?
}

/// Encodes one document after the other, reusing its memory. Not shared between threads.
public protocol TextEncoder {
  /// Appends the ids of the text, without beginning- or end-of-text ids. Malformed UTF-8 is encoded as U+FFFD, one for
  /// each offending byte.
  mutating func encode(_ utf8: UnsafeBufferPointer<UInt8>, into tokens: inout [Int32])
}

extension Tokenizer {
  /// Ids of the text, without beginning- or end-of-text ids.
  public func encode(_ utf8: UnsafeBufferPointer<UInt8>) -> [Int32] {
    var tokens: [Int32] = []
    var encoder = makeEncoder()
    encoder.encode(utf8, into: &tokens)
    return tokens
  }

  public func encode(_ utf8: [UInt8]) -> [Int32] {
    utf8.withUnsafeBufferPointer { encode($0) }
  }

  public func encode(_ text: String) -> [Int32] {
    encode(Array(text.utf8))
  }

  /// Throws when a model of this vocabulary size cannot take every id of the tokenizer, with both numbers. A model with
  /// more rows than the tokenizer has ids is accepted: padded embeddings are common.
  public func checkFits(vocabSize: Int) throws {
    guard vocabularySize <= vocabSize else {
      throw TokenizerError(
        .vocabularyMismatch,
        "the tokenizer has \(vocabularySize) ids, the model's config says vocab_size \(vocabSize): this tokenizer "
          + "belongs to another model; use the one from the model's own directory")
    }
  }
}
