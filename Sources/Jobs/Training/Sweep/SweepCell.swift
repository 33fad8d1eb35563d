import Foundation
import GradientExchange
import JobKit
import WireProtocol

/// One cell in its runner: the training loop of a gang of one, with evaluations, and checkpoints to go on from.
struct SweepCell {
  private let context: ShardContext
  private let cell: CellPayload
  private let base: SweepBase
  private let payload: MemberPayload

  init(_ context: ShardContext) throws {
    self.context = context
    cell = try decodePayload(CellPayload.self, from: context.payload)
    base = try SweepBase.read(inputs: context.inputs)
    payload = try MemberPayload(
      start: base.start, recipe: cell.recipe, corpus: base.corpus, mixture: cell.mixture, deferred: cell.deferred,
      configuration: base.configuration
    ).resolved(inputs: context.inputs)
  }

  /// Where this shard's part of the training ends.
  private var lastStep: UInt64 { UInt64(cell.rung?.until ?? cell.recipe.steps) }

  func run() throws -> ShardResult {
    if let stopped = try stoppedBefore() { return try leave(stopped, state: nil, seconds: 0) }
    let started = ContinuousClock.now
    let checkpoint = try context.checkpoint ?? earlierState()
    let saved = checkpoint.map { ($0.directory + "/" + CellProgress.state, $0.step) }
    let encoded = try encodePayload(payload)
    let member = try CPTMember(
      MemberContext(
        payload: encoded, inputs: context.inputs, checkpoint: saved, scratchDirectory: context.scratchDirectory,
        threads: context.threads, progress: context.progress))
    var curve = try checkpoint.map { try CellProgress.read(from: $0.directory).curve } ?? []
    let steps = SoloSteps(
      member, sliceCount: UInt32(cell.recipe.slices), arithmetic: try .forThisProcessor(),
      step: checkpoint?.step ?? 0, chain: checkpoint?.chain ?? .zero)
    var divergence: String?
    if steps.step == 0 { curve = [try evaluate(member, step: 0, trained: nil)] }
    var savedAt = steps.step
    while steps.step < lastStep, divergence == nil {
      let trained: StepAssessment
      do {
        trained = try steps.advance { _ in note("training", steps.step) }
      } catch let error as NonFiniteStep {
        divergence = error.reason
        break
      }
      if isEvaluated(steps.step) { curve.append(try evaluate(member, step: steps.step, trained: trained)) }
      show(steps.step, trained, curve)
      note("training", steps.step)
      let interval = UInt64(base.checkpointInterval)
      let isDue = interval > 0 && steps.step >= savedAt + interval && steps.step < lastStep
      if isDue || context.saving.isWanted {
        try save(member, steps, curve)
        savedAt = steps.step
      }
    }
    return try finish(member, steps, curve, divergence, seconds: (ContinuousClock.now - started) / .seconds(1))
  }

  /// The cell's line in the live table.
  private func show(_ step: UInt64, _ trained: StepAssessment, _ curve: [CellResult.Point]) {
    let losses = zip(base.corpus.sets, curve.last?.sets ?? []).compactMap { set, measured in
      measured.loss.map { Metric(set.name, $0) }
    }
    context.saving.show(
      [Metric("step", Double(step))] + trained.metrics.filter { ["loss", "learning_rate"].contains($0.label) } + losses)
  }

  private func note(_ activity: String, _ step: UInt64) {
    context.progress("\(activity) \(step)/\(cell.recipe.steps)", Double(step) / Double(cell.recipe.steps))
  }

  private func isEvaluated(_ step: UInt64) -> Bool {
    let interval = UInt64(base.evaluationInterval)
    return step == lastStep || interval > 0 && step % interval == 0
  }

  /// Sums in row order, in Double, as the coordinator adds them.
  private func evaluate(_ member: CPTMember, step: UInt64, trained: StepAssessment?) throws -> CellResult.Point {
    var totals = [(sum: Double, weight: UInt64, bytes: UInt64)](repeating: (0, 0, 0), count: base.corpus.sets.count)
    for row in 0..<base.corpus.validationRowCount {
      // What follows the sets' losses are their squares, for the coordinator's standard errors.
      for measure in try member.evaluate(row: row) where Int(measure.measure) < totals.count {
        let set = Int(measure.measure)
        totals[set].sum += measure.sum
        totals[set].weight += measure.weight
        totals[set].bytes += measure.byteCount
      }
      note("evaluating", step)
    }
    func metric(_ label: String) -> Double? { trained?.metrics.first { $0.label == label }?.value }
    return CellResult.Point(
      step: Int(step), tokens: Int(step) * cell.recipe.tokensPerStep, trainingLoss: metric("loss"),
      learningRate: metric("learning_rate"),
      sets: totals.map { total in
        CellResult.Point.Loss(
          loss: total.weight > 0 ? (total.sum / Double(total.weight)).ifFinite : nil,
          bitsPerByte: total.bytes > 0 ? (total.sum / 0.6931471805599453 / Double(total.bytes)).ifFinite : nil)
      })
  }

  private func save(_ member: CPTMember, _ steps: SoloSteps, _ curve: [CellResult.Point]) throws {
    let directory = context.scratchDirectory + "/checkpoint-\(steps.step)"
    try? FileManager.default.removeItem(atPath: directory)
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try member.writeCheckpoint(step: steps.step, chain: steps.chain, to: directory + "/" + CellProgress.state)
    try CellProgress(curve: curve).write(to: directory)
    try context.saving.save(ShardCheckpoint(directory: directory, step: steps.step, chain: steps.chain))
  }

