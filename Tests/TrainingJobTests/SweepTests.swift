import Foundation
import JobFiles
import JobKit
import KernelTable
import Synchronization
import TestSupport
import Testing
@testable import TrainingJobs
import WireProtocol

@Suite("A sweep", .enabled(if: TestData.isPresent, "\(TestData.absence)"))
struct SweepTests {
  private func run(
    _ recipe: GoldenRecipe, grid: String, extra: String = "", threads: Int = 1,
    _ change: (ShardContext) -> ShardContext = { $0 }
  ) throws -> (files: [String: String], results: [String: Any]) {
    let directory = try TemporaryDirectory()
    let configuration = try directory.write(GoldenRecipe.randomConfiguration, to: "config.json")
    let file = try directory.write(
      recipe.sweepFile(configuration: configuration.path, output: "out", grid: grid, extra: extra), to: "job.yaml")
    let run = try InProcessRun(
      jobFile: file, base: TestData.folder!, scratch: directory.url.appendingPathComponent("scratch"),
      job: SweepJob(), threads: threads)
    try FloatingPointMode.flushing { try run.runShards(change) }
    let table = try #require(run.phaseOutputs.last?.first)
    var files: [String: String] = [:]
    for name in ["cells.csv", "curves.csv", "ledger.csv", "sweep.json"] {
      files[name] = try String(contentsOfFile: "\(table.directory)/\(name)", encoding: .utf8)
    }
    var cells: [String: Any] = [:]
    for result in run.results {
      let object = try JSONSerialization.jsonObject(with: Data(result.utf8)) as? [String: Any]
      cells.merge(object?["cells"] as? [String: Any] ?? [:]) { $1 }
    }
    return (files, cells)
  }

  @Test("trains a cell to the weights of the same cpt job", arguments: GoldenRecipe.all)
  func oneCell(recipe: GoldenRecipe) throws {
    let (files, cells) = try run(recipe, grid: "almr: [0.3], learning_rate: [1.0e-3]", threads: 2)
    let cell = try #require(cells["almr 0.3 learning_rate 1.0e-3 seed 7"] as? [String: Any])
    #expect(cell["weights_sha256"] as? String == recipe.weightsSHA256)
    #expect(files["cells.csv"]?.contains(recipe.weightsSHA256) == true)
  }

