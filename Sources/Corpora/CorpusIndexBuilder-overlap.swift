extension CorpusIndexBuilder {
  /// Counts, for each set and source, the set's distinct 13-grams that the source's training text has.
  mutating func measureOverlap() throws {
    guard !sets.isEmpty else { return }
    let gramFiles = try openGramFiles()
    func forEachGram(_ entries: [Entry], _ body: (UInt64) -> Void) {
      for entry in entries { gramFiles[Int(entry.shard)].forEachGram(ofDocument: Int(entry.document), body) }
    }

    var all: [UInt64] = []
    for entries in setEntries { forEachGram(entries) { all.append($0) } }
    all.sort()
    var table = GramTable(sortedGrams: all)
    all = []
    for (set, entries) in setEntries.enumerated() {
      forEachGram(entries) { table.markSet(set, gram: $0) }
    }
    for (source, entries) in sourceEntries.enumerated() {
      forEachGram(entries) { table.markSource(source, gram: $0) }
    }
    for set in sets.indices {
      let counts = table.counts(set: set, sources: sources.count)
      setSummaries[set].grams = counts.grams
      setSummaries[set].sharedGrams = counts.shared
      for source in sources.indices { setSummaries[set].overlaps[source].sharedGrams = counts.bySource[source] }
    }
  }

  private func openGramFiles() throws -> [GramFile] {
    var files: [GramFile] = []
    for (shard, path) in zip(shards, gramPaths) {
      let grams = try GramFile(path: path)
      guard grams.shardIdentity == shard.identity, grams.documentCount == shard.documentCount else {
        throw CorpusError(
          .mismatch, "these 13-grams do not belong to \(shard.path); prepare the file again", file: path)
      }
      files.append(grams)
    }
    return files
  }
}

/// The 13-grams of all validation sets, each with the sets and the sources that have it as bits.
struct GramTable {
  private var grams: [UInt64] = []
  private var sets: [UInt64]
  private var sources: [UInt64]
  private var slots: [Int32]
  private let mask: Int

  /// Precondition: sorted; repeated ones are taken once; fewer than 2^31 distinct.
  init(sortedGrams: [UInt64]) {
    for gram in sortedGrams where gram != grams.last { grams.append(gram) }
    precondition(grams.count < Int(Int32.max))
    sets = [UInt64](repeating: 0, count: grams.count)
    sources = sets
    var size = 16
    while size < 2 * grams.count { size *= 2 }
    mask = size - 1
    slots = [Int32](repeating: -1, count: size)
    for (index, gram) in grams.enumerated() {
      var slot = Int(truncatingIfNeeded: gram) & mask
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(index)
    }
  }

  mutating func markSet(_ set: Int, gram: UInt64) {
    if let index = index(of: gram) { sets[index] |= 1 << UInt64(set) }
  }

  mutating func markSource(_ source: Int, gram: UInt64) {
    if let index = index(of: gram) { sources[index] |= 1 << UInt64(source) }
  }

  func counts(set: Int, sources count: Int) -> (grams: Int, shared: Int, bySource: [Int]) {
    var (total, shared, bySource) = (0, 0, [Int](repeating: 0, count: count))
    for index in grams.indices where sets[index] & 1 << UInt64(set) != 0 {
      total += 1
      if sources[index] != 0 { shared += 1 }
      for source in 0..<count where sources[index] & 1 << UInt64(source) != 0 { bySource[source] += 1 }
    }
    return (total, shared, bySource)
  }

  private func index(of gram: UInt64) -> Int? {
    var slot = Int(truncatingIfNeeded: gram) & mask
    while slots[slot] >= 0 {
      if grams[Int(slots[slot])] == gram { return Int(slots[slot]) }
      slot = (slot + 1) & mask
    }
    return nil
  }
}
