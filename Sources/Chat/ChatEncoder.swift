public import Checkpoints
public import Tokenizers

/// Rendered text to token ids: special tokens where their names stand, and nothing added that the template did not
/// write, as `apply_chat_template(tokenize=True)` does. What a user types between them is text of the same kind: a name
/// of a special token in it becomes the token, as in every tool that goes through the template's text.
public struct ChatEncoder: Sendable {
  public let tokenizer: any Tokenizer
  /// Longest first; empty where the tokenizer finds them itself.
  private let added: [(text: [UInt8], id: Int32)]

  /// - Throws: `ChatError` for a malformed companion.
  public init(companions: [CompanionFile], tokenizer: any Tokenizer) throws(ChatError) {
    self.tokenizer = tokenizer
    // A SentencePiece model takes its control pieces for text; Hugging Face looks for them first.
    let names = tokenizer is SentencePieceBPE ? try ChatFiles(companions).addedTokens(tokenizer) : []
    added = names.map { (Array($0.text.utf8), $0.id) }.sorted { $0.text.count > $1.text.count }
  }

  public func encode(_ text: String) -> [Int32] {
    let bytes = Array(text.utf8)
    var encoder = tokenizer.makeEncoder(specialTokens: .parsed)
    var tokens: [Int32] = []
    func append(_ range: Range<Int>) {
      guard !range.isEmpty else { return }
      bytes.withUnsafeBufferPointer { encoder.encode(UnsafeBufferPointer(rebasing: $0[range]), into: &tokens) }
    }
    var (start, place) = (0, 0)
    while place < bytes.count, !added.isEmpty {
      if let token = added.first(where: { bytes[place...].starts(with: $0.text) }) {
        append(start..<place)
        tokens.append(token.id)
        place += token.text.count
        start = place
      } else {
        place += 1
      }
    }
    append(start..<bytes.count)
    return tokens
  }
}
