import FoundationEssentials
import Tokenizers

extension CorpusIndexBuilder {
  /// Writes the index file (layout: `CorpusIndex`).
  func write(validationSeed: UInt64, tokenizer: any Tokenizer, output: String) throws -> CorpusSummary {
    var entries: [UInt8] = []
    var entryCount = 0
    func stream(_ documents: [Entry]) throws -> CorpusSummary.Stream {
      let first = entryCount
      var tokens = 0
      for entry in documents {
        entries.appendLittleEndian(entry.shard)
        entries.appendLittleEndian(entry.document)
        entries.appendLittleEndian(UInt64(tokens))
        tokens += try shards[Int(entry.shard)].document(Int(entry.document)).tokens.count
      }
      entryCount += documents.count
      return CorpusSummary.Stream(firstEntry: first, entries: documents.count, tokens: tokens)
    }
    var summary = CorpusSummary(
      prepareVersion: prepareVersion, validationSeed: validationSeed,
      tokenizerSHA256: hexadecimal(shards.first?.header.tokenizerSHA256 ?? []),
      vocabularySize: tokenizer.vocabularySize, startsWithBeginningOfText: tokenizer.firstToken != nil,
      addsLeadingSpace: tokenizer.addsLeadingSpace,
      shards: shards.map {
        CorpusSummary.Shard(identity: hexadecimal($0.identity), documents: $0.documentCount, tokens: $0.tokenCount)
      },
      sources: sourceSummaries, sets: setSummaries)
    for source in sources.indices { summary.sources[source].stream = try stream(sourceEntries[source]) }
    for set in sets.indices { summary.sets[set].stream = try stream(setEntries[set]) }

    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let json = Array(try encoder.encode(summary))
    var byteCounts: [UInt8] = []
    for token in 0..<Int32(tokenizer.vocabularySize) {
      byteCounts.appendLittleEndian(UInt16(clamping: tokenizer.byteCount(of: token)))
    }
    var body = json
    body += [UInt8](repeating: 0, count: paddedToEight(json.count) - json.count)
    body += byteCounts
    body += [UInt8](repeating: 0, count: paddedToEight(byteCounts.count) - byteCounts.count)
    body += entries

    var header = CorpusIndex.magic
    header.appendLittleEndian(CorpusIndex.formatVersion)
    header.appendLittleEndian(UInt32(CorpusIndex.headerBytes))
    header.appendLittleEndian(UInt64(json.count))
    header.appendLittleEndian(UInt64(tokenizer.vocabularySize))
    header.appendLittleEndian(UInt64(entryCount))
    header.appendLittleEndian(body.withUnsafeBytes(RunningCRC32.of))
    header += [UInt8](repeating: 0, count: CorpusIndex.headerBytes - 4 - header.count)
    header.appendLittleEndian(header.withUnsafeBytes(RunningCRC32.of))
    let file = try AtomicFileWriter(path: output)
    try file.append(header)
    try file.append(body)
    try file.commit()
    return summary
  }
}
