import Tokenizers

/// How log-probabilities name a token, as OpenAI's interfaces do: by its text where it stands in the middle of one.
/// Tokens of different bytes have different spellings, since the alternatives of a completion are keys of an object.
struct TokenSpelling {
  let text: String
  /// UTF-8, perhaps of a part of a character only; nil for a token that stands for no text.
  let bytes: [UInt8]?

  /// - Parameter marksParts: a part of a character is written `bytes:\xe4\xb8`, as in completions, where a chat has
  ///   `\xe4\xb8`.
  init(of token: Int32, in tokenizer: any Tokenizer, marksParts: Bool) {
    guard Int(token) < tokenizer.vocabularySize else {
      // A model may have more rows than its tokenizer has ids.
      (text, bytes) = ("<|\(token)|>", nil)
      return
    }
    if let name = tokenizer.controlName(of: token) {
      (text, bytes) = (name, nil)
      return
    }
    let bytes = tokenizer.bytes(of: token)
    self.bytes = bytes
    text =
      String(validating: bytes, as: UTF8.self)
      ?? (marksParts ? "bytes:" : "") + bytes.map(Self.escaped).joined()
  }

  private static func escaped(_ byte: UInt8) -> String {
    byte < 0x80 ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16)
  }
}
