/// Documents, tokens, bytes of text and characters of some text.
public struct TextCounts: Codable, Hashable, Sendable {
  public var documents = 0
  /// With the ids that open and close a document.
  public var tokens = 0
  public var bytes = 0
  public var characters = 0

  public init() {}

  mutating func add(_ document: TokenShard.Document) {
    documents += 1
    tokens += document.tokens.count
    bytes += document.byteCount
    characters += document.characterCount
  }

  /// Tokens for a byte of text: how finely the tokenizer cuts it.
  public var tokensPerByte: Double? { bytes > 0 ? Double(tokens) / Double(bytes) : nil }
  public var tokensPerCharacter: Double? { characters > 0 ? Double(tokens) / Double(characters) : nil }
}

/// What the index says about the corpus; the head of its file, as JSON with sorted keys.
public struct CorpusSummary: Codable, Hashable, Sendable {
  public struct Shard: Codable, Hashable, Sendable {
    /// Hash of the token shard's header, hexadecimal.
    public var identity: String
    public var documents: Int
    public var tokens: Int
  }

  /// Part of the index's entry table: a stream of documents, in hash order.
  public struct Stream: Codable, Hashable, Sendable {
    public var firstEntry: Int
    public var entries: Int
    public var tokens: Int
  }

  public struct Source: Codable, Hashable, Sendable {
    public var name: String
    public var role: SourceRole
    public var weight: Double?
    /// Everything in the source's files.
    public var all: TextCounts
    /// What training may draw from.
    public var training: TextCounts
    /// What left training because a validation set holds the same text.
    public var heldOut: TextCounts
    /// Documents of which the source has an equal one already.
    public var duplicates: Int
    /// Documents of which a source before this one has an equal one.
    public var duplicatesOfOtherSources: Int
    /// Documents without text, which were left out.
    public var empty: Int
    public var stream: Stream
  }

  public struct Overlap: Codable, Hashable, Sendable {
    public var source: String
    /// Documents of the source equal to one of the set; they were removed from training (the held-out documents
    /// themselves do not count).
    public var exactCopiesRemoved: Int
    /// Distinct 13-grams of the set that the source's training text has, too.
    public var sharedGrams: Int
  }

  public struct ValidationSet: Codable, Hashable, Sendable {
    public var name: String
    public var role: SourceRole
    /// The source it was held out from; nil for a set with files of its own.
    public var from: String?
    public var fraction: Double?
    /// How many tokens of it are to be measured.
    public var tokenBudget: Int
    /// Each text once.
    public var counts: TextCounts
    /// Repeated documents that were left out of the set.
    public var duplicates: Int
    /// Distinct 13-grams of its words; 0 if no document has 13 words.
    public var grams: Int
    /// Of these, how many the training text of any source has.
    public var sharedGrams: Int
    public var overlaps: [Overlap]
    public var stream: Stream

    /// Share of the set's 13-grams that training text has, 0 to 1; nil if it has none.
    public var overlapShare: Double? { grams > 0 ? Double(sharedGrams) / Double(grams) : nil }
  }

  public var schema = 1
  public var prepareVersion: UInt32
  public var validationSeed: UInt64
  public var tokenizerSHA256: String
  public var vocabularySize: Int
  public var startsWithBeginningOfText: Bool
  public var addsLeadingSpace: Bool
  public var shards: [Shard]
  public var sources: [Source]
  public var sets: [ValidationSet]
}
