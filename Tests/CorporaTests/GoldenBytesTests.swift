import Crypto
import Foundation
import Testing
import Tokenizers

@testable import Corpora

/// Bytes that must not change by accident: shards and indexes are found again by key, and weights depend on which rows
/// a step holds. Whoever changes one of these on purpose raises `prepareVersion` (or the numerics version, for the
/// rows) and says so in CHANGELOG.md.
@Suite struct GoldenBytesTests {
  @Test func shardIndexAndRowsAreTheBytesTheyAlwaysWere() throws {
    var corpus = try TestCorpus()
    corpus.tokenizer = try Inputs.smallTokenizer()
    let zh = try corpus.prepare("zh", inventedTexts(count: 50, seed: 1) + ["敏捷的棕色狐狸跳过了懒狗，狗并不介意。"])
    let en = try corpus.prepare("en", inventedTexts(count: 80, seed: 2))
    let (index, shards) = try corpus.index(
      [SourcePlan(name: "zh", role: .added, files: [zh]), SourcePlan(name: "en", role: .retained, files: [en])],
      [ValidationPlan(name: "held", role: .added, origin: .heldOut(from: "zh", fraction: 0.1), tokenBudget: 64)])
    let sampler = try RowSampler(
      index: index, shards: shards, shares: MixtureShares(almr: 0.3, sources: index.mixtureSources), seed: 7,
      sequenceLength: 64, rowsPerStep: 16)
    var rows: [UInt8] = []
    for step in 1...8 {
      for slot in 0..<16 {
        let row = try sampler.row(step: step, slot: slot)
        for token in row.tokens + row.targets { rows.appendLittleEndian(token) }
      }
    }
    #expect(prepareVersion == 1)
    let found = [
      try fileSHA256(zh.shard), try fileSHA256(zh.grams), try fileSHA256(index.path),
      hexadecimal(SHA256.hash(data: rows)),
    ]
    let golden = [
      "f2adf6e7ed425605f673f11575a60ba0b525fb3bf9bfa4ece0cd1edd4a6f412d",
      "ed439c3bc2eeb0731df88d228a01570edeb448e1ed87ff91ccb5e45ffd37c58a",
      "70a9a44a80b3cb8c828dd19e6bedb542377d845ae84bd7e4277240f87fee397f",
      "dbd13502132d335233279bec6b7079bc50f61ffb0dbd87721f4b7f5083f14fd7",
    ]
    #expect(found == golden)
  }
}
