import Foundation
import Testing
import Tokenizers

@testable import Corpora

@Suite struct RowSamplerTests {
  let corpus: TestCorpus
  let index: CorpusIndex
  let shards: [TokenShard]

  init() throws {
    corpus = try TestCorpus()
    let zh = try corpus.prepare("zh", inventedTexts(count: 40, seed: 1))
    let zh2 = try corpus.prepare("zh2", inventedTexts(count: 15, seed: 4))
    let en = try corpus.prepare("en", inventedTexts(count: 30, seed: 2))
    let code = try corpus.prepare("code", inventedTexts(count: 8, seed: 3, words: 1...5))
    (index, shards) = try corpus.index(
      [
        SourcePlan(name: "zh", role: .added, files: [zh, zh2]),
        SourcePlan(name: "en", role: .retained, files: [en]),
        SourcePlan(name: "code", role: .retained, files: [code]),
      ],
      [ValidationPlan(name: "held", role: .added, origin: .heldOut(from: "zh", fraction: 0.1), tokenBudget: 256)])
  }

  private func sampler(
    _ shares: [Double] = [0.3, 0.6, 0.1], seed: UInt64 = 7, length: Int = 32, rows: Int = 16
  ) throws -> RowSampler {
    try RowSampler(
      index: index, shards: shards, shares: MixtureShares(shares: shares), seed: seed, sequenceLength: length,
      rowsPerStep: rows)
  }

  /// A source's tokens in stream order, and for each whether the next one belongs to the same document.
  private func stream(_ source: Int) throws -> (tokens: [Int32], goesOn: [Bool], starts: Set<Int>) {
    var (tokens, goesOn, starts): ([Int32], [Bool], Set<Int>) = ([], [], [])
    for text in try texts(index, shards, index.summary.sources[source].stream) {
      let document = [256] + text.utf8.map(Int32.init) + [257]
      starts.insert(tokens.count)
      tokens += document
      goesOn += [Bool](repeating: true, count: document.count - 1) + [false]
    }
    return (tokens, goesOn, starts)
  }

  @Test func rowsHoldTheStreamTheirTargetsTheNextTokenOfTheDocument() throws {
    let sampler = try sampler()
    let streams = try (0..<3).map(stream)
    var drawn = [Int](repeating: 0, count: 3)
    for step in 1...60 {
      for slot in 0..<16 {
        let row = try sampler.row(step: step, slot: slot)
        let (tokens, goesOn, starts) = streams[row.source]
        let order = sampler.orders[row.source]
        let first = order.row(ofDraw: drawn[row.source]) * 32
        drawn[row.source] += 1
        let positions = (first..<first + 32).map { $0 % tokens.count }
        #expect(row.tokens == positions.map { tokens[$0] })
        #expect(row.targets == positions.map { goesOn[$0] ? tokens[$0 + 1] : -1 })
        #expect(row.documentStarts == (0..<32).filter { $0 == 0 || starts.contains(positions[$0]) })
        #expect(row.validTargets == row.targets.filter { $0 >= 0 }.count)
        #expect(row.byteCount == row.targets.filter { (0..<256).contains($0) }.count)
      }
    }
    #expect(drawn == sampler.schedule.counts(slots: 960))
  }

  @Test func everyRowOfAPassIsDrawnExactlyOnceBeforeTheNextPassBegins() throws {
    let sampler = try sampler()
    var rows: [[Int]] = [[], [], []]
    for slot in 0..<16 * 400 {
      let draw = sampler.draw(step: slot / 16 + 1, slot: slot % 16)
      rows[draw.source].append(sampler.orders[draw.source].row(ofDraw: draw.row))
    }
    for source in 0..<3 {
      let order = sampler.orders[source]
      var pass = 0
      while order.rowsBefore(pass: pass + 1) <= rows[source].count {
        let range = order.rowsBefore(pass: pass)..<order.rowsBefore(pass: pass + 1)
        #expect(rows[source][range].sorted() == Array(range))
        pass += 1
      }
      #expect(pass >= 1, "source \(source) was not gone through once")
    }
  }

  static let mixtures: [[Double]] = [
    [0.3, 0.6, 0.1], [0.5, 0.5, 0], [0.0137, 0.5, 0.4863], [1.0 / 3, 1.0 / 3, 1.0 / 3], [0, 0, 1],
  ]

