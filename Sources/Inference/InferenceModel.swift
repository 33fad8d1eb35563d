public import KernelTable
public import Transformer

/// A Llama decoder for scoring and generation: prepacked weights, and a cache of keys and values in pages that
/// documents with a common beginning share. The logits of a document's tokens are those of `LlamaModel.logits` for the
/// whole document in fp32, bit for bit: whatever else is in the batch, wherever a prompt is cut, on any number of
/// threads.
///
/// One thread at a time may call it, and what was made from it.
public final class InferenceModel {
  public struct Options: Sendable {
    /// Memory that cached keys and values may take.
    public var cacheBytes = 1 << 30
    /// Rows of a forward pass at most; more only where more texts than that are generated at once.
    public var batchTokens = 512

    public init(cacheBytes: Int = 1 << 30, batchTokens: Int = 512) {
      self.cacheBytes = cacheBytes
      self.batchTokens = batchTokens
    }
  }

  public var shape: LlamaShape { weights.shape }
  public let weights: InferenceWeights
  public let options: Options
  let kernels: Kernels
  let pool: ThreadPool
  let rotary: RotaryTable
  let pages: CachePages
  let prefixes = PrefixTree()
  let logitStride: Int
  /// Rows of logits that exist at a time, at most.
  let logitRows: Int
  var reusedTokens = 0
  var computedTokens = 0
  private var buffers: ForwardBuffers?
  private var logits: FloatBuffer?

  /// Tokens of a page: few, so that a text wastes few; a multiple of a panel of both builds.
  static let pageTokens = 32

  public init(_ weights: InferenceWeights, kernels: Kernels, pool: ThreadPool, options: Options = Options()) {
    precondition(options.batchTokens > 0, "a batch of \(options.batchTokens) tokens")
    self.weights = weights
    self.kernels = kernels
    self.pool = pool
    self.options = options
    let shape = weights.shape
    rotary = RotaryTable(shape)
    let layout = PageLayout(
      AttentionHeads(heads: shape.heads, keyValueHeads: shape.keyValueHeads, headDimension: shape.headDimension),
      layers: shape.layers, tokens: Self.pageTokens, kernels: kernels)
    pages = CachePages(layout, capacity: max(1, options.cacheBytes / (4 * layout.floats)))
    logitStride = weights.head.paddedWidth
    logitRows = max(16, (4 << 20) / logitStride)
  }

  /// All logits of one document, [tokens, vocabularySize]. For tests and inspection: nothing of it is cached.
  ///
  /// - Throws: `InferenceError` for no tokens, too many, one outside the vocabulary, or a cache that cannot hold them.
  public func logits(_ tokens: [Int32]) throws(InferenceError) -> [Float] {
    try check(tokens, "the document")
    var prefix = CachedPrefix()
    var result: [Float] = []
    result.reserveCapacity(tokens.count * shape.vocabularySize)
    for first in stride(from: 0, to: tokens.count, by: options.batchTokens) {
      let chunk = tokens[first..<min(first + options.batchTokens, tokens.count)]
      guard let places = extend(&prefix, chunk.count) else { throw cacheTooSmall(tokens.count) }
      var batch = ForwardBatch()
      batch.add(chunk, prefix: prefix, places: places, outputs: Array(0..<chunk.count))
      forward(batch) { _, count, logits in
        for row in 0..<count {
          result += UnsafeBufferPointer(start: logits + row * logitStride, count: shape.vocabularySize)
        }
      }
    }
    return result
  }

  /// Forgets the keys and values that are kept for documents to come.
  public func clearCache() { prefixes.removeAll() }

  public var cacheStatistics: CacheStatistics {
    CacheStatistics(
      pages: pages.capacity, usedPages: pages.used, pageTokens: Self.pageTokens, pageBytes: 4 * pages.layout.floats,
      reusedTokens: reusedTokens, computedTokens: computedTokens, evictions: prefixes.evictions)
  }

