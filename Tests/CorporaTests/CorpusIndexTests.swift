import Foundation
import Testing

@testable import Corpora

@Suite struct CorpusIndexTests {
  let corpus: TestCorpus

  init() throws { corpus = try TestCorpus() }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test func heldOutTextIsTheShareAskedForAndNeverTrainedOn() throws {
    let zh = try corpus.prepare("zh", inventedTexts(count: 200, seed: 1))
    let en = try corpus.prepare("en", inventedTexts(count: 100, seed: 2))
    let (index, shards) = try corpus.index(
      [SourcePlan(name: "zh", role: .added, files: [zh]), SourcePlan(name: "en", role: .retained, files: [en])],
      [
        ValidationPlan(name: "zh_held", role: .added, origin: .heldOut(from: "zh", fraction: 0.05), tokenBudget: 100),
        ValidationPlan(name: "en_held", role: .retained, origin: .heldOut(from: "en", fraction: 0.001), tokenBudget: 9),
      ])
    let summary = index.summary
    #expect(summary.sets.map(\.counts.documents) == [10, 1])
    for (set, source) in [(0, 0), (1, 1)] {
      let held = Set(try texts(index, shards, summary.sets[set].stream))
      let training = Set(try texts(index, shards, summary.sources[source].stream))
      #expect(held.isDisjoint(with: training))
      #expect(held.count + training.count == summary.sources[source].all.documents)
      #expect(summary.sources[source].heldOut.documents == held.count)
    }
  }