  private func finish(
    _ member: CPTMember, _ steps: SoloSteps, _ curve: [CellResult.Point], _ divergence: String?, seconds: Double
  ) throws -> ShardResult {
    let result = CellResult(
      name: cell.name, values: cell.values, seed: cell.recipe.seed, almr: member.corpus.almr,
      learningRate: payload.recipe.learningRate, status: divergence == nil ? .completed : .diverged, reason: divergence,
      steps: Int(steps.step), tokens: Int(steps.step) * cell.recipe.tokensPerStep,
      recipeSHA256: member.trained.recipeSHA256,
      weightsSHA256: divergence == nil ? member.trained.weightsSHA256 : nil, parameters: member.parameterCount,
      curve: curve, ledger: try member.corpus.drawn(steps: steps.step))
    guard let tree = cell.rung?.state, divergence == nil else { return try leave(result, state: nil, seconds: seconds) }
    let directory = context.scratchDirectory + "/state"
    try? FileManager.default.removeItem(atPath: directory)
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try member.writeCheckpoint(step: steps.step, chain: steps.chain, to: directory + "/" + CellProgress.state)
    try CellProgress(curve: curve, step: steps.step, chain: steps.chain.hex).write(to: directory)
    return try leave(result, state: OutputTree(name: tree, directory: directory), seconds: seconds)
  }

  // MARK: Rungs

  /// What an earlier rung left of a cell that does not go on: it diverged there, or others did better.
  private func stoppedBefore() throws -> CellResult? {
    guard let rung = cell.rung, let previous = rung.previousResult, let decision = rung.decision else { return nil }
    var result = try CellResult.read(from: try context.inputs.directory(previous))
    if result.status != .completed { return result }
    let survivors = try RungDecision.read(from: try context.inputs.directory(decision)).survivors
    if survivors.contains(cell.name) { return nil }
    result.status = .earlyStopped
    return result
  }

  private func earlierState() throws -> ShardCheckpoint? {
    guard let tree = cell.rung?.previousState else { return nil }
    let directory = try context.inputs.directory(tree)
    let progress = try CellProgress.read(from: directory)
    guard let step = progress.step, let chain = progress.chain.flatMap(WireProtocol.Digest.init(hex:)) else {
      throw MissingInput(tree: tree)
    }
    return ShardCheckpoint(directory: directory, step: step, chain: chain)
  }

  private func leave(_ result: CellResult, state: OutputTree?, seconds: Double) throws -> ShardResult {
    let directory = context.scratchDirectory + "/cell"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try Data(try encodePayload(result)).write(to: URL(fileURLWithPath: directory + "/" + CellPayload.file))
    var summary = CellSummary(
      status: result.status, reason: result.reason, weightsSHA256: result.weightsSHA256, tokens: result.tokens,
      seconds: (seconds * 1000).rounded() / 1000, resumedAt: context.checkpoint?.step)
    // Parts of one cell are summed up by whoever reads them.
    if let rung = cell.rung, let until = rung.until { summary.secondsOfPart = ["until \(until)": summary.seconds] }
    if cell.rung?.until != nil { summary.seconds = 0 }
    return ShardResult(
      outputs: [OutputTree(name: cell.outputTree, directory: directory)] + (state.map { [$0] } ?? []),
      result: String(decoding: try encodePayload(["cells": [cell.name: summary]]), as: UTF8.self))
  }
}

/// What `result.json` says of a cell: its end, and what it cost.
private struct CellSummary: Codable {
  let status: CellResult.Status
  let reason: String?
  let weightsSHA256: String?
  let tokens: Int
  var seconds: Double
  /// Of the parts before the last one, in a sweep that stops cells early.
  var secondsOfPart: [String: Double]?
  /// The step of the checkpoint it went on from after its first runner was lost.
  let resumedAt: UInt64?

  enum CodingKeys: String, CodingKey {
    case status, reason, tokens, seconds
    case weightsSHA256 = "weights_sha256"
    case resumedAt = "resumed_at"
    case secondsOfPart = "seconds_of_part"
  }
}

extension Double {
  /// JSON has no other numbers.
  fileprivate var ifFinite: Double? { isFinite ? self : nil }
}

extension SweepBase {
  static func read(inputs: [String: String]) throws -> SweepBase {
    let file = try inputs.directory(tree) + "/" + file
    return try decodePayload(SweepBase.self, from: [UInt8](try Data(contentsOf: URL(fileURLWithPath: file))))
  }
}

extension CellProgress {
  func write(to directory: String) throws {
    try Data(try encodePayload(self)).write(to: URL(fileURLWithPath: directory + "/" + Self.file))
  }

  static func read(from directory: String) throws -> CellProgress {
    let file = URL(fileURLWithPath: directory + "/" + file)
    return try decodePayload(CellProgress.self, from: [UInt8](try Data(contentsOf: file)))
  }
}

extension CellResult {
  static func read(from directory: String) throws -> CellResult {
    let file = URL(fileURLWithPath: directory + "/" + CellPayload.file)
    return try decodePayload(CellResult.self, from: [UInt8](try Data(contentsOf: file)))
  }
}
