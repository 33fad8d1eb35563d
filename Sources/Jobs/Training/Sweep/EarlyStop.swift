import Corpora
import Foundation
import JobKit
import WireProtocol

/// Successive halving: after each rung of steps only the better learning rates of each group go on. A group is what
/// differs in nothing but the learning rate and the seed: at another ratio another rate is best, and the study asks for
/// each ratio's. Decisions follow from completed rungs alone, so they are the same whichever workers ran the cells, and
/// a cell that goes on has the weights that it has without early stop.
struct EarlyStop: Codable, Equatable {
  /// Steps after which it is decided, rising; the last is below the recipe's.
  let rungs: [Int]
  /// Of each group, rounded up.
  let keep: Double
  /// Share of the sets of the added language in the loss that decides.
  let newLossWeight: Double

  static let example = "rungs: [100, 300], keep: 0.5"

  static func read(_ reader: SpecReader, stepsMin: Int) throws -> EarlyStop {
    let rungs = try reader.requiredList("rungs", of: .integer(1...1_000_000_000), count: 1...8, example: "[100, 300]")
    guard zip(rungs, rungs.dropFirst()).allSatisfy(<), rungs[rungs.count - 1] < stepsMin else {
      throw reader.refusal(
        "rungs", "\(rungs) are not rising steps below the \(stepsMin) of a cell",
        remedy: "Write the steps after which some cells stop, for example `[\(max(1, stepsMin / 4))]`")
    }
    let keep = try reader.value("keep", .number(above: 0, through: 1), default: 0.5)
    let weight = try reader.value("new_loss_weight", .number(from: 0, through: 1), default: 0.5)
    return EarlyStop(rungs: rungs, keep: keep, newLossWeight: weight)
  }

  func survivorCount(of count: Int) -> Int { max(1, Int((keep * Double(count)).rounded(.up))) }
}

/// Everything a rung's decision is made of.
struct RungPayload: Codable {
  struct Cell: Codable {
    let name: String
    /// Everything but learning rate and seed.
    let group: [String]
    /// As written: a setting's repeats share it.
    let learningRate: String
    let resultTree: String
  }
  let rung: Int
  let rule: EarlyStop
  let cells: [Cell]
}

/// Who goes on, and what it was decided by.
struct RungDecision: Codable, Equatable {
  static let file = "decision.json"

  let survivors: [String]
  let stopped: [String]

  static func read(from directory: String) throws -> RungDecision {
    try decodePayload(
      RungDecision.self, from: [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(file)"))))
  }

  /// `losses`: of each cell at the end of the rung; nil for one that diverged. Settings of one group are compared by
  /// the mean over their seeds; a setting of which a seed diverged comes last; ties go to what is written first.
  init(_ payload: RungPayload, losses: [String: Double?]) {
    var (survivors, stopped): (Set<String>, Set<String>) = ([], [])
    for group in payload.cells.map(\.group).uniqued() {
      let cells = payload.cells.filter { $0.group == group }
      let settings = cells.map(\.learningRate).uniqued().map { rate -> (names: [String], loss: Double) in
        let names = cells.filter { $0.learningRate == rate }.map(\.name)
        let known = names.map { (losses[$0] ?? nil) ?? .infinity }
        return (names, known.reduce(0, +) / Double(known.count))
      }
      let ranked = settings.enumerated().sorted {
        $0.element.loss != $1.element.loss ? $0.element.loss < $1.element.loss : $0.offset < $1.offset
      }.map(\.element)
      let count = payload.rule.survivorCount(of: ranked.count)
      survivors.formUnion(ranked.prefix(count).flatMap(\.names))
      stopped.formUnion(ranked.dropFirst(count).flatMap(\.names))
    }
    // In the order of the plan.
    self.survivors = payload.cells.map(\.name).filter(survivors.contains)
    self.stopped = payload.cells.map(\.name).filter(stopped.contains)
  }
}

extension SweepJob {
  /// The phases `choose-N`.
  func chooseShard(_ context: ShardContext) throws -> ShardResult {
    let payload = try decodePayload(RungPayload.self, from: context.payload)
    let base = try SweepBase.read(inputs: context.inputs)
    var losses: [String: Double?] = [:]
    for cell in payload.cells {
      let result = try CellResult.read(from: try context.inputs.directory(cell.resultTree))
      losses[cell.name] = .some(base.loss(of: result, newLossWeight: payload.rule.newLossWeight))
    }
    let decision = RungDecision(payload, losses: losses)
    let directory = context.scratchDirectory + "/decision"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try Data(try encodePayload(decision)).write(to: URL(fileURLWithPath: "\(directory)/\(RungDecision.file)"))
    return ShardResult(
      outputs: [OutputTree(name: "decision-\(payload.rung)", directory: directory)],
      result: String(
        decoding: try encodePayload(["early_stop": ["after step \(payload.rule.rungs[payload.rung - 1])": decision]]),
        as: UTF8.self))
  }
}

extension SweepBase {
  /// The weighted mean over the validation sets of each role; of one role alone where the other has no set.
  fileprivate func loss(of result: CellResult, newLossWeight: Double) -> Double? {
    guard result.status != .diverged, let last = result.curve.last else { return nil }
    func mean(_ added: Bool) -> Double? {
      let losses = zip(corpus.sets, last.sets).filter { ($0.0.role == .added) == added }.map(\.1.loss)
      let known = losses.compactMap { $0 }
      return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
    }
    switch (mean(true), mean(false)) {
    case (let new?, let retained?): return newLossWeight * new + (1 - newLossWeight) * retained
    case (let one?, nil), (nil, let one?): return one
    case (nil, nil): return nil
    }
  }
}

extension Array where Element: Hashable {
  /// Each element once, at its first place.
  fileprivate func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