  @Test("writes a row a cell and a row an evaluation, in the order of ratio, rate and seed")
  func tables() throws {
    let recipe = GoldenRecipe.named(.stories, "bf16")
    let (files, _) = try run(
      recipe, grid: "almr: [0.5, 0.1], learning_rate: [1.0e-3, 2.0e-3]", extra: "repeats: 2\n")
    let cells = try #require(files["cells.csv"]).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    #expect(
      cells[0].joined(separator: ",")
        == "almr,learning_rate,seed,step,tokens,parameters,status,config_hash,loss_zh_held,loss_en_far,"
        + "initial_zh_held,initial_en_far,bpb_zh_held,bpb_en_far,train_loss,weights_sha256")
    #expect(cells.count == 1 + 8)
    let ledger = try #require(files["ledger.csv"]).split(separator: "\n")
    #expect(ledger[0] == "almr,learning_rate,seed,source,role,requested,achieved,rows,tokens,bytes,passes")
    #expect(ledger.count == 1 + 8 * 2 && ledger[1].hasPrefix("0.1,0.001,7,zh,added,0.1,"), "\(ledger.prefix(3))")
    let written = try #require(files["sweep.json"])
    let description = try #require(try JSONSerialization.jsonObject(with: Data(written.utf8)) as? [String: Any])
    let sources = try #require(description["sources"] as? [[String: Any]])
    #expect(sources.map { $0["name"] as? String } == ["zh", "en"])
    #expect(abs((sources[0]["requestedShare"] as? Double ?? 0) - 0.3) < 1e-9, "half of 0.1 and 0.5")
    let rows = sources.compactMap { $0["rows"] as? Int }
    #expect(rows.reduce(0, +) == 8 * 8 * 16, "\(rows)")
    #expect((description["schedule"] as? [String: Any])?["steps"] as? Int == 8)
    #expect(
      cells.dropFirst().map { $0[0...2].joined(separator: " ") } == [
        "0.1 0.001 7", "0.1 0.001 8", "0.1 0.002 7", "0.1 0.002 8", "0.5 0.001 7", "0.5 0.001 8", "0.5 0.002 7",
        "0.5 0.002 8",
      ])
    #expect(Set(cells.dropFirst().map { $0[15] }).count == 8, "every cell has weights of its own")
    let curves = try #require(files["curves.csv"]).split(separator: "\n")
    #expect(curves.count == 1 + 8 * 3, "evaluations at steps 0, 4 and 8")
  }

  @Test("keeps a cell that diverges, marked, and goes on with the others")
  func divergence() throws {
    let recipe = GoldenRecipe.named(.stories, "bf16")
    let (files, cells) = try run(
      recipe, grid: "almr: [0.3], learning_rate: [1.0e-3, 10], weight_decay: [10], steps: [24]")
    let statuses = cells.values.compactMap { ($0 as? [String: Any])?["status"] as? String }.sorted()
    #expect(statuses.contains("completed"))
    if statuses.contains("diverged") {
      #expect(files["cells.csv"]?.contains("diverged") == true)
      #expect(files["sweep.json"]?.contains("\"diverged\":1") == true)
    } else {
      Issue.record("a rate of 10 did not diverge: \(cells)")
    }
  }

  @Test("goes on from a checkpoint to the same weights and the same curve")
  func resumes() throws {
    let recipe = GoldenRecipe.named(.stories, "bf16")
    let grid = "almr: [0.3], learning_rate: [1.0e-3]"
    let whole = try run(recipe, grid: grid)
    let kept = try TemporaryDirectory()
    let saving = KeptCheckpoint(directory: kept.path)
    _ = try run(recipe, grid: grid) { $0.with(saving: saving) }
    let checkpoint = try #require(saving.last)
    #expect(checkpoint.step == 4)
    let resumed = try run(recipe, grid: grid) { $0.with(saving: saving, checkpoint: checkpoint) }
    #expect(resumed.files == whole.files)
    let cell = try #require(resumed.results.values.first as? [String: Any])
    #expect(cell["resumed_at"] as? Int == 4)
  }

  @Test("stops the worse rates of each ratio at a rung, marks them, and leaves the others' weights as they are")
  func earlyStop() throws {
    let recipe = GoldenRecipe.named(.stories, "bf16")
    let grid = "almr: [0.1, 0.5], learning_rate: [1.0e-3, 1.0e-7]"
    let whole = try run(recipe, grid: grid)
    let halved = try run(recipe, grid: grid, extra: "early_stop: {rungs: [2, 4], keep: 0.5}\n", threads: 2)
    func rows(_ files: [String: String]) throws -> [String: [String]] {
      let lines = try #require(files["cells.csv"]).split(separator: "\n").dropFirst().map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      }
      return Dictionary(uniqueKeysWithValues: lines.map { ($0[0...1].joined(separator: " "), $0) })
    }
    let (all, some) = (try rows(whole.files), try rows(halved.files))
    for ratio in ["0.1", "0.5"] {
      let kept = try #require(some["\(ratio) 0.001"])
      let stopped = try #require(some["\(ratio) 1e-07"])
      #expect(kept == all["\(ratio) 0.001"], "same losses, same weights")
      #expect(kept[6] == "completed" && kept[3] == "8")
      #expect(stopped[6] == "early_stopped" && stopped[3] == "2")
    }
    #expect(try #require(halved.files["curves.csv"]).contains("early_stopped"))
    #expect(try #require(halved.files["sweep.json"]).contains("\"earlyStopped\":2"))
  }

  @Test("decides a rung by the mean over seeds within each ratio, with what diverged last")
  func rungs() throws {
    let cells = ["a", "b", "c"].flatMap { rate in
      [1, 2].map { RungPayload.Cell(name: "\(rate)\($0)", group: ["0.1"], learningRate: rate, resultTree: "") }
    }
    let rule = EarlyStop(rungs: [4], keep: 0.6, newLossWeight: 0.5)
    let payload = RungPayload(rung: 1, rule: rule, cells: cells)
    let losses: [String: Double?] = ["a1": 3, "a2": 1, "b1": 1, "b2": nil, "c1": 2, "c2": 2]
    let decision = RungDecision(payload, losses: losses)
    #expect(decision.survivors == ["a1", "a2", "c1", "c2"])
    #expect(decision.stopped == ["b1", "b2"])
    let equal = RungDecision(
      RungPayload(rung: 1, rule: EarlyStop(rungs: [4], keep: 0.1, newLossWeight: 0.5), cells: cells),
      losses: Dictionary(uniqueKeysWithValues: cells.map { ($0.name, .some(1)) }))
    #expect(equal.survivors == ["a1", "a2"], "ties go to what is written first")
  }

  struct Mistake: Sendable, CustomStringConvertible {
    let grid: String
    var extra = ""
    let says: [String]
    var description: String { "\(grid) \(extra)" }
  }

  static let mistakes: [Mistake] = [
    Mistake(grid: "almr: [0.1, 0.10], learning_rate: [1.0e-3]", says: ["almr 0.10", "twice"]),
    Mistake(grid: "almr: [0.1, 1.5], learning_rate: [1.0e-3]", says: ["1.5", "ratio from 0 to 1"]),
    Mistake(grid: "almr: [0.1], lr: [1.0e-3]", says: ["grid.lr", "recipe.learning_rate"]),
    Mistake(grid: "almr: [0.1], learning_rat: [1.0e-3]", says: ["learning_rat", "learning_rate"]),
    Mistake(grid: "almr: [0.1]", says: ["recipe.learning_rate", "missing"]),
    Mistake(grid: "almr: [0.1], learning_rate: [1.0e-3], seed: [1, 2]", extra: "repeats: 2\n", says: ["repeats"]),
    Mistake(
      grid: "almr: [0.1], learning_rate: [1.0e-3], sequence_length: [64, 128]", says: ["sequence_length", "compared"]),
    Mistake(
      grid: "almr: [0.1, 0.2], learning_rate: [1.0e-3]", extra: "budget: {tokens: 10k}\n",
      says: ["budget", "16384", "10000"]),
    Mistake(
      grid: "almr: [0.1], learning_rate: [1.0e-3]", extra: "early_stop: {}\n", says: ["early_stop.rungs", "missing"]),
    Mistake(
      grid: "almr: [0.1], learning_rate: [1.0e-3]", extra: "early_stop: {rungs: [4, 4]}\n",
      says: ["early_stop.rungs", "rising"]),
    Mistake(
      grid: "almr: [0.1], learning_rate: [1.0e-3]", extra: "early_stop: {rungs: [8]}\n",
      says: ["early_stop.rungs", "below the 8"]),
    Mistake(
      grid: "almr: [0.1], learning_rate: [1.0e-3]", extra: "budget: {}\n", says: ["budget", "says nothing"]),
    Mistake(
      grid: "almr: [0.1], learning_rate: [1.0e-3]", extra: "cells: [{almr: 0.2}]\n", says: ["cells", "same axes"]),
  ]

  @Test("answers a mistake with its place and the way out", arguments: mistakes)
  func answered(mistake: Mistake) throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write(
      GoldenRecipe.named(.stories, "bf16").sweepFile(
        configuration: "", output: "out", grid: mistake.grid, extra: mistake.extra), to: "job.yaml")
    do {
      _ = try PlannedJob(try JobFile(readingFrom: file.path), base: TestData.folder!.path, jobTypes: [SweepJob()])
      Issue.record("the mistake went unseen")
    } catch let error as SpecError {
      for word in mistake.says { #expect("\(error)".contains(word), "\(error)") }
    }
  }

  @Test("plans shares of a worker, and cells that are known again by what they compute")
  func planning() throws {
    func shards(_ grid: String, extra: String = "") throws -> [ShardPlan] {
      let directory = try TemporaryDirectory()
      let file = try directory.write(
        GoldenRecipe.named(.stories, "bf16").sweepFile(configuration: "", output: "out", grid: grid, extra: extra),
        to: "job.yaml")
      let planned = try PlannedJob(
        try JobFile(readingFrom: file.path), base: TestData.folder!.path, jobTypes: [SweepJob()])
      guard case .sharded(let shards) = planned.plan.phases[2].work else { return [] }
      return shards
    }
    let small = try shards("almr: [0.1, 0.3], learning_rate: [1.0e-3]")
    let large = try shards("almr: [0.1, 0.2, 0.3], learning_rate: [1.0e-3]", extra: "threads_per_cell: 2\n")
    #expect(small.map(\.threads) == [1, 1] && large.map(\.threads) == [2, 2, 2])
    #expect(small.allSatisfy { $0.memoryBytes > 0 })
    #expect(small.map(\.cacheKey) == [large[0].cacheKey, large[2].cacheKey])
    #expect(Set(large.map(\.cacheKey)).count == 3)
  }
}

