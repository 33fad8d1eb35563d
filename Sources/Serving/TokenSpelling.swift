import Tokenizers

/// How log-probabilities name a token, as OpenAI's interfaces do: by its text where it stands in the middle of one.
/// Tokens of different bytes are spelled differently: the alternatives of a completion are keys of an object.
struct TokenSpelling {
  let text: String
  /// UTF-8, perhaps of a part of a character only; nil for a token that stands for no text.
  let bytes: [UInt8]?

  /// - Parameter marksParts: a part of a character is written `bytes:\xe4\xb8`, as in completions, where a chat has
  ///   `\xe4\xb8`.
  init(of token: Int32, in tokenizer: any Tokenizer, marksParts: Bool) {
    // A model may have more rows than its tokenizer has ids.
    let isKnown = Int(token) < tokenizer.vocabularySize
    let bytes = isKnown ? tokenizer.bytes(of: token) : []
    guard !bytes.isEmpty else {
      let name = isKnown ? tokenizer.controlName(of: token) : nil
      (self.text, self.bytes) = (name ?? "<|\(token)|>", nil)
      return
    }
    self.bytes = bytes
    text =
      String(validating: bytes, as: UTF8.self)
      ?? (marksParts ? "bytes:" : "") + bytes.map(Self.escaped).joined()
  }

  private static func escaped(_ byte: UInt8) -> String {
    byte < 0x80 ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16)
  }
}
