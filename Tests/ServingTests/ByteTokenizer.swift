import Tokenizers

/// A token a byte, so that every character of several bytes comes in parts; 256 ends a text.
struct ByteTokenizer: Tokenizer {
  let vocabularySize = 257
  let beginningOfText: Int32? = nil
  let endOfText: Int32? = 256
  let addsBeginningOfText = false
  let addsLeadingSpace = false

  func makeEncoder() -> any TextEncoder { Encoder() }
  func makeEncoder(specialTokens: SpecialTokenHandling) -> any TextEncoder { Encoder() }
  func id(of token: String) -> Int32? { nil }
  func isSpecial(_ token: Int32) -> Bool { token == 256 }
  func byteCount(of token: Int32) -> Int { bytes(of: token).count }
  func bytes(of token: Int32) -> [UInt8] { UInt8(exactly: token).map { [$0] } ?? [] }
  func controlName(of token: Int32) -> String? { token == 256 ? "<end>" : nil }
  func makeStreamingDecoder() -> any StreamingTextDecoder { Decoder() }

  func decode(_ tokens: [Int32]) throws -> String {
    String(decoding: tokens.filter { $0 != 256 }.map { UInt8($0) }, as: UTF8.self)
  }

  private struct Encoder: TextEncoder {
    mutating func encode(_ utf8: UnsafeBufferPointer<UInt8>, into tokens: inout [Int32]) {
      tokens += utf8.map { Int32($0) }
    }
  }

  private struct Decoder: StreamingTextDecoder {
    private var pending: [UInt8] = []

    mutating func append(_ token: Int32) -> String {
      if token < 256 { pending.append(UInt8(token)) }
      guard let text = String(validating: pending, as: UTF8.self) else { return "" }
      pending = []
      return text
    }

    mutating func finish() -> String {
      defer { pending = [] }
      return String(decoding: pending, as: UTF8.self)
    }
  }
}
