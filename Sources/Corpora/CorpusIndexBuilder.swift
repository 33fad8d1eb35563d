import Crypto
public import Tokenizers

/// Builds the index of a corpus from its prepared files and writes it to `output`; the same plan gives the same bytes.
///
/// Which documents are held out depends on their text and on `validationSeed` alone: of a source's distinct documents,
/// the `fraction` with the smallest keyed hashes (at least one). Every copy of a text that any validation set holds
/// leaves the training text of every source, so exact duplicates always fall on one side. A copy of an independent set
/// in a source is counted and removed from training likewise.
/// - Throws: `CorpusError` when shards are damaged or do not belong together, when a set is empty, or when a source has
///   no text left to train on.
public func buildCorpusIndex(
  sources: [SourcePlan], sets: [ValidationPlan], validationSeed: UInt64, tokenizer: any Tokenizer, output: String
) throws -> CorpusSummary {
  try CorpusIndexBuilder.checkPlan(sources: sources, sets: sets)
  var builder = try CorpusIndexBuilder(sources: sources, sets: sets, tokenizer: tokenizer)
  builder.sortDocuments()
  builder.holdOut(validationSeed: validationSeed)
  try builder.divide()
  try builder.measureOverlap()
  return try builder.write(validationSeed: validationSeed, tokenizer: tokenizer, output: output)
}

/// The work of `buildCorpusIndex`, in the order of its calls. Memory: 48 bytes a document, and 16 to 40 bytes for each
/// distinct 13-gram of the validation sets.
struct CorpusIndexBuilder {
  /// One document of one owner. Owners are the sources by number, then the sets with files of their own.
  struct Record {
    var hash: DocumentHash
    var shard: UInt32
    var document: UInt32
    var owner: UInt32
  }

  /// A document of a stream.
  struct Entry {
    var shard: UInt32
    var document: UInt32
  }

  /// Sources and sets are bits of one word in the overlap table.
  static let streamsMax = 64

  let sources: [SourcePlan]
  let sets: [ValidationPlan]
  let shards: [TokenShard]
  let gramPaths: [String]
  var records: [Record] = []
  /// Texts that the set holds out of its source.
  var heldOut: [Set<DocumentHash>]
  var sourceEntries: [[Entry]]
  var setEntries: [[Entry]]
  var sourceSummaries: [CorpusSummary.Source]
  var setSummaries: [CorpusSummary.ValidationSet]

  init(sources: [SourcePlan], sets: [ValidationPlan], tokenizer: any Tokenizer) throws {
    self.sources = sources
    self.sets = sets
    heldOut = sets.map { _ in [] }
    sourceEntries = sources.map { _ in [] }
    setEntries = sets.map { _ in [] }
    let noStream = CorpusSummary.Stream(firstEntry: 0, entries: 0, tokens: 0)
    sourceSummaries = sources.map {
      CorpusSummary.Source(
        name: $0.name, role: $0.role, weight: $0.weight, all: TextCounts(), training: TextCounts(),
        heldOut: TextCounts(), duplicates: 0, duplicatesOfOtherSources: 0, empty: 0, stream: noStream)
    }
    setSummaries = sets.map { set in
      var (from, fraction): (String?, Double?) = (nil, nil)
      if case .heldOut(let source, let share) = set.origin { (from, fraction) = (source, share) }
      return CorpusSummary.ValidationSet(
        name: set.name, role: set.role, from: from, fraction: fraction, tokenBudget: set.tokenBudget,
        counts: TextCounts(), duplicates: 0, grams: 0, sharedGrams: 0,
        overlaps: sources.map { CorpusSummary.Overlap(source: $0.name, exactCopiesRemoved: 0, sharedGrams: 0) },
        stream: noStream)
    }

    var shards: [TokenShard] = []
    var gramPaths: [String] = []
    for (owner, files) in Self.owners(sources, sets) {
      for file in files {
        let shard = try TokenShard(path: file.shard)
        try shard.verify()
        try Self.checkBelongs(shard, with: shards.first, tokenizer: tokenizer)
        guard shard.documentCount <= Int(UInt32.max), shards.count < Int(UInt32.max) else {
          throw CorpusError(.corruptShard, "more documents than an index can number", file: file.shard)
        }
        for document in 0..<shard.documentCount {
          records.append(
            Record(
              hash: try shard.document(document).hash, shard: UInt32(shards.count), document: UInt32(document),
              owner: UInt32(owner)))
        }
        if owner < sources.count { sourceSummaries[owner].empty += shard.header.emptyDocumentCount }
        shards.append(shard)
        gramPaths.append(file.grams)
      }
    }
    self.shards = shards
    self.gramPaths = gramPaths
  }

