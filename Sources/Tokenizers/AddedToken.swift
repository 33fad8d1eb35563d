import Metering

/// A token that is looked for in the text before anything else, as tokenizer.json's `added_tokens` describe it.
struct AddedToken: Hashable, Sendable {
  var id: Int32
  /// UTF-8.
  var content: [UInt8]
  /// Left out of decoded text, and of what `SpecialTokenHandling.asText` looks for.
  var isSpecial: Bool
  /// Looked for in normalized text.
  var isNormalized = false
  /// Only between characters that are no part of a word.
  var isSingleWord = false
  /// Takes the spaces before it along.
  var stripsLeft = false
  /// Takes the spaces after it along.
  var stripsRight = false
}

/// Finds added tokens in texts: the leftmost, of those the longest, as the Aho-Corasick automaton of Hugging Face's
/// library does (tokenizers/src/tokenizer/added_vocabulary.rs).
struct AddedTokenMatcher: Sendable {
  /// A part of a text: one added token, or (-1) what stands between.
  struct Part {
    var token: Int32
    var range: Range<Int>
  }

  enum Limit {
    /// A search costs at most this many steps for a byte of text.
    static let contentBytesMax = 1024
    static let tokensMax = 1 << 17
  }

  private let tokens: [AddedToken]
  /// Whether a token starts with the byte.
  private let starts: [Bool]
  /// Node and byte to the next node. The root is 0.
  private let edges: [UInt64: Int32]
  /// Place in `tokens` of the token that ends at a node, or -1.
  private let tokenOfNode: [Int32]
  var isEmpty: Bool { tokens.isEmpty }

  init(_ tokens: [AddedToken]) {
    var starts = [Bool](repeating: false, count: 256)
    var edges: [UInt64: Int32] = [:]
    var tokenOfNode: [Int32] = [-1]
    for (place, token) in tokens.enumerated() {
      precondition(!token.content.isEmpty && token.content.count <= Limit.contentBytesMax)
      starts[Int(token.content[0])] = true
      var node: Int32 = 0
      for byte in token.content {
        let key = Self.key(node, byte)
        let next = edges[key] ?? Int32(tokenOfNode.count)
        if next == Int32(tokenOfNode.count) {
          edges[key] = next
          tokenOfNode.append(-1)
        }
        node = next
      }
      tokenOfNode[Int(node)] = Int32(place)
    }
    ReadMeter.current?.stepped(tokens.reduce(0) { $0 + $1.content.count })
    ReadMeter.current?.allocated(20 * edges.capacity + 4 * tokenOfNode.count)
    self.tokens = tokens
    self.starts = starts
    self.edges = edges
    self.tokenOfNode = tokenOfNode
  }

  private static func key(_ node: Int32, _ byte: UInt8) -> UInt64 { UInt64(node) << 8 | UInt64(byte) }

  /// Appends the parts of `range` of the text in order. Precondition: the text is UTF-8.
  func split(
    _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, skippingSpecial: Bool, into parts: inout [Part]
  ) {
    guard !tokens.isEmpty else {
      if !range.isEmpty { parts.append(Part(token: -1, range: range)) }
      return
    }
    var position = range.lowerBound
    var taken = range.lowerBound
    // End of the last run of spaces that was looked at, so that none is walked twice.
    var spaces = range.lowerBound..<range.lowerBound
    while let (place, found) = next(text, from: position, to: range.upperBound) {
      position = found.upperBound
      let token = tokens[place]
      if skippingSpecial, token.isSpecial { continue }
      if token.isSingleWord, hasWordBeside(text, found, within: range) { continue }
      var start = found.lowerBound
      var end = found.upperBound
      if token.stripsLeft {
        while start > taken, let count = Self.spaceBefore(text, start, from: taken) { start -= count }
      }
      if token.stripsRight {
        if !spaces.contains(end) { spaces = end..<Self.spacesEnd(text, end, range.upperBound) }
        end = max(end, spaces.upperBound)
      }
      if taken < start { parts.append(Part(token: -1, range: taken..<start)) }
      parts.append(Part(token: token.id, range: min(start, end)..<end))
      taken = end
    }
    if taken < range.upperBound { parts.append(Part(token: -1, range: taken..<range.upperBound)) }
  }

  private func next(_ text: UnsafeBufferPointer<UInt8>, from: Int, to end: Int) -> (Int, Range<Int>)? {
    starts.withUnsafeBufferPointer { starts in
      var position = from
      while position < end {
        if !starts[Int(text[position])] {
          position += 1
          continue
        }
        var node: Int32 = 0
        var place = position
        var found: (Int, Range<Int>)?
        while place < end, let next = edges[Self.key(node, text[place])] {
          node = next
          place += 1
          if tokenOfNode[Int(node)] >= 0 { found = (Int(tokenOfNode[Int(node)]), position..<place) }
        }
        if let found { return found }
        position += 1
      }
      return nil
    }
  }

  private func hasWordBeside(
    _ text: UnsafeBufferPointer<UInt8>, _ found: Range<Int>, within range: Range<Int>
  ) -> Bool {
    let classes = UnicodeClasses.shared
    if found.lowerBound > range.lowerBound {
      let scalar = UTF8Scan.scalar(text, Self.scalarStart(text, before: found.lowerBound)).value
      if classes.flags(scalar) & UnicodeClasses.word != 0 { return true }
    }
    guard found.upperBound < range.upperBound else { return false }
    return classes.flags(UTF8Scan.scalar(text, found.upperBound).value) & UnicodeClasses.word != 0
  }

  private static func scalarStart(_ text: UnsafeBufferPointer<UInt8>, before position: Int) -> Int {
    var start = position - 1
    while text[start] & 0xC0 == 0x80 { start -= 1 }
    return start
  }

  /// Bytes of the space right before `position`, if there is one after `from`.
  private static func spaceBefore(_ text: UnsafeBufferPointer<UInt8>, _ position: Int, from: Int) -> Int? {
    let start = scalarStart(text, before: position)
    let flags = UnicodeClasses.shared.flags(UTF8Scan.scalar(text, start).value)
    return start >= from && flags & UnicodeClasses.space != 0 ? position - start : nil
  }

  private static func spacesEnd(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Int {
    var position = start
    while position < end {
      let (scalar, count) = UTF8Scan.scalar(text, position)
      if UnicodeClasses.shared.flags(scalar) & UnicodeClasses.space == 0 { break }
      position += count
    }
    return position
  }
}