  @Test func aStreamIsInHashOrderWhateverTheFilesAre() throws {
    let all = inventedTexts(count: 60, seed: 1)
    let whole = try corpus.prepare("whole", all)
    let second = try corpus.prepare("second", Array(all[..<25].reversed()))
    let first = try corpus.prepare("first", Array(all[25...]))
    let set = ValidationPlan(name: "v", role: .added, origin: .heldOut(from: "zh", fraction: 0.1), tokenBudget: 10)
    let one = try corpus.index([SourcePlan(name: "zh", role: .added, files: [whole])], [set], name: "one")
    let two = try corpus.index([SourcePlan(name: "zh", role: .added, files: [first, second])], [set], name: "two")
    #expect(
      try texts(one.0, one.1, one.0.summary.sources[0].stream)
        == texts(two.0, two.1, two.0.summary.sources[0].stream))
    #expect(
      try texts(one.0, one.1, one.0.summary.sets[0].stream) == texts(two.0, two.1, two.0.summary.sets[0].stream))
    let hashes = try texts(one.0, one.1, one.0.summary.sources[0].stream).map { text in
      Array(text.utf8).withUnsafeBufferPointer { DocumentHash(of: $0) }
    }
    #expect(hashes == hashes.sorted())
  }

  @Test func theSameCorpusGivesTheSameIndexAndOnlyTheValidationSeedMovesText() throws {
    let file = try corpus.prepare("zh", inventedTexts(count: 100, seed: 1))
    let sources = [SourcePlan(name: "zh", role: .added, files: [file])]
    let sets = [
      ValidationPlan(name: "v", role: .added, origin: .heldOut(from: "zh", fraction: 0.1), tokenBudget: 10)
    ]
    let (one, shards) = try corpus.index(sources, sets, validationSeed: 1, name: "one")
    _ = try corpus.index(sources, sets, validationSeed: 1, name: "same")
    let (other, _) = try corpus.index(sources, sets, validationSeed: 2, name: "other")
    #expect(try corpus.folder.bytes("one") == corpus.folder.bytes("same"))
    #expect(
      try texts(one, shards, one.summary.sets[0].stream) != texts(other, shards, other.summary.sets[0].stream))
  }

  @Test func duplicatesFallOnOneSideAndAreCounted() throws {
    let base = inventedTexts(count: 40, seed: 1)
    let zh = try corpus.prepare("zh", base + base[..<20] + base[..<20])
    let en = try corpus.prepare("en", Array(base[..<10]) + inventedTexts(count: 30, seed: 2))
    let (index, shards) = try corpus.index(
      [SourcePlan(name: "zh", role: .added, files: [zh]), SourcePlan(name: "en", role: .retained, files: [en])],
      [ValidationPlan(name: "v", role: .added, origin: .heldOut(from: "zh", fraction: 0.5), tokenBudget: 10)])
    let summary = index.summary
    #expect(summary.sources.map(\.duplicates) == [40, 0])
    #expect(summary.sources.map(\.duplicatesOfOtherSources) == [0, 10])
    let held = try texts(index, shards, summary.sets[0].stream)
    #expect(held.count == 20 && Set(held).count == 20)
    let copied = Set(held).intersection(base[..<20])
    #expect(summary.sets[0].duplicates == 2 * copied.count)
    #expect(summary.sets[0].overlaps[0].exactCopiesRemoved == 2 * copied.count)
    let inEnglish = Set(held).intersection(base[..<10])
    #expect(!inEnglish.isEmpty)
    #expect(summary.sets[0].overlaps[1].exactCopiesRemoved == inEnglish.count)
    for source in summary.sources {
      #expect(Set(try texts(index, shards, source.stream)).isDisjoint(with: held))
      #expect(source.training.documents + source.heldOut.documents == source.all.documents)
      #expect(source.training.tokens == source.stream.tokens)
    }
  }

  @Test func copiesOfAnIndependentSetLeaveTrainingAndAreCounted() throws {
    let far = inventedTexts(count: 10, seed: 9)
    let farFile = try corpus.prepare("far", far + far[..<2])
    let en = try corpus.prepare("en", inventedTexts(count: 30, seed: 2) + far[..<3])
    let (index, shards) = try corpus.index(
      [SourcePlan(name: "en", role: .retained, files: [en])],
      [ValidationPlan(name: "far", role: .retained, origin: .files([farFile]), tokenBudget: 10)])
    let set = index.summary.sets[0]
    #expect(set.counts.documents == 10 && set.duplicates == 2 && set.from == nil)
    #expect(set.overlaps == [.init(source: "en", exactCopiesRemoved: 3, sharedGrams: set.overlaps[0].sharedGrams)])
    #expect(index.summary.sources[0].heldOut.documents == 3)
    #expect(Set(try texts(index, shards, index.summary.sources[0].stream)).isDisjoint(with: far))
  }

  @Test func overlapIsTheShareOfTheSetsThirteenGramsInTrainingText() throws {
    let sentence = { (from: Int) in (from..<from + 20).map { "s\($0)" }.joined(separator: " ") }
    // The set: 20 words (8 grams) that training has, 20 that it has not, and one document that is too short.
    let far = try corpus.prepare("far", [sentence(100), sentence(200), "too short"])
    let en = try corpus.prepare("en", ["x y z " + sentence(100) + " more", sentence(300)])
    let zh = try corpus.prepare("zh", [sentence(400)])
    let (index, _) = try corpus.index(
      [SourcePlan(name: "zh", role: .added, files: [zh]), SourcePlan(name: "en", role: .retained, files: [en])],
      [ValidationPlan(name: "far", role: .retained, origin: .files([far]), tokenBudget: 10)])
    let set = index.summary.sets[0]
    #expect(set.grams == 16 && set.sharedGrams == 8 && set.overlapShare == 0.5)
    #expect(set.overlaps.map(\.sharedGrams) == [0, 8])
    #expect(set.overlaps.map(\.exactCopiesRemoved) == [0, 0])
  }

  @Test func badPlansAreRefusedByName() throws {
    let file = try corpus.prepare("zh", ["only one"])
    let source = SourcePlan(name: "zh", role: .added, files: [file])
    func held(_ from: String, _ fraction: Double) -> ValidationPlan {
      ValidationPlan(name: "v", role: .added, origin: .heldOut(from: from, fraction: fraction), tokenBudget: 1)
    }
    #expect(message { _ = try corpus.index([]) }.contains("no source"))
    #expect(message { _ = try corpus.index([source], [held("fr", 0.1)]) }.contains("from fr, which is no source"))
    for fraction in [0, 1, -1, .nan] {
      #expect(message { _ = try corpus.index([source], [held("zh", fraction)]) }.contains("fraction \(fraction)"))
    }
    #expect(message { _ = try corpus.index([source, source]) }.contains("two entries are named zh"))
    #expect(message { _ = try corpus.index([source], [held("zh", 0.5)]) }.contains("no document left to train on"))
    #expect(message { _ = try corpus.index([SourcePlan(name: "e", role: .added, files: [])]) }.contains("no files"))
    let none = ValidationPlan(name: "v", role: .added, origin: .files([]), tokenBudget: 1)
    #expect(message { _ = try corpus.index([source], [none]) }.contains("set v has no files"))
    #expect(!corpus.folder.names.contains("index"))
  }

  @Test func filesThatDoNotBelongTogetherAreRefused() throws {
    let first = try corpus.prepare("a", ["eins", "zwei"])
    let second = try corpus.prepare("b", ["drei", "vier"])
    let mixed = PreparedPaths(shard: first.shard, grams: second.grams)
    let independent = ValidationPlan(name: "v", role: .added, origin: .files([second]), tokenBudget: 1)
    #expect(
      message { _ = try corpus.index([SourcePlan(name: "a", role: .added, files: [mixed])], [independent]) }
        .contains("do not belong to"))
    var other = corpus
    other.tokenizer = ByteTokenizer(addsBeginningOfText: false)
    #expect(
      message { _ = try other.index([SourcePlan(name: "a", role: .added, files: [first])]) }
        .contains("another tokenizer"))
    let (index, _) = try corpus.index([SourcePlan(name: "a", role: .added, files: [first])])
    #expect(message { _ = try index.openShards([second.shard]) }.contains("not the shard"))
    #expect(message { _ = try index.openShards([]) }.contains("0 shards given"))
  }

  @Test func anIndexThatIsCutOrFlippedAnywhereIsAnError() throws {
    let file = try corpus.prepare("a", ["eins", "zwei", "drei"])
    _ = try corpus.index([SourcePlan(name: "a", role: .added, files: [file])])
    let bytes = try corpus.folder.bytes("index")
    for count in stride(from: 0, to: bytes.count, by: 5) {
      let path = try corpus.folder.write("cut", Array(bytes[..<count]))
      #expect(throws: CorpusError.self, "cut at \(count)") { try CorpusIndex(path: path) }
    }
    for bit in stride(from: 0, to: bytes.count * 8, by: 7) {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      let path = try corpus.folder.write("flipped", flipped)
      #expect(throws: CorpusError.self, "bit \(bit)") { try CorpusIndex(path: path) }
    }
    // With the checksums put right after the change: an error or an index, but no trap.
    for offset in Array(16..<40) + Array(bytes.count - 48..<bytes.count) {
      for value in [0, 0x7F, 0xFF] as [UInt8] {
        var lying = bytes
        lying[offset] = value
        lying.storeLittleEndian(lying[64...].withUnsafeBytes(RunningCRC32.of), at: 40)
        lying.storeLittleEndian(lying[..<60].withUnsafeBytes(RunningCRC32.of), at: 60)
        _ = try? CorpusIndex(path: try corpus.folder.write("lying", lying))
      }
    }
  }
}
