import Foundation
import JobFiles
import JobKit
import PipelineJob
import StudyJobs
import TestSupport
import Testing
import WireProtocol

@Suite("A study as a job")
struct StudyJobTests {
  static let shape =
    "{vocab_size: 2304, hidden_size: 96, intermediate_size: 256, num_hidden_layers: 4, num_attention_heads: 4}"
  static let wide =
    "{vocab_size: 2304, hidden_size: 192, intermediate_size: 512, num_hidden_layers: 4, num_attention_heads: 4}"

  @Test("gives a choice, its transfer and their values, the same bytes every time")
  func answers() throws {
    let folder = try SweepFolder()
    let job = "job: study\ncells: sweep\nbootstrap: 40\ntransfer: {from: \(Self.shape), to: \(Self.wide)}\n"
    let first = try folder.run(StudyJob(), job)
    let second = try folder.run(StudyJob(), job)
    let study = try #require(first.trees["study"])
    for name in try FileManager.default.contentsOfDirectory(atPath: study) {
      let other = try #require(second.trees["study"])
      #expect(
        try Data(contentsOf: URL(fileURLWithPath: "\(study)/\(name)"))
          == Data(contentsOf: URL(fileURLWithPath: "\(other)/\(name)")), "\(name)")
    }
    for name in ["answer.json", "answer.md", "transfer.json", "settled.json"] {
      #expect(FileManager.default.fileExists(atPath: "\(study)/\(name)"), "\(name)")
    }
    let laws = try String(contentsOfFile: "\(study)/laws.csv", encoding: .utf8).split(separator: "\n")
    let shift = laws.filter { $0.contains("annealing-shift") }
    #expect(shift.count == 2 && !shift.contains { $0.contains("found") }, "the sweep says the schedule: \(shift)")
    let values = try first.values()
    let ratio = try #require(values["almr"])
    let rate = try #require(values["learning_rate"])
    #expect((0.1...0.7).contains(ratio) && (3e-4...1e-2).contains(rate))
    #expect(values["transfer.almr"] == ratio)
    #expect(try #require(values["transfer.learning_rate"]) < rate, "a wider model wants a lower rate")
    #expect(Set(values.keys).isSuperset(of: StudyJob().values.map(\.name)))
  }

  @Test("A verification says whether the carried setting held, with its regret")
  func verifies() throws {
    let folder = try SweepFolder()
    let study = try folder.run(
      StudyJob(), "job: study\ncells: sweep\nbootstrap: 40\ntransfer: {from: \(Self.shape), to: \(Self.wide)}\n")
    let values = try study.values()
    let carried = try (#require(values["transfer.almr"]), #require(values["transfer.learning_rate"]))
    try FileManager.default.moveItem(
      atPath: try #require(study.trees["study"]), toPath: folder.directory.path + "/study")
    try folder.write(
      [0.33, 1, 3].map { (ratio: carried.0, rate: carried.1 * $0) }, below: "confirm", best: carried.1)
    let check = try folder.run(VerifyJob(), "job: verify\nstudy: study\ncells: confirm\n")
    let tree = try #require(check.trees["verification"])
    #expect(try String(contentsOfFile: tree + "/verification.json", encoding: .utf8).contains("\"yes\""))
    #expect(check.result.contains("\"verdict\":\"yes\""))
    // A best rate far from the carried one is a no.
    try folder.write(
      [0.33, 1, 3].map { (ratio: carried.0, rate: carried.1 * $0) }, below: "confirm", best: carried.1 * 9)
    let refuted = try folder.run(VerifyJob(), "job: verify\nstudy: study\ncells: confirm\n")
    #expect(refuted.result.contains("\"verdict\":\"no\""))
  }

  @Test("Values of a study become numbers of later stages, neighbours among them; without a transfer there is none")
  func values() throws {
    let folder = try SweepFolder()
    func plan(_ transfer: String, _ use: String) throws -> PlannedJob {
      try folder.plan(
        """
        job: pipeline
        stages:
          - {name: choose, job: study, cells: sweep\(transfer)}
          - {name: use, job: use, rate: "\(use)"}
        """, [StudyJob(), Pipeline(), UseJob()])
    }
    let transfer = ", transfer: {from: \(Self.shape), to: \(Self.wide)}"
    let planned = try plan(transfer, "${choose.transfer.learning_rate} * 0.5")
    guard case .graph(let stages) = planned.plan.phases[0].work,
      case .sharded(let shards) = stages[1].plan.phases[0].work
    else {
      Issue.record("no graph")
      return
    }
    #expect(stages[1].needs == ["choose"])
    #expect(shards[0].payload == Array("transfer.learning_rate × 0.5".utf8))
    let mistakes: [(transfer: String, use: String, says: [String])] = [
      ("", "${choose.transfer.learning_rate}", ["has no value `transfer.learning_rate`", "learning_rate"]),
      (transfer, "${choose.transfer.learning_rat}", ["Did you mean `${choose.transfer.learning_rate}`?"]),
      (transfer, "${choose.almr}", ["is a ratio, expected a learning rate"]),
      (transfer, "${chose.almr}", ["no stage is named `chose`", "choose"]),
      (transfer, "${choose.learning_rate} * none", ["one times a number"]),
      (transfer, "${choose.learning_rate} * -1", ["one times a number"]),
    ]
    for mistake in mistakes {
      do {
        _ = try plan(mistake.transfer, mistake.use)
        Issue.record("\(mistake.use) went unseen")
      } catch let error as SpecError {
        for word in mistake.says { #expect("\(error)".contains(word), "\(error)") }
      }
    }
  }

  static let mistakes: [(job: String, says: [String])] = [
    ("job: study\n", ["cells", "missing"]),
    ("job: study\ncells: nowhere\n", ["nowhere"]),
    ("job: study\ncells: sweep/cells.csv\n", ["a table alone", "new_sets"]),
    ("job: study\ncells: sweep\nmax_retained_rise: lots\n", ["max_retained_rise", "none"]),
    ("job: study\ncells: sweep\ntransfer: {from: small.json}\n", ["transfer.to", "missing"]),
    ("job: study\ncells: sweep\ntransfer: {from: small.json, to: large.json}\n", ["small.json"]),
    ("job: study\ncells: sweep\nmax_rise: 0.1\n", ["max_rise", "unknown key"]),
  ]

  @Test("answers a mistake with its place and the way out", arguments: mistakes.indices)
  func answered(index: Int) throws {
    let mistake = Self.mistakes[index]
    do {
      _ = try SweepFolder().plan(mistake.job, [StudyJob()])
      Issue.record("the mistake went unseen")
    } catch let error as SpecError {
      for word in mistake.says { #expect("\(error)".contains(word), "\(error)") }
    }
  }

  static let tables: [(change: (find: String, replace: String), says: [String])] = [
    (("loss_zh", "los_zh"), ["zh"]),
    (("almr,", "ratio,"), ["almr"]),
    (("\n0.1,", "\n\"0,1\","), ["almr", "0,1"]),
  ]

  @Test("A table that is none fails the stage with the place in it", arguments: tables.indices)
  func wrongTable(index: Int) throws {
    let folder = try SweepFolder()
    let file = folder.directory.path + "/sweep/cells.csv"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let change = Self.tables[index].change
    #expect(text.contains(change.find))
    try text.replacingOccurrences(of: change.find, with: change.replace)
      .write(toFile: file, atomically: true, encoding: .utf8)
    do {
      _ = try folder.run(StudyJob(), "job: study\ncells: sweep\nbootstrap: 40\n")
      Issue.record("the table was taken")
    } catch {
      for word in Self.tables[index].says { #expect("\(error)".contains(word), "\(error)") }
    }
  }

  @Test("Tables of several sweeps are one; a cell with two results, or other validation sets, is refused")
  func severalTables() throws {
    let folder = try SweepFolder()
    try folder.write([(ratio: 0.9, rate: 1e-3), (ratio: 0.1, rate: 1e-3)], below: "more", best: 3e-3)
    let joined = try folder.run(StudyJob(), "job: study\ncells: [sweep, more]\nbootstrap: 40\n")
    #expect(joined.trees["study"] != nil)
    try folder.write([(ratio: 0.1, rate: 1e-3)], below: "more", best: 5e-3)
    #expect(throws: (any Error).self) {
      try folder.run(StudyJob(), "job: study\ncells: [sweep, more]\nbootstrap: 40\n")
    }
    do {
      try folder.write([(ratio: 0.9, rate: 1e-3)], below: "more", best: 3e-3, sets: ["zh", "fr"])
      _ = try folder.run(StudyJob(), "job: study\ncells: [sweep, more]\nbootstrap: 40\n")
      Issue.record("other sets were taken")
    } catch {
      #expect("\(error)".contains("same held-out texts"), "\(error)")
    }
  }
}