  /// Room for `tokens` more tokens of a document; kept prefixes give way. Nil when nothing is left to give.
  func extend(_ prefix: inout CachedPrefix, _ tokens: Int) -> [PagePlace]? {
    rotary.extend(to: rotaryLength(prefix.count + tokens))
    return prefix.extend(tokens, pageTokens: Self.pageTokens) {
      while pages.isFull { guard prefixes.evictOne() else { return nil } }
      return pages.take()
    }
  }

  /// The table grows by doubling, since a text grows by one token.
  private func rotaryLength(_ length: Int) -> Int {
    guard length > rotary.length else { return length }
    return min(max(256, length, 2 * rotary.length), max(length, shape.contextLength))
  }

  func buffers(rows: Int) -> ForwardBuffers {
    if let buffers, buffers.rows >= rows { return buffers }
    buffers = nil
    let new = ForwardBuffers(weights, rows: max(rows, min(options.batchTokens, 2 * rows)))
    buffers = new
    return new
  }

  func logitBuffer(rows: Int) -> FloatBuffer {
    if let logits, logits.count >= rows * logitStride { return logits }
    logits = nil
    let new = FloatBuffer(count: rows * logitStride)
    logits = new
    return new
  }

  func check(_ tokens: [Int32], _ what: String) throws(InferenceError) {
    guard !tokens.isEmpty else { throw .empty(what) }
    guard tokens.count <= shape.contextLength else {
      throw .tooLong(what, tokens: tokens.count, contextLength: shape.contextLength)
    }
    for (index, token) in tokens.enumerated() where token < 0 || Int(token) >= shape.vocabularySize {
      throw .token(what, token, index: index, vocabularySize: shape.vocabularySize)
    }
  }

  func cacheTooSmall(_ tokens: Int) -> InferenceError {
    .cacheTooSmall(
      tokens: tokens, capacity: pages.capacity * Self.pageTokens,
      tokenBytes: 4 * pages.layout.floats / Self.pageTokens)
  }
}

/// What the cache of keys and values holds, and what it saved.
public struct CacheStatistics: Sendable, Equatable {
  /// Pages that the limit allows.
  public let pages: Int
  /// Pages in use, by running texts or kept for later ones.
  public let usedPages: Int
  public let pageTokens: Int
  public let pageBytes: Int
  /// Tokens that were found in the cache, or shared within a batch, instead of being computed.
  public let reusedTokens: Int
  public let computedTokens: Int
  public let evictions: Int
}

/// What a model cannot compute. The texts' names (`request 3`, `the document`) say which.
public enum InferenceError: Error, Equatable, CustomStringConvertible {
  case empty(String)
  case tooLong(String, tokens: Int, contextLength: Int)
  case token(String, Int32, index: Int, vocabularySize: Int)
  case cacheTooSmall(tokens: Int, capacity: Int, tokenBytes: Int)
  case duplicate(id: UInt64)
  case parameter(field: String, found: String, expected: String)
  /// The caller's `progress` said so.
  case stopped

  public var description: String {
    switch self {
    case .empty(let what): "\(what) has no tokens; expected at least one"
    case .tooLong(let what, let tokens, let contextLength):
      "\(what) has \(tokens) tokens; the model's context holds \(contextLength); shorten it"
    case .token(let what, let token, let index, let size):
      "\(what): token \(index) is \(token), outside the vocabulary of \(size); does the tokenizer fit the model?"
    case .cacheTooSmall(let tokens, let capacity, let tokenBytes):
      "\(tokens) tokens do not fit the cache of keys and values, which holds \(capacity); each takes \(tokenBytes) "
        + "bytes: raise the cache's limit, or ask for less at once"
    case .duplicate(let id): "request \(id) is already running; give each request an id of its own"
    case .parameter(let field, let found, let expected): "\(field) is \(found); expected \(expected)"
    case .stopped: "stopped"
    }
  }
}
