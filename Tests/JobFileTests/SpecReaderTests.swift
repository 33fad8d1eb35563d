import Testing

@testable import JobKit

@Suite("Typed reading")
struct SpecReaderTests {
  static let counts: [(String, Int?)] = [
    ("60", 60), ("-1", -1), ("+7", 7), ("1_000", 1000), ("10k", 10_000), ("10K", 10_000), ("2M", 2_000_000),
    ("1.5B", 1_500_000_000), ("1T", 1_000_000_000_000), ("1.25k", 1250), ("9223372036854775807", .max),
    ("1.5", nil), ("1.5555k", nil), ("", nil), ("k", nil), (".5k", nil), ("5.k", nil), ("1e6", nil), ("0x10", nil),
    ("1 000", nil), ("_1", nil), ("1_", nil), ("9223372036854775808", nil), ("99999999T", nil), ("1..5k", nil),
    ("１", nil), ("--1", nil),
  ]

  @Test("Whole numbers are exact or refused", arguments: counts.indices)
  func wholeNumbers(index: Int) {
    #expect(parseWholeNumber(Self.counts[index].0) == Self.counts[index].1)
  }

  static let numbers: [(String, Double?)] = [
    ("0.3", 0.3), ("1e-3", 0.001), ("1.0e-3", 0.001), ("-2", -2), ("1_000.5", 1000.5), (".5", 0.5), ("1E3", 1000),
    ("nan", nil), ("inf", nil), (".inf", nil), ("0x1p3", nil), ("1e999", nil), ("", nil), ("e", nil), ("1,5", nil),
  ]

  @Test("Numbers are finite decimals or refused", arguments: numbers.indices)
  func decimals(index: Int) {
    #expect(parseNumber(Self.numbers[index].0) == Self.numbers[index].1)
  }

  @Test("Numbers are written so that they read back, and so that other YAML readers see numbers")
  func writing() {
    for value in [0.1, 1e-3, 1e-5, 1e22, 123456.789, 2.5e-300, -0.0] { #expect(parseNumber(written(value)) == value) }
    #expect(written(1e-5) == "1.0e-05")
    #expect(grouped(-1_234_567) == "-1,234,567")
  }

  @Test("The nearest word is near")
  func suggestions() {
    let keys = ["learning_rate", "steps", "sequence_length", "seed", "mixture"]
    #expect(nearest(to: "learningRate", among: keys) == "learning_rate")
    #expect(nearest(to: "lerning_rate", among: keys) == "learning_rate")
    #expect(nearest(to: "step", among: keys) == "steps")
    #expect(nearest(to: "sed", among: keys) == "seed")
    #expect(nearest(to: "sequence", among: keys) == "sequence_length")
    #expect(nearest(to: "mxiture", among: keys) == "mixture")
    #expect(nearest(to: "banana", among: keys) == nil)
    #expect(editDistance(Array("kitten"), Array("sitting")) == 3)
    #expect(editDistance(Array("ab"), Array("ba")) == 1)
  }

  @Test("No key of ours is called foreign")
  func foreignKeys() {
    for key in [
      "job", "name", "model", "init", "config", "tokenizer", "sources", "role", "paths", "weight", "text_field",
      "documents", "mixture", "almr", "shares", "recipe", "steps", "tokens", "sequence_length", "global_batch_size",
      "learning_rate", "schedule", "warmup_steps", "min_lr_ratio", "weight_decay", "betas", "clip_norm", "seed",
      "compute", "recompute", "advanced", "slices", "exchange", "validation", "every_steps", "sets", "from", "fraction",
      "checkpoint", "keep", "output", "stages", "needs",
    ] {
      #expect(foreignTrainingKeys[key] == nil, "\(key)")
    }
  }
}
