/// Learns byte-level BPE from word counts: the most frequent pair of neighbouring tokens becomes a token, again and
/// again. The same merges as Hugging Face's `BpeTrainer` with its byte alphabet and the same minimum frequency: among
/// pairs of one count the one with the lower ids goes first (left id, then right).
///
/// Counts are kept up to date pair by pair, and a heap holds the candidates: a word is visited only when a pair of it
/// merges. An entry whose count has fallen since is put back with the count it has.
/// Source: https://github.com/huggingface/tokenizers (tokenizers/src/models/bpe/trainer.rs)
public struct BytePairTrainer {
  public struct Options: Sendable {
    /// Ids in all: special tokens, 256 bytes, merges.
    public var vocabularySize: Int
    /// A pair that is rarer is not merged.
    public var minimumFrequency = 0
    /// Tokens that get the first ids. The first of them ends a document.
    public var specialTokens = ["<|endoftext|>"]

    public init(vocabularySize: Int) { self.vocabularySize = vocabularySize }
  }

  /// A trained tokenizer.
  public struct Result: Sendable {
    /// tokenizer.json, as Hugging Face's library loads it.
    public var json: [UInt8]
    public var vocabularySize: Int
    public var merges: Int
  }

  private struct Candidate {
    var count: Int
    var pair: UInt64
    /// Place in `places` of the words to visit.
    var place: Int

    /// One pair may wait twice, when two merges gave one token. The reference's heap leaves open which comes first;
    /// here it is the older.
    func isBefore(_ other: Candidate) -> Bool {
      if count != other.count { return count > other.count }
      return pair != other.pair ? pair < other.pair : place < other.place
    }
  }

  private let rule: TrainedRule
  private let options: Options
  private var names: [[UInt8]] = []
  private var idOfName: [[UInt8]: Int32] = [:]
  private var merges: [(left: Int32, right: Int32)] = []
  /// Tokens of all words one after the other; each word's part shrinks in place.
  private var tokens: [Int32] = []
  private var starts: [Int] = []
  private var lengths: [Int32] = []
  private var frequencies: [Int] = []
  private var pairCounts: [UInt64: Int] = [:]
  private var places: [[Int32]] = []
  private var heap: [Candidate] = []

  /// - Throws: `TokenizerError` when the vocabulary has no room for bytes and special tokens, or there are no words.
  public static func train(_ words: WordCounts, rule: TrainedRule, options: Options) throws -> Result {
    let least = 256 + options.specialTokens.count
    guard options.vocabularySize >= least, options.vocabularySize < BytePairRules.tokensMax else {
      throw TokenizerError(
        .malformed, "a vocabulary of \(options.vocabularySize); \(least) (256 bytes and "
          + "\(options.specialTokens.count) special tokens) to \(BytePairRules.tokensMax - 1) expected")
    }
    guard !words.counts.isEmpty else { throw TokenizerError(.malformed, "there is no text to learn from") }
    var trainer = BytePairTrainer(rule, options)
    trainer.load(words)
    trainer.learn()
    return trainer.result()
  }

  private init(_ rule: TrainedRule, _ options: Options) {
    self.rule = rule
    self.options = options
    for name in options.specialTokens { _ = id(Array(name.utf8)) }
    // In the order of their characters, as the reference sorts its alphabet.
    for byte in ByteAlphabet.scalars.indices.sorted(by: { ByteAlphabet.scalars[$0] < ByteAlphabet.scalars[$1] }) {
      _ = id(ByteAlphabet.utf8(UInt8(byte)))
    }
  }

  private mutating func id(_ name: [UInt8]) -> Int32 {
    if let id = idOfName[name] { return id }
    let id = Int32(names.count)
    names.append(name)
    idOfName[name] = id
    return id
  }