  static func checkPlan(sources: [SourcePlan], sets: [ValidationPlan]) throws {
    guard !sources.isEmpty else { throw CorpusError(.tooSmall, "there is no source to train on") }
    guard sources.count <= streamsMax, sets.count <= streamsMax else {
      throw CorpusError(
        .mixture, "\(sources.count) sources and \(sets.count) validation sets; at most \(streamsMax) of each")
    }
    for names in [sources.map(\.name), sets.map(\.name)] {
      if let twice = Dictionary(grouping: names, by: { $0 }).filter({ $1.count > 1 }).keys.min() {
        throw CorpusError(.mixture, "two entries are named \(twice); names must differ")
      }
    }
    for source in sources where source.files.isEmpty {
      throw CorpusError(.tooSmall, "source \(source.name) has no files")
    }
    for set in sets {
      switch set.origin {
      case .files(let files):
        guard !files.isEmpty else { throw CorpusError(.tooSmall, "validation set \(set.name) has no files") }
      case .heldOut(let from, let fraction):
        guard sources.contains(where: { $0.name == from }) else {
          throw CorpusError(
            .mixture,
            "validation set \(set.name) is from \(from), which is no source; sources: "
              + sources.map(\.name).joined(separator: ", "))
        }
        guard fraction > 0, fraction < 1 else {
          throw CorpusError(
            .mixture, "validation set \(set.name) has fraction \(fraction); more than 0 and less than 1 expected")
        }
      }
    }
  }

  private static func owners(_ sources: [SourcePlan], _ sets: [ValidationPlan]) -> [(Int, [PreparedPaths])] {
    var owners = sources.enumerated().map { ($0.offset, $0.element.files) }
    for (index, set) in sets.enumerated() {
      if case .files(let files) = set.origin { owners.append((sources.count + index, files)) }
    }
    return owners
  }

  private static func checkBelongs(
    _ shard: TokenShard, with first: TokenShard?, tokenizer: any Tokenizer
  ) throws {
    func differs(_ what: String) -> CorpusError {
      CorpusError(.mismatch, "prepared with another \(what) than the job's; prepare it again", file: shard.path)
    }
    let header = shard.header
    guard header.prepareVersion == prepareVersion else { throw differs("prepare version") }
    guard header.vocabularySize == tokenizer.vocabularySize,
      header.startsWithBeginningOfText == (tokenizer.firstToken != nil),
      header.addsLeadingSpace == tokenizer.addsLeadingSpace, header.endOfText == tokenizer.endOfText,
      first == nil || first?.header.tokenizerSHA256 == header.tokenizerSHA256
    else { throw differs("tokenizer") }
  }

  mutating func sortDocuments() {
    records.sort {
      if $0.hash != $1.hash { return $0.hash < $1.hash }
      return ($0.owner, $0.shard, $0.document) < ($1.owner, $1.shard, $1.document)
    }
  }

  /// Chooses the held-out texts of every set that is part of a source.
  mutating func holdOut(validationSeed: UInt64) {
    for (index, set) in sets.enumerated() {
      guard case .heldOut(let from, let fraction) = set.origin,
        let source = sources.firstIndex(where: { $0.name == from })
      else { continue }
      var distinct: [(order: UInt64, hash: DocumentHash)] = []
      for record in records where record.owner == UInt32(source) && record.hash != distinct.last?.hash {
        distinct.append((record.hash.heldOutOrder(validationSeed: validationSeed), record.hash))
      }
      let count = max(1, Int((Double(distinct.count) * fraction).rounded()))
      distinct.sort { ($0.order, $0.hash) < ($1.order, $1.hash) }
      heldOut[index] = Set(distinct.prefix(count).map(\.hash))
    }
  }
}
