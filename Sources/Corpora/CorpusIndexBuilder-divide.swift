extension CorpusIndexBuilder {
  /// Goes through the documents text by text (equal texts lie side by side) and puts every one on its side.
  mutating func divide() throws {
    var start = 0
    while start < records.count {
      var end = start + 1
      while end < records.count, records[end].hash == records[start].hash { end += 1 }
      try divide(text: start..<end)
      start = end
    }
    for source in sources.indices where sourceEntries[source].isEmpty {
      throw CorpusError(
        .tooSmall,
        "source \(sources[source].name) has no document left to train on: \(sourceSummaries[source].all.documents) "
          + "documents, \(sourceSummaries[source].heldOut.documents) of them held out; add text or hold out less")
    }
    for set in sets.indices where setEntries[set].isEmpty {
      throw CorpusError(.tooSmall, "validation set \(sets[set].name) is empty; add text or raise its fraction")
    }
  }

  private mutating func divide(text: Range<Int>) throws {
    let hash = records[text.lowerBound].hash
    let holders = sets.indices.filter { set in
      switch sets[set].origin {
      case .heldOut: heldOut[set].contains(hash)
      case .files: records[text].contains { $0.owner == UInt32(sources.count + set) }
      }
    }
    for set in holders {
      let owner =
        switch sets[set].origin {
        case .heldOut(let from, _): sources.firstIndex { $0.name == from } ?? 0
        case .files: sources.count + set
        }
      let own = records[text].filter { $0.owner == UInt32(owner) }
      guard let first = own.first else { continue }
      setEntries[set].append(Entry(shard: first.shard, document: first.document))
      setSummaries[set].counts.add(try document(first))
      setSummaries[set].duplicates += own.count - 1
      for source in sources.indices {
        let copies = records[text].lazy.filter { $0.owner == UInt32(source) }.count
        setSummaries[set].overlaps[source].exactCopiesRemoved += copies - (source == owner ? 1 : 0)
      }
    }

    var previousOwner: UInt32?
    for record in records[text] where record.owner < UInt32(sources.count) {
      let source = Int(record.owner)
      let document = try document(record)
      sourceSummaries[source].all.add(document)
      if record.owner == previousOwner {
        sourceSummaries[source].duplicates += 1
      } else if previousOwner != nil {
        sourceSummaries[source].duplicatesOfOtherSources += 1
      }
      previousOwner = record.owner
      if holders.isEmpty {
        sourceEntries[source].append(Entry(shard: record.shard, document: record.document))
        sourceSummaries[source].training.add(document)
      } else {
        sourceSummaries[source].heldOut.add(document)
      }
    }
  }

  private func document(_ record: Record) throws -> TokenShard.Document {
    try shards[Int(record.shard)].document(Int(record.document))
  }
}