  @inline(__always)
  private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  private mutating func load(_ words: WordCounts) {
    let byteIDs = (0..<256).map { idOfName[ByteAlphabet.utf8(UInt8($0))] ?? 0 }
    var placeOfPair: [UInt64: Int] = [:]
    for (word, count) in words.counts.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      let number = Int32(starts.count)
      starts.append(tokens.count)
      lengths.append(Int32(word.count))
      frequencies.append(count)
      for (index, byte) in word.enumerated() {
        tokens.append(byteIDs[Int(byte)])
        guard index > 0 else { continue }
        let pair = Self.pair(byteIDs[Int(word[index - 1])], byteIDs[Int(byte)])
        pairCounts[pair, default: 0] += count
        let place = placeOfPair[pair] ?? places.count
        if place == places.count {
          placeOfPair[pair] = place
          places.append([])
        }
        if places[place].last != number { places[place].append(number) }
      }
    }
    for (pair, place) in placeOfPair { push(Candidate(count: pairCounts[pair] ?? 0, pair: pair, place: place)) }
  }

  private mutating func learn() {
    while names.count < options.vocabularySize, var top = pop() {
      let current = pairCounts[top.pair] ?? 0
      if top.count != current {
        top.count = current
        push(top)
        continue
      }
      if top.count < 1 || top.count < options.minimumFrequency { return }
      let left = Int32(truncatingIfNeeded: top.pair >> 32)
      let right = Int32(truncatingIfNeeded: top.pair)
      let merged = id(names[Int(left)] + names[Int(right)])
      merges.append((left, right))
      var found: [UInt64: Int] = [:]
      let words = places[top.place]
      places[top.place] = []
      for word in words { merge(word, left, right, merged, &found) }
      for (pair, place) in found {
        let count = pairCounts[pair] ?? 0
        if count > 0 { push(Candidate(count: count, pair: pair, place: place)) }
      }
    }
  }

  /// Replaces the pair in one word and counts what its neighbours lose and gain.
  private mutating func merge(
    _ word: Int32, _ left: Int32, _ right: Int32, _ merged: Int32, _ found: inout [UInt64: Int]
  ) {
    let start = starts[Int(word)]
    let end = start + Int(lengths[Int(word)])
    let frequency = frequencies[Int(word)]
    var read = start
    var write = start
    while read < end {
      guard tokens[read] == left, read + 1 < end, tokens[read + 1] == right else {
        tokens[write] = tokens[read]
        read += 1
        write += 1
        continue
      }
      if write > start {
        let before = tokens[write - 1]
        pairCounts[Self.pair(before, left), default: 0] -= frequency
        gain(Self.pair(before, merged), frequency, word, &found)
      }
      read += 2
      if read < end {
        let after = tokens[read]
        pairCounts[Self.pair(right, after), default: 0] -= frequency
        gain(Self.pair(merged, after), frequency, word, &found)
      }
      tokens[write] = merged
      write += 1
    }
    lengths[Int(word)] = Int32(write - start)
  }

  private mutating func gain(_ pair: UInt64, _ frequency: Int, _ word: Int32, _ found: inout [UInt64: Int]) {
    pairCounts[pair, default: 0] += frequency
    let place = found[pair] ?? places.count
    if place == places.count {
      found[pair] = place
      places.append([])
    }
    if places[place].last != word { places[place].append(word) }
  }

  private mutating func push(_ candidate: Candidate) {
    var index = heap.count
    heap.append(candidate)
    while index > 0 {
      let parent = (index - 1) / 2
      if !candidate.isBefore(heap[parent]) { break }
      heap[index] = heap[parent]
      index = parent
    }
    heap[index] = candidate
  }

  private mutating func pop() -> Candidate? {
    guard let top = heap.first, let last = heap.popLast() else { return nil }
    if heap.isEmpty { return top }
    var index = 0
    while true {
      var child = 2 * index + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].isBefore(heap[child]) { child += 1 }
      if !heap[child].isBefore(last) { break }
      heap[index] = heap[child]
      index = child
    }
    heap[index] = last
    return top
  }

  private func result() -> Result {
    let special = options.specialTokens.enumerated().map { number, name in
      AddedToken(id: Int32(number), content: Array(name.utf8), isSpecial: true)
    }
    let writer = TokenizerJSONWriter(
      names: names, merges: merges.map { (left: names[Int($0.left)], right: names[Int($0.right)]) }, added: special,
      splitting: rule.splitting, composes: rule.composes)
    return Result(json: writer.bytes(), vocabularySize: names.count, merges: merges.count)
  }
}
