import Foundation
import Testing
import Tokenizers

@testable import Corpora

/// The example job's corpora, from files to rows. Needs the folder of real inputs.
@Suite(.enabled(if: Inputs.data != nil, "skipped: no folder of real inputs (ADMIX_TEST_DATA)"))
struct RealCorpusTests {
  @Test func theExamplesCorporaBecomeRowsInTheAskedMixture() throws {
    let data = try #require(Inputs.data)
    let folder = try TemporaryFolder()
    let tokenizer = try loadTokenizer(modelDirectory: data.path + "/models/stories260K/hf").tokenizer
    let clock = ContinuousClock()
    var files: [String: PreparedPaths] = [:]
    for name in ["zh_songci", "en_gutenberg", "en_wikitext2"] {
      let paths = PreparedPaths(shard: folder.path("\(name).shard"), grams: folder.path("\(name).grams"))
      let time = try clock.measure {
        let prepared = try prepareFile(
          input: data.path + "/corpora/\(name).jsonl.gz", tokenizer: tokenizer,
          tokenizerSHA256: [UInt8](repeating: 1, count: 32), options: DocumentOptions(), shard: paths.shard,
          grams: paths.grams)
        print("\(name): \(prepared.documents) documents, \(prepared.tokens) tokens, \(prepared.textBytes) bytes")
      }
      print("prepared in \(time)")
      files[name] = paths
    }
    func heldOut(_ name: String, _ role: SourceRole, _ from: String) -> ValidationPlan {
      ValidationPlan(name: name, role: role, origin: .heldOut(from: from, fraction: 0.02), tokenBudget: 4096)
    }
    let zh = try #require(files["zh_songci"])
    let en = try #require(files["en_gutenberg"])
    let far = try #require(files["en_wikitext2"])
    let time = try clock.measure {
      _ = try buildCorpusIndex(
        sources: [
          SourcePlan(name: "zh", role: .added, files: [zh]), SourcePlan(name: "en", role: .retained, files: [en]),
        ],
        sets: [
          heldOut("zh_held", .added, "zh"), heldOut("en_held", .retained, "en"),
          ValidationPlan(name: "en_far", role: .retained, origin: .files([far]), tokenBudget: 4096),
        ], validationSeed: 1, tokenizer: tokenizer, output: folder.path("index"))
    }
    let index = try CorpusIndex(path: folder.path("index"))
    print("index in \(time); overlap \(index.summary.sets.map { "\($0.name) \($0.overlapShare ?? 0)" })")
    let sampler = try RowSampler(
      index: index, shards: index.openShards([zh.shard, en.shard, far.shard]),
      shares: MixtureShares(almr: 0.3, sources: index.mixtureSources), seed: 7, sequenceLength: 128, rowsPerStep: 32)
    var ledger = Ledger(sampler)
    let sampling = try clock.measure {
      for step in 1...60 { try ledger.add(step: step, of: sampler) }
    }
    print("\(ledger.tokens) tokens sampled in \(sampling)")
    #expect(ledger.tokens == 60 * 32 * 128)
    #expect(ledger.entries.map(\.rows) == [576, 1344])
    #expect(index.summary.sets[2].overlapShare ?? 1 < 0.01)
    for set in 0..<3 { #expect(try sampler.validationRows(set: set).count == 32) }
  }
}
