import Foundation
import TestSupport
import Testing

@testable import Corpora

@Suite("Conversations in shards and rows")
struct ConversationTests {
  private let directory: TemporaryDirectory
  private var path: String { directory.path + "/conversations.shard" }

  init() throws { directory = try TemporaryDirectory("admix-conversations") }

  /// Example number n has n + 2 tokens of which the odd ones are learned.
  private func text(_ number: Int) -> LearnedTokens {
    let tokens = (0..<number + 2).map { Int32(($0 * 7 + number) % 90) }
    return LearnedTokens(tokens: tokens, isLearned: tokens.indices.map { $0 % 2 == 1 })
  }

  private func write(_ count: Int, sequences: Int = 1, to path: String? = nil) throws -> ConversationShard {
    var writer = try ConversationShardWriter(
      path: path ?? self.path, vocabularySize: 90, sequencesPerExample: sequences)
    for number in 0..<count { try writer.append((0..<sequences).map { text(number + $0) }) }
    try writer.commit()
    return try ConversationShard(path: path ?? self.path)
  }

  @Test("give back what was written", arguments: [1, 2])
  func roundTrip(sequences: Int) throws {
    let shard = try write(20, sequences: sequences)
    #expect(shard.exampleCount == 20 && shard.sequencesPerExample == sequences)
    for number in 0..<20 {
      for sequence in 0..<sequences {
        #expect(shard.sequence(example: number, sequence: sequence) == text(number + sequence))
        #expect(shard.tokenCount(example: number, sequence: sequence) == number + sequence + 2)
      }
    }
  }

  @Test("that are cut or changed anywhere are errors, never traps")
  func damage() throws {
    _ = try write(6)
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let damaged = directory.path + "/damaged"
    for length in 0..<bytes.count {
      try Data(bytes[..<length]).write(to: URL(fileURLWithPath: damaged))
      #expect(throws: CorpusError.self, "cut to \(length)") { try ConversationShard(path: damaged) }
    }
    for place in bytes.indices {
      var changed = bytes
      changed[place] ^= 1 << UInt8(place % 8)
      try Data(changed).write(to: URL(fileURLWithPath: damaged))
      #expect(throws: CorpusError.self, "byte \(place) changed") { try ConversationShard(path: damaged) }
    }
  }

  @Test("fill rows whole, each example once a pass, in another order every pass and the same every time")
  func packing() throws {
    let shard = try write(40)
    func source(_ seed: UInt64, packs: Bool = true) throws -> ExampleSource {
      try ExampleSource(name: "a", shards: [shard], heldOut: nil, rowLength: 64, packs: packs, seed: seed)
    }
    let rows = try source(1)
    var (seen, row) = ([ExampleSource.Place](), 0)
    while seen.count < 80 {
      let places = rows.places(ofRow: row)
      #expect(!places.isEmpty)
      #expect(places.reduce(0) { $0 + shard.tokenCount(example: $1.example) - 1 } <= 64)
      seen += places
      row += 1
    }
    #expect(seen.count == 80 && Set(seen[..<40]).count == 40 && Set(seen[40...]).count == 40)
    #expect(Array(seen[..<40]) != Array(seen[40...]))
    #expect(abs(rows.passes(rows: row) - 2) < 1e-9)
    // Any row by itself, and backwards.
    let again = try source(1)
    for other in (0..<row).reversed() { #expect(again.places(ofRow: other) == rows.places(ofRow: other)) }
    let different = try source(2)
    #expect((0..<5).contains { different.places(ofRow: $0) != rows.places(ofRow: $0) })
    let single = try source(1, packs: false)
    #expect((0..<40).allSatisfy { single.places(ofRow: $0).count == 1 })
  }

  @Test("are held out with all their copies, whatever their order")
  func heldOut() throws {
    let one = try write(30)
    let two = try write(30, to: directory.path + "/copy.shard")
    let held = try HeldOutExamples([one, two], fraction: 0.2, seed: 3, source: "a")
    #expect(held == (try HeldOutExamples([two, one], fraction: 0.2, seed: 3, source: "a")))
    let numbers = (0..<30).filter { held.contains(one.hash(example: $0)) }
    #expect(numbers.count == 6)
    let source = try ExampleSource(
      name: "a", shards: [one, two], heldOut: held, rowLength: 64, packs: true, seed: 1)
    #expect(source.examples.count == 48 && !source.examples.contains { numbers.contains($0.example) })
    #expect(throws: CorpusError.self) {
      try HeldOutExamples([try write(1, to: directory.path + "/single")], fraction: 0.2, seed: 3, source: "a")
    }
  }

  @Test("are read as lines or as one list, plain or compressed, and refused by line otherwise")
  func records() throws {
    func all(_ name: String, _ text: String) throws -> [String] {
      try directory.write(text, to: name)
      var reader = try RecordReader(path: directory.path + "/" + name)
      var (records, record) = ([String](), [UInt8]())
      while try reader.next(into: &record) { records.append(String(decoding: record, as: UTF8.self)) }
      return records
    }
    #expect(try all("a.jsonl", "{\"a\": 1}\n\n  \n{\"b\": 2}") == ["{\"a\": 1}", "{\"b\": 2}"])
    #expect(try all("a.json", "[\n{}\n]\n") == ["[\n{}\n]\n"])
    #expect(throws: CorpusError.self) { try all("a.txt", "{}") }
    #expect(throws: CorpusError.self) { try all("empty.jsonl", "") }
    #expect(throws: CorpusError.self) { try all("broken.jsonl.gz", "not gzip") }
  }
}