  @Test(arguments: mixtures)
  func rowsOfEachSourceAreWithinOneOfWhatWasAskedAfterAnyNumberOfSteps(shares: [Double]) throws {
    let sampler = try sampler(shares)
    var counts = [0, 0, 0]
    for step in 1...300 {
      for slot in 0..<16 { counts[sampler.source(step: step, slot: slot)] += 1 }
      for source in 0..<3 { #expect(abs(Double(counts[source]) - shares[source] * Double(step * 16)) < 1) }
    }
  }

  @Test func aResumedRunDrawsExactlyTheRowsThatWereLeft() throws {
    let whole = try sampler()
    let rows = try (1...40).map { step in try (0..<16).map { try whole.row(step: step, slot: $0) } }
    for resumedAt in [2, 17, 40] {
      // A new process: everything opened again.
      let index = try CorpusIndex(path: index.path)
      let again = try RowSampler(
        index: index, shards: index.openShards(shards.map(\.path)), shares: MixtureShares(shares: [0.3, 0.6, 0.1]),
        seed: 7, sequenceLength: 32, rowsPerStep: 16)
      for step in resumedAt...40 {
        #expect(try (0..<16).map { try again.row(step: step, slot: $0) } == rows[step - 1])
      }
    }
    let other = try sampler(seed: 8)
    #expect(try (0..<16).map { try other.row(step: 1, slot: $0) } != rows[0])
  }

  @Test func threadsSeeTheSameRows() async throws {
    let sampler = try sampler([Double.pi / 10, 0.5, 0.5 - Double.pi / 10])
    let expected = try (0..<16 * 30).map { try sampler.row(step: $0 / 16 + 1, slot: $0 % 16) }
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for worker in 0..<4 {
        group.addTask {
          try stride(from: worker, to: expected.count, by: 4).allSatisfy {
            try sampler.row(step: $0 / 16 + 1, slot: $0 % 16) == expected[$0]
          }
        }
      }
      for try await isEqual in group { #expect(isEqual) }
    }
  }

  @Test func theLedgerAddsUpToTheTokensTrained() throws {
    let sampler = try sampler()
    let ledger = try Ledger(sampler, steps: 37)
    #expect(ledger.rows == 37 * 16 && ledger.tokens == 37 * 16 * 32)
    #expect(ledger.entries.map(\.tokens).reduce(0, +) == ledger.tokens)
    #expect(ledger.entries.map(\.rows) == sampler.schedule.counts(slots: 37 * 16))
    for entry in ledger.entries {
      #expect(abs(Double(entry.rows) - entry.requestedRows) < 1)
      #expect(entry.tokens == entry.rows * 32 && entry.validTargets <= entry.tokens)
      #expect(entry.bytes <= entry.validTargets)
      // The byte tokenizer adds two ids to a document's bytes.
      #expect(try #require(entry.tokensPerByte) > 1)
    }
    // Resumed from its own JSON after 20 steps, it comes to the same.
    let half = try JSONDecoder().decode(Ledger.self, from: try JSONEncoder().encode(try Ledger(sampler, steps: 20)))
    var resumed = half
    for step in 21...37 { try resumed.add(step: step, of: sampler) }
    #expect(resumed == ledger)
    #expect(try Ledger(sampler, steps: 0).tokens == 0)
  }

  @Test func validationRowsAreFullSpreadOverTheSetAndWithinTheBudget() throws {
    let sampler = try sampler()
    let set = index.summary.sets[0]
    let rows = try sampler.validationRows(set: 0)
    #expect(rows.count == min(8, set.stream.tokens / 32) && rows.count > 1)
    #expect(rows.allSatisfy { $0.tokens.count == 32 && $0.targets.count == 32 })
    #expect(Set(rows).count == rows.count)
    #expect(try self.sampler(seed: 99).validationRows(set: 0) == rows)
  }

  @Test func whatHasLessThanOneRowIsRefused() throws {
    let error = #expect(throws: CorpusError.self) { try sampler(length: 4000) }
    #expect(error?.code == .tooSmall)
    #expect(error?.message.contains("less than one row of 4000") == true)
    let small = #expect(throws: CorpusError.self) { try sampler(length: 600) }
    #expect(small?.message.contains("source code has") == true)
    let wrong = #expect(throws: CorpusError.self) { try sampler([0.5, 0.5]) }
    #expect(wrong?.message.contains("2 shares for 3 sources") == true)
  }

  /// With a real tokenizer, the bytes of all targets of a source's documents are the documents' bytes.
  @Test func bytesOfAWholePassAreTheBytesOfTheText() throws {
    var corpus = try TestCorpus()
    corpus.tokenizer = try Inputs.smallTokenizer()
    let file = try corpus.prepare(
      "a", ["The quick brown fox.", "  two spaces", "敏捷的棕色狐狸跳过了懒狗", "x", "Größe 👍"])
    let (index, shards) = try corpus.index([SourcePlan(name: "a", role: .added, files: [file])])
    let stream = index.summary.sources[0].stream
    let rows = RowAssembler(index: index, shards: shards, stream: stream, sequenceLength: stream.tokens)
    let row = try rows.row(at: 0, source: 0)
    #expect(row.byteCount == index.summary.sources[0].all.bytes)
    #expect(row.documentStarts.count == 5)
    #expect(row.validTargets == stream.tokens - 5)
  }
}
