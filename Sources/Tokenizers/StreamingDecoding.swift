/// What an encoder does with the text of a special token, such as `<|endoftext|>`, inside a text.
public enum SpecialTokenHandling: Hashable, Sendable {
  /// It becomes the special token, as in Hugging Face's `encode`.
  case parsed
  /// It is text like any other: for what users write between the special tokens of a chat template.
  case asText
}

/// Decodes ids as they come. What it returns, put together, is what `decode` makes of all of them; a character comes
/// out once its last byte is there. Belongs to one thread.
public protocol StreamingTextDecoder {
  /// The text that is complete now and was not before; often empty.
  /// - Throws: `TokenizerError` when the id is outside the vocabulary.
  mutating func append(_ token: Int32) throws -> String
  /// The rest: bytes that never became a character, as U+FFFD.
  mutating func finish() -> String
}

struct ByteLevelStreamingDecoder: StreamingTextDecoder {
  private let tokenizer: ByteLevelBPE
  private var pending: [UInt8] = []

  init(_ tokenizer: ByteLevelBPE) { self.tokenizer = tokenizer }

  mutating func append(_ token: Int32) throws -> String {
    try tokenizer.appendBytes(of: token, to: &pending)
    let complete = pending.count - UTF8Scan.unfinishedSuffix(pending)
    guard complete > 0 else { return "" }
    defer { pending.removeFirst(complete) }
    return String(decoding: pending[..<complete], as: UTF8.self)
  }

  mutating func finish() -> String {
    defer { pending.removeAll() }
    return String(decoding: pending, as: UTF8.self)
  }
}

extension UTF8Scan {
  /// Bytes at the end that more bytes could still make a character of.
  static func unfinishedSuffix(_ bytes: [UInt8]) -> Int {
    for count in 1...3 where count <= bytes.count {
      let first = bytes[bytes.count - count]
      if first & 0xC0 == 0x80 { continue }
      let length = first >= 0xF5 ? 0 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0
      guard length > count else { return 0 }
      // A second byte that its first one does not allow will never become a character.
      if count > 1 {
        let second = bytes[bytes.count - count + 1]
        switch first {
        case 0xE0: return second >= 0xA0 ? count : 0
        case 0xED: return second < 0xA0 ? count : 0
        case 0xF0: return second >= 0x90 ? count : 0
        case 0xF4: return second < 0x90 ? count : 0
        default: break
        }
      }
      return count
    }
    return 0
  }

  /// Whether all of it is UTF-8.
  static func isWellFormed(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let base = text.baseAddress else { return true }
    let raw = UnsafeRawPointer(base)
    var position = 0
    while position < text.count {
      if text[position] < 0x80 {
        // Eight ASCII bytes at a time.
        while position + 8 <= text.count,
          raw.loadUnaligned(fromByteOffset: position, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
          position += 8
        }
        while position < text.count, text[position] < 0x80 { position += 1 }
      } else {
        let count = scalarLength(.init(rebasing: text[position...]))
        if count == 0 { return false }
        position += count
      }
    }
    return true
  }

  /// Replaces `output` by the text with U+FFFD for every byte that begins no character.
  static func repair(_ text: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]) {
    output.removeAll(keepingCapacity: true)
    var position = 0
    while position < text.count {
      let count = scalarLength(.init(rebasing: text[position...]))
      if count == 0 { output.append(contentsOf: [0xEF, 0xBF, 0xBD]) }
      for index in 0..<count { output.append(text[position + index]) }
      position += max(1, count)
    }
  }
}
