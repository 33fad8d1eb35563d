import Foundation
import JobFiles
import JobKit
import TestSupport
import Testing
import TrainingJobs
import WireProtocol

/// A change to a right job file, and what the answer must say.
struct Mistake: Sendable, CustomStringConvertible {
  let description: String
  let find: String
  let replace: String
  let says: [String]

  init(_ description: String, _ find: String, _ replace: String, says: String...) {
    self.description = description
    self.find = find
    self.replace = replace
    self.says = says
  }
}

@Suite("Mistakes in a cpt job file", .enabled(if: TestData.isPresent, "\(TestData.absence)"))
struct JobFileErrorTests {
  static let mistakes: [Mistake] = [
    Mistake("an ALMR above 1", "almr: 0.30", "almr: 1.3", says: ":7:", "mixture.almr", "1.3", "0 to 1"),
    Mistake("an ALMR that is no number", "almr: 0.30", "almr: much", says: "mixture.almr", "much"),
    Mistake(
      "an ALMR without an added source", "role: added, paths", "role: retained, paths", says: "mixture.almr", "added"),
    Mistake("slices that do not divide", "slices: 8", "slices: 5", says: "recipe.advanced.slices", "16", "1, 2, 4, 8"),
    Mistake("an unknown key", "warmup_steps: 2", "warmup_stepz: 2", says: "warmup_stepz", "warmup_steps"),
    Mistake("a key of another tool", "sequence_length: 64", "max_seq_length: 64", says: "sequence_length"),
    Mistake("steps and tokens", "steps: 8", "steps: 8\n  tokens: 1M", says: "recipe.tokens", "Keep one"),
    Mistake("no steps", "  steps: 8\n", "", says: "recipe.steps", "tokens: 2B"),
    Mistake("a sequence too long", "sequence_length: 64", "sequence_length: 1024", says: "512 positions", "1024"),
    Mistake("more warm-up than steps", "warmup_steps: 2", "warmup_steps: 9", says: "recipe.warmup_steps", "8 steps"),
    Mistake("a rate of zero", "learning_rate: 1.0e-3", "learning_rate: 0", says: "recipe.learning_rate", "above 0"),
    Mistake("an unknown codec", "exchange: bf16", "exchange: int8", says: "exchange", "fp32 or bf16"),
    Mistake("a set from no source", "from: zh,", "from: zhh,", says: "validation.sets", "zhh", "zh, en"),
    Mistake("a set with two origins", "from: zh,", "from: zh, paths: [a.txt],", says: "both"),
    Mistake("two sources of one name", "name: en, role", "name: zh, role", says: "two of them are named zh"),
    Mistake("a file that is missing", "zh_linux_command", "zh_nothing", says: "zh_nothing", "sources"),
    Mistake("a model that is missing", "models/stories260K/hf", "models/none", says: "models/none", "model"),
    Mistake("a folder without a model", "models/stories260K/hf", "corpora", says: "config.json"),
    Mistake("shares that are not whole", "{almr: 0.30}", "{shares: {zh: 0.5, en: 0.4}}", says: "0.9", "add up to 1"),
    Mistake("a share of nobody", "{almr: 0.30}", "{shares: {zh: 0.5, fr: 0.5}}", says: "fr", "zh, en"),
    Mistake("a role that is none", "role: added, paths", "role: extra, paths", says: "added or retained"),
  ]

  @Test("is answered with its place, what was found and the way out", arguments: mistakes)
  func answered(mistake: Mistake) throws {
    let directory = try TemporaryDirectory()
    let right = GoldenRecipe.named(.stories, "bf16").jobFile(configuration: "", output: "out")
    let wrong = right.replacingOccurrences(of: mistake.find, with: mistake.replace)
    #expect(wrong != right, "the test changes nothing")
    let file = try directory.write(wrong, to: "job.yaml")
    do {
      _ = try PlannedJob(try JobFile(readingFrom: file.path), base: TestData.folder!.path, jobTypes: [CPTJob()])
      Issue.record("the mistake went unseen")
    } catch let error as SpecError {
      for word in mistake.says { #expect("\(error)".contains(word), "\(error)") }
      #expect(error.position != nil, "\(error)")
    }
  }

  @Test("The right job file is planned: three phases, and each distinct file once")
  func right() throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write(
      GoldenRecipe.named(.stories, "bf16").jobFile(configuration: "", output: "out"), to: "job.yaml")
    let planned = try PlannedJob(
      try JobFile(readingFrom: file.path), base: TestData.folder!.path, jobTypes: [CPTJob()])
    #expect(planned.plan.phases.map(\.name) == ["prepare", "index", "train"])
    guard case .sharded(let shards) = planned.plan.phases[0].work,
      case .stepped(let train) = planned.plan.phases[2].work
    else {
      Issue.record("wrong shapes of work")
      return
    }
    #expect(shards.count == 3)
    #expect(train.stepCount == 8 && train.sliceCount == 8 && train.evaluationRowCount == 16)
    #expect(train.measures == ["zh_held", "en_far", ".zh_held/squares", ".en_far/squares"])
    #expect(planned.resolved.yaml.contains("clip_norm: 1"))
  }
}
