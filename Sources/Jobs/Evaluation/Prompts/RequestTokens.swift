import Chat
import Templates
import Tokenizers

/// Turns requests into tokens as lm-evaluation-harness does: blanks at a context's end belong to the continuation; the
/// whole is encoded, and what is longer than the context's own encoding is the continuation; a document begins with
/// the tokenizer's first token where the tokenizer says so; what does not fit is cut off on the left.
struct RequestTokens {
  private let tokenizer: any Tokenizer
  private var encoder: any TextEncoder
  /// Of a model that is talked to in its template, whose text has the names of special tokens.
  private let chat: ChatEncoder?
  private let contextLength: Int
  /// What an empty context is: the token that begins a text, else the one that ends it.
  let prefixToken: Int32
  private let firstTokenText: [UInt8]
  /// Contexts of one item are the same text.
  private var lastContext: (text: String, tokens: [Int32])?
  /// Prompts that were cut.
  private(set) var truncated = 0

  /// Nil when the tokenizer has neither token.
  init?(_ tokenizer: any Tokenizer, contextLength: Int, chat: ChatEncoder? = nil) {
    self.chat = chat
    guard let prefix = tokenizer.beginningOfText ?? tokenizer.endOfText else { return nil }
    self.tokenizer = tokenizer
    self.contextLength = contextLength
    encoder = tokenizer.makeEncoder()
    prefixToken = prefix
    firstTokenText = tokenizer.name(of: prefix)
  }

  private mutating func encode(_ text: String, isDocument: Bool) -> [Int32] {
    var text = text
    var tokens: [Int32] = []
    let hasFirst = !firstTokenText.isEmpty && text.utf8.starts(with: firstTokenText)
    if isDocument, tokenizer.addsBeginningOfText, !hasFirst, let first = tokenizer.beginningOfText {
      tokens.append(first)
    }
    if let chat { return tokens + chat.encode(text) }
    text.withUTF8 { encoder.encode($0, into: &tokens) }
    return tokens
  }

  private mutating func contextTokens(_ text: String) -> [Int32] {
    if let lastContext, lastContext.text.isSame(as: text) { return lastContext.tokens }
    let tokens = encode(text, isDocument: true)
    lastContext = (text, tokens)
    return tokens
  }

  /// The tokens of a pair, cut to the model's context. Nil when the continuation has none, or more than there is room.
  mutating func scored(context: String, continuation: String) -> ScoredTokens? {
    var pair = ScoredTokens(context: [], continuation: [])
    if context.isEmpty {
      pair.continuation = encode(continuation, isDocument: false)
      guard let first = pair.continuation.first else { return nil }
      if first == prefixToken {
        pair.continuation.removeFirst()
      }
      pair.context = [prefixToken]
    } else {
      let kept = context.pythonStripped(leading: false)
      let blanks = String(context.unicodeScalars.dropFirst(kept.unicodeScalars.count))
      if kept.isEmpty {
        // Nothing but blanks: the harness encodes the whole after an empty context's own tokens.
        pair.context = contextTokens("")
      } else {
        pair.context = contextTokens(kept)
      }
      let whole = encode(kept + blanks + continuation, isDocument: true)
      pair.continuation = Array(whole.dropFirst(pair.context.count))
      if pair.context.isEmpty { pair.context = [prefixToken] }
    }
    guard !pair.continuation.isEmpty, pair.continuation.count <= contextLength else { return nil }
    let excess = pair.context.count + pair.continuation.count - (contextLength + 1)
    if excess > 0 {
      truncated += 1
      pair.context.removeFirst(min(excess, pair.context.count - 1))
    }
    return pair
  }

  /// The windows of a text: the first after the prefix token, later ones after the token before them; each predicts as
  /// many as fit. Together they predict every token once.
  mutating func rolling(_ text: String) -> [ScoredTokens] {
    let tokens = encode(text, isDocument: true)
    var windows: [ScoredTokens] = []
    var done = 0
    while done < tokens.count {
      let count = min(contextLength, tokens.count - done)
      if done == 0 {
        windows.append(ScoredTokens(context: [prefixToken], continuation: Array(tokens[..<count])))
      } else {
        // A last window that is not full is filled up with what stands before it.
        let end = done + count
        let start = max(0, end - contextLength - 1)
        windows.append(
          ScoredTokens(context: Array(tokens[start..<done]), continuation: Array(tokens[done..<end])))
      }
      done += count
    }
    return windows
  }

  /// A prompt to continue by at most `maximumTokens`, cut on the left to leave room for them.
  mutating func prompt(_ context: String, maximumTokens: Int) -> [Int32] {
    var tokens = encode(context, isDocument: true)
    if tokens.isEmpty { tokens = [prefixToken] }
    let room = max(1, contextLength - maximumTokens)
    if tokens.count > room {
      truncated += 1
      tokens.removeFirst(tokens.count - room)
    }
    return tokens
  }
}

extension Tokenizer {
  /// A control token's name as UTF-8; empty where the tokenizer does not tell.
  fileprivate func name(of token: Int32) -> [UInt8] {
    for name in ["<s>", "<|begin_of_text|>", "<|endoftext|>", "<|im_start|>", "<bos>"] where id(of: name) == token {
      return Array(name.utf8)
    }
    return []
  }
}
