/// Encodes texts with one `SentencePieceBPE`.
///
/// A text is cut where no merge can reach across (`MergeTable.mayJoin`), which is at least at every word in the usual
/// models; each part is merged alone with a heap, O(n log n) in the part's length, and short parts are remembered.
struct SentencePieceEncoder: TextEncoder {
  private let tokenizer: SentencePieceBPE
  private let merges: MergeTable
  private var normalized: [UInt8] = []
  private var part: [Int32] = []
  private var merger = PairMerger()
  private var cache = SegmentCache()

  init(_ tokenizer: SentencePieceBPE) {
    self.tokenizer = tokenizer
    self.merges = tokenizer.merges
  }

  /// What the merging of parts has cost so far.
  var work: Int { merger.work }

  mutating func encode(_ utf8: UnsafeBufferPointer<UInt8>, into tokens: inout [Int32]) {
    var text: [UInt8] = []
    swap(&text, &normalized)
    tokenizer.normalizer.normalize(utf8, into: &text)
    text.withUnsafeBufferPointer { encodeNormalized($0, into: &tokens) }
    swap(&text, &normalized)
  }

  private mutating func encodeNormalized(_ text: UnsafeBufferPointer<UInt8>, into tokens: inout [Int32]) {
    let userDefined = tokenizer.normalizer.userDefined
    var start = 0
    var position = 0
    var lastScalar: UInt32 = 0
    part.removeAll(keepingCapacity: true)
    while position < text.count {
      if !userDefined.isEmpty, let match = userDefined.longestPrefix(of: .init(rebasing: text[position...])) {
        flush(text, start..<position, into: &tokens)
        tokens.append(match.token)
        position += match.count
        start = position
        continue
      }
      let (scalar, count) = UTF8Scan.scalar(text, position)
      let symbol = merges.symbol(of: scalar)
      if let last = part.last, symbol == MergeTable.noSymbol || !mayJoin(last, symbol, lastScalar, scalar) {
        flush(text, start..<position, into: &tokens)
        start = position
      }
      if symbol == MergeTable.noSymbol {
        appendBytes(text, position..<position + count, to: &tokens)
        start = position + count
      } else {
        part.append(symbol)
      }
      lastScalar = scalar
      position += count
    }
    flush(text, start..<position, into: &tokens)
  }

  @inline(__always)
  private func mayJoin(_ left: Int32, _ right: Int32, _ leftScalar: UInt32, _ rightScalar: UInt32) -> Bool {
    leftScalar | rightScalar < 0x80
      ? merges.mayJoinASCII(leftScalar, rightScalar) : merges.mayJoin(left, right)
  }

  /// Merges the characters in `part`, which are the text's bytes in `range`, and empties it.
  private mutating func flush(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, into tokens: inout [Int32]) {
    defer { part.removeAll(keepingCapacity: true) }
    switch part.count {
    case 0: return
    case 1:
      appendToken(of: part[0], text, range, to: &tokens)
      return
    default: break
    }
    let bytes = UnsafeBufferPointer(rebasing: text[range])
    let isShort = range.count <= SegmentCache.keyBytesMax
    if isShort, cache.append(bytes, to: &tokens) { return }
    let first = tokens.count
    merger.merge(part, merges)
    var position = range.lowerBound
    var index = 0
    while index >= 0 {
      // A merged symbol always has a token; only a lone character may need its bytes, so its length is the character's.
      let symbol = merger.symbol(at: index)
      if merges.tokens[Int(symbol)] == MergeTable.noToken {
        let count = UTF8Scan.scalar(text, position).count
        appendBytes(text, position..<position + count, to: &tokens)
        position += count
      } else {
        tokens.append(merges.tokens[Int(symbol)])
        position += merger.characters(at: index).reduce(0) { count, _ in
          count + UTF8Scan.scalar(text, position + count).count
        }
      }
      index = merger.next(after: index)
    }
    if isShort { cache.insert(bytes, tokens[first...]) }
  }

  private func appendToken(
    of symbol: Int32, _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, to tokens: inout [Int32]
  ) {
    let token = merges.tokens[Int(symbol)]
    if token == MergeTable.noToken { appendBytes(text, range, to: &tokens) } else { tokens.append(token) }
  }

  private func appendBytes(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, to tokens: inout [Int32]) {
    for index in range { tokens.append(tokenizer.byteTokens[Int(text[index])]) }
  }
}