/// Copies the last checkpoint to where it stays.
private final class KeptCheckpoint: ShardSaving {
  private let directory: String
  private let kept = Mutex<ShardCheckpoint?>(nil)

  init(directory: String) { self.directory = directory }

  var last: ShardCheckpoint? { kept.withLock { $0 } }
  var isWanted: Bool { false }
  func show(_ values: [Metric]) {}

  func save(_ checkpoint: ShardCheckpoint) throws {
    let place = "\(directory)/step-\(checkpoint.step)"
    try? FileManager.default.removeItem(atPath: place)
    try FileManager.default.copyItem(atPath: checkpoint.directory, toPath: place)
    kept.withLock { $0 = ShardCheckpoint(directory: place, step: checkpoint.step, chain: checkpoint.chain) }
  }
}

extension ShardContext {
  /// For cells; other phases save nothing.
  fileprivate func with(saving: any ShardSaving, checkpoint: ShardCheckpoint? = nil) -> ShardContext {
    guard phaseName == "cells" else { return self }
    return ShardContext(
      phaseName: phaseName, shardIndex: shardIndex, shardCount: shardCount, payload: payload, inputs: inputs,
      scratchDirectory: scratchDirectory, threads: threads, checkpoint: checkpoint, saving: saving, progress: progress)
  }
}
