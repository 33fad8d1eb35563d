/// Encodes texts with one `ByteLevelBPE`.
struct ByteLevelEncoder: TextEncoder {
  private let tokenizer: ByteLevelBPE
  private let specialTokens: SpecialTokenHandling
  private let merger: BytePairMerger
  private let cache = WordCache()
  private var repaired: [UInt8] = []
  private var composed: [UInt8] = []
  private var parts: [AddedTokenMatcher.Part] = []
  private var innerParts: [AddedTokenMatcher.Part] = []

  init(_ tokenizer: ByteLevelBPE, specialTokens: SpecialTokenHandling) {
    self.tokenizer = tokenizer
    self.specialTokens = specialTokens
    merger = BytePairMerger(tokenizer.rules, byteTokens: tokenizer.byteTokens)
  }

  /// What the merging of words has cost so far.
  var work: Int { merger.work }

  mutating func encode(_ utf8: UnsafeBufferPointer<UInt8>, into tokens: inout [Int32]) {
    if UTF8Scan.isWellFormed(utf8) { return encodeWellFormed(utf8, into: &tokens) }
    var text: [UInt8] = []
    swap(&text, &repaired)
    UTF8Scan.repair(utf8, into: &text)
    text.withUnsafeBufferPointer { encodeWellFormed($0, into: &tokens) }
    swap(&text, &repaired)
  }

  private mutating func encodeWellFormed(_ text: UnsafeBufferPointer<UInt8>, into tokens: inout [Int32]) {
    parts.removeAll(keepingCapacity: true)
    tokenizer.verbatim.split(
      text, 0..<text.count, skippingSpecial: specialTokens == .asText, into: &parts)
    for index in parts.indices {
      let part = parts[index]
      if part.token >= 0 { tokens.append(part.token) } else { encodePart(text, part.range, into: &tokens) }
    }
  }

  private mutating func encodePart(
    _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, into tokens: inout [Int32]
  ) {
    let part = UnsafeBufferPointer(rebasing: text[range])
    guard tokenizer.composes, !CanonicalComposition.shared.isComposed(part) else {
      return encodeNormalized(part, readable: text.count - range.lowerBound, into: &tokens)
    }
    var normalized: [UInt8] = []
    swap(&normalized, &composed)
    CanonicalComposition.shared.compose(part, into: &normalized)
    normalized.withUnsafeBufferPointer { encodeNormalized($0, readable: $0.count, into: &tokens) }
    swap(&normalized, &composed)
  }

  private mutating func encodeNormalized(
    _ text: UnsafeBufferPointer<UInt8>, readable: Int, into tokens: inout [Int32]
  ) {
    guard !tokenizer.normalized.isEmpty else {
      return encodeWords(text, 0..<text.count, readable: readable, into: &tokens)
    }
    innerParts.removeAll(keepingCapacity: true)
    tokenizer.normalized.split(
      text, 0..<text.count, skippingSpecial: specialTokens == .asText, into: &innerParts)
    for index in innerParts.indices {
      let part = innerParts[index]
      if part.token >= 0 {
        tokens.append(part.token)
      } else {
        encodeWords(text, part.range, readable: readable, into: &tokens)
      }
    }
  }

  /// - Parameter readable: bytes that may be read from the start of `text`, at least its own.
  private func encodeWords(
    _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, readable: Int, into tokens: inout [Int32]
  ) {
    guard let base = text.baseAddress else { return }
    let splitter = TextSplitter(text: base, end: range.upperBound, rule: tokenizer.splitting)
    var start = range.lowerBound
    while start < range.upperBound {
      let end = splitter.wordEnd(start)
      encodeWord(base + start, end - start, readable: readable - start, into: &tokens)
      start = end
    }
  }

  @inline(__always)
  private func encodeWord(
    _ word: UnsafePointer<UInt8>, _ count: Int, readable: Int, into tokens: inout [Int32]
  ) {
    guard count <= WordCache.wordBytesMax else { return encodeNewWord(word, count, into: &tokens) }
    let key = WordCache.key(word, count, readable: readable)
    if cache.append(key, to: &tokens) { return }
    let first = tokens.count
    encodeNewWord(word, count, into: &tokens)
    cache.insert(key, tokens[first...])
  }

  private func encodeNewWord(_ word: UnsafePointer<UInt8>, _ count: Int, into tokens: inout [Int32]) {
    if tokenizer.takesWholeWords,
      let token = tokenizer.vocabulary.id(ofBytes: UnsafeBufferPointer(start: word, count: count))
    {
      tokens.append(token)
    } else {
      merger.merge(word, count, into: &tokens)
    }
  }
}
