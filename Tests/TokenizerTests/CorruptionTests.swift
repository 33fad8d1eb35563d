import Foundation
import Metering
import TestSupport
import Testing

@testable import Tokenizers

/// Damaged files of every kind: 20,000 with random bytes changed, 2,000 changed where it hurts. Each must give a typed
/// error or a tokenizer that works, of a size that the file's size bounds. So are the memory and the work of reading
/// it, which are counted; the slowest one is printed.
@Suite struct CorruptionTests {
  /// Damage that comes back with its seed.
  struct Damage: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      return ByteStringTable.mix(state)
    }
    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<max(1, bound), using: &self) }

    /// One to four changes: a byte, a bit, a piece left out, a piece twice, an end cut off.
    mutating func strike(_ file: [UInt8]) -> [UInt8] {
      var file = file
      for _ in 0...below(4) where !file.isEmpty {
        let place = below(file.count)
        switch below(6) {
        case 0: file[place] = UInt8(below(256))
        case 1: file[place] ^= 1 << UInt8(below(8))
        case 2: file[place] = [0, 0xFF, 0x22, 0x5C, 0x2D, 0x39, 0x7B, 0x5D, 0x20, 0x0A][below(10)]
        case 3: file.removeSubrange(place..<min(file.count, place + 1 + below(16)))
        case 4: file.insert(contentsOf: file[place..<min(file.count, place + 1 + below(64))], at: place)
        default: if below(20) == 0 { file.removeSubrange(place...) }
        }
      }
      return file
    }
  }

  private func judge(
    _ name: String, _ files: Int, _ make: (Int) -> [UInt8], _ load: ([UInt8]) throws -> any Tokenizer
  ) throws {
    let text = Array("The quick 狐狸's 12 <|endoftext|> woodchuck\n\u{301}".utf8)
    let clock = ContinuousClock()
    var slowest = (time: Duration.zero, number: 0)
    var errors = 0
    var most = (allocatedBytes: 0, steps: 0)
    for number in 0..<files {
      let file = make(number)
      let meter = ReadMeter()
      let time = try clock.measure {
        do {
          let tokenizer = try ReadMeter.$current.withValue(meter) { try load(file) }
          #expect(tokenizer.vocabularySize <= 2 * file.count + 4096, "\(name) \(number)")
          let ids = tokenizer.encode(text)
          #expect(ids.count <= 4 * text.count + 4, "\(name) \(number)")
          #expect(ids.allSatisfy { $0 >= 0 && Int($0) < tokenizer.vocabularySize }, "\(name) \(number)")
          _ = try tokenizer.decode(ids)
        } catch let error as TokenizerError {
          errors += 1
          #expect(!error.description.isEmpty)
        }
      }
      if time > slowest.time { slowest = (time, number) }
      let cost = meter.cost
      most = (max(most.allocatedBytes, cost.allocatedBytes), max(most.steps, cost.steps))
      // A table of all pairs of bytes or of Unicode's first plane, and what the file has entries for.
      let isBounded = cost.allocatedBytes <= 96 * file.count + 1 << 19 && cost.steps <= 64 * file.count + 4096
      if !isBounded { Issue.record("\(name) \(number): \(file.count) bytes cost \(cost)") }
    }
    #expect(errors > files / 10, "\(name): only \(errors) of \(files) were refused")
    print(
      "\(name): \(files) damaged files, \(errors) refused, the slowest (\(slowest.number)) took \(slowest.time), "
        + "at most \(most.allocatedBytes) bytes and \(most.steps) steps")
  }

  /// A small tokenizer.json with something of everything.
  static func smallJSON() -> [UInt8] {
    let names =
      (0..<256).map { ByteAlphabet.utf8(UInt8($0)) } + ["th", "the", "Ġt", "<|endoftext|>"].map { Array($0.utf8) }
    let added = [AddedToken(id: 259, content: Array("<|endoftext|>".utf8), isSpecial: true, stripsRight: true)]
    let merges = [("t", "h"), ("th", "e"), ("Ġ", "t")].map { (left: Array($0.0.utf8), right: Array($0.1.utf8)) }
    return TokenizerJSONWriter(
      names: names, merges: merges, added: added, splitting: .cl100k(digitsMax: 3), composes: true,
      takesWholeWords: true, opening: (name: Array("<|endoftext|>".utf8), id: 259)
    ).bytes()
  }

  static func smallRanks() -> [UInt8] {
    let words = (0..<256).map { [UInt8($0)] } + ["th", "the", " t", "狐"].map { Array($0.utf8) }
    return words.enumerated().flatMap { rank, word in
      Array((Data(word).base64EncodedString() + " \(rank)\n").utf8)
    }
  }

  /// The counters count: a reader that took memory on a file's word would be seen.
  @Test func theMeterSeesWhatIsTaken() throws {
    let model = try Inputs.model("small-collapse.model")
    let loads: [(Int, () throws -> Void)] = [
      (Self.smallJSON().count, { _ = try ByteLevelBPE(json: Self.smallJSON()) }),
      (Self.smallRanks().count, { _ = try TiktokenRanks(parsing: Self.smallRanks()) }),
      (model.count / 8, { _ = try SentencePieceBPE(model: model) }),
    ]
    for (least, load) in loads {
      let meter = ReadMeter()
      try ReadMeter.$current.withValue(meter) { try load() }
      #expect(meter.cost.steps >= least && meter.cost.allocatedBytes >= least, "\(meter.cost)")
    }
  }

  @Test func damagedTokenizerJSON() throws {
    let file = Self.smallJSON()
    _ = try ByteLevelBPE(json: file)
    var damage = Damage(state: 1)
    try judge("tokenizer.json", 20_000, { _ in damage.strike(file) }, { try ByteLevelBPE(json: $0) })
  }

  /// Whole values changed for others: the file stays JSON.
  @Test func tokenizerJSONWithOtherValues() throws {
    let file = Self.smallJSON()
    let tape = try JSONTape(parsing: file)
    let values = [
      "null", "true", "-1", "0", "259", "1e400", "2097152", "9223372036854775808", "99999999999999999",
      "\"\"", "\"Ġ\"",
      "\"<|endoftext|>\"", "\"t h\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\\u0000\"",
      "[]", "{}", "[[[]]]", "[\"t\"]",
      String(repeating: "[", count: 500), "{\"type\": \"Unigram\"}", "{\"type\": \"Sequence\"}",
      "[\"t\", \"h\", \"e\"]",
      "\"" + String(repeating: "a", count: 3000) + "\"",
    ]
    var damage = Damage(state: 2)
    try judge(
      "tokenizer.json, targeted", 2000,
      { _ in
        let entry = tape.entries[damage.below(tape.entries.count)]
        let isString = entry.kind == .string
        var end = Int(entry.start) + Int(entry.count)
        if entry.count == 0, !isString { end = Int(entry.start) + 1 }
        var changed = file
        let start = Int(entry.start) - (isString ? 1 : 0)
        let value = Array(values[damage.below(values.count)].utf8)
        changed.replaceSubrange(start..<end + (isString ? 1 : 0), with: value)
        return changed
      }, { try ByteLevelBPE(json: $0) })
  }

  @Test func damagedRanks() throws {
    let file = Self.smallRanks()
    func load(_ file: [UInt8]) throws -> any Tokenizer {
      var names = SpecialTokenNames()
      names.added = [AddedToken(id: 260, content: Array("<|end|>".utf8), isSpecial: true)]
      (names.beginning, names.end) = (.id(260), .id(260))
      return try ByteLevelBPE(tiktoken: file, names: names, rankCount: TiktokenRanks(parsing: file).tokens.count)
    }
    _ = try load(file)
    var damage = Damage(state: 3)
    try judge("tiktoken", 20_000, { _ in damage.strike(file) }, load)
    let lines = file.split(separator: 0x0A)
    let others = [
      "", " ", "=", "====", "QQ== -1", "QQ== 9999999", "QQ== 99999999999999999999", "QQ==  1", "QQ= 1", "QQ==1",
      "QQ== 260", "QQ== 0", "IHQ= 300", "Q Q 1", String(repeating: "QUFB", count: 300) + " 261", "\u{FEFF}QQ== 1",
    ].map { Array($0.utf8)[...] }
    try judge(
      "tiktoken, targeted", 2000,
      { _ in
        var changed = lines
        for _ in 0...damage.below(2) { changed[damage.below(lines.count)] = others[damage.below(others.count)] }
        return Array(changed.joined(separator: [0x0A]))
      }, load)
  }

  @Test func damagedSentencePieceModels() throws {
    let file = try Inputs.model("small-collapse.model")
    var damage = Damage(state: 4)
    try judge("SentencePiece", 20_000, { _ in damage.strike(file) }, { try SentencePieceBPE(model: $0) })
    // Tags and lengths: the byte that begins a piece, and the four after it.
    let tags = file.indices.filter { file[$0] == 0x0A || file[$0] == 0x12 || file[$0] == 0x1A }
    try judge(
      "SentencePiece, targeted", 2000,
      { _ in
        var changed = file
        let place = min(file.count - 1, tags[damage.below(tags.count)] + damage.below(4))
        let numbers: [[UInt8]] = [
          [0], [0x7F], [0x80], [0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
          [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1],
          [UInt8](repeating: 0x80, count: 11), [0x0B], [0x0C], [0x15, 0, 0, 0x80, 0x7F], [0x18, 9],
        ]
        changed.replaceSubrange(place...place, with: numbers[damage.below(numbers.count)])
        return changed
      }, { try SentencePieceBPE(model: $0) })
  }
}
