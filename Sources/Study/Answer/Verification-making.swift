// Confirmation cells on the large model against the carried setting.

extension Verification {
  /// Noise where no cell was repeated, as a share of the loss.
  static let defaultNoise = 0.002

  /// - Parameters:
  ///   - carried: the setting that the transfer chose.
  ///   - table: the large model's cells, with the study's sets.
  ///   - options: the study's: sets, weights and the constraint.
  /// - Throws: `StudyError` for sets that the table does not have.
  public init(of carried: Setting, in table: CellTable, options: StudyOptions) throws(StudyError) {
    var newColumns: [(column: Int, weight: Double)] = []
    for set in options.newSets {
      guard table.validationSets.contains(set.name) else { throw Self.mismatch(set.name, table) }
      newColumns.append((try table.index(ofSet: set.name), set.weight))
    }
    guard !newColumns.isEmpty else {
      throw StudyError(.badOption, "new sets", found: "none", expected: "at least one (--new)")
    }
    let anyIndependent = options.retainedSets.contains(where: \.isIndependent)
    var retained: [(name: String, column: Int, before: Double?)] = []
    for set in options.retainedSets where set.isIndependent || !anyIndependent {
      guard table.validationSets.contains(set.name) else { throw Self.mismatch(set.name, table) }
      let column = try table.index(ofSet: set.name)
      retained.append((set.name, column, options.initialLosses[set.name] ?? table.initialLosses[column]))
    }
    let groups = Self.groups(table)
    let measured = groups.map { cells in
      Self.confirmation(cells, carried, newColumns, retained, options.maximumRetainedRise)
    }
    let noise = Self.noise(groups, newColumns)
    let own = measured.first(where: \.isCarried)
    let rivals = measured.filter { !$0.isCarried && $0.newLoss != nil }
    let judged = Self.judge(own, rivals, noise, options.maximumRetainedRise)
    self.init(
      verdict: judged.verdict, regret: judged.regret, noise: noise, cells: measured,
      sentences: Self.sentences(judged, own, rivals, carried, noise, options), notes: table.notes)
  }

  private static func mismatch(_ set: String, _ table: CellTable) -> StudyError {
    StudyError(
      .mismatchedSets, table.name, found: "losses of \(table.validationSets.joined(separator: ", "))",
      expected: "the study's sets, and \(set) among them",
      wayOut: "evaluate the confirmation cells on the same validation sets")
  }

  /// Cells by setting, repeats together, in the table's order.
  private static func groups(_ table: CellTable) -> [[Cell]] {
    var order: [Setting] = []
    var groups: [Setting: [Cell]] = [:]
    for cell in table.cells where cell.status != .failed && cell.status != .earlyStopped {
      let setting = Setting(ratio: cell.ratio, learningRate: cell.learningRate)
      if groups[setting] == nil { order.append(setting) }
      groups[setting, default: []].append(cell)
    }
    return order.map { groups[$0] ?? [] }
  }

  private static func newLoss(_ cell: Cell, _ columns: [(column: Int, weight: Double)]) -> Double? {
    guard cell.status == .completed else { return nil }
    var (sum, total) = (0.0, 0.0)
    for (column, weight) in columns {
      guard let loss = cell.losses[column], loss.isFinite else { return nil }
      sum += weight * loss
      total += weight
    }
    return sum / total
  }

  private static func confirmation(
    _ cells: [Cell], _ carried: Setting, _ columns: [(column: Int, weight: Double)],
    _ retained: [(name: String, column: Int, before: Double?)], _ limit: Double?
  ) -> Confirmation {
    let setting = Setting(ratio: cells[0].ratio, learningRate: cells[0].learningRate)
    let losses = cells.compactMap { newLoss($0, columns) }
    var worst: (rise: Double, name: String)?
    var isComplete = !retained.isEmpty
    for set in retained {
      let values = cells.compactMap { $0.status == .completed ? $0.losses[set.column] : nil }.filter(\.isFinite)
      guard let before = set.before, !values.isEmpty else {
        isComplete = false
        continue
      }
      let rise = mean(values) / before - 1
      if worst.map({ rise > $0.rise }) ?? true { worst = (rise, set.name) }
    }
    let isCarried =
      abs(setting.ratio - carried.ratio) < 0.005 && abs(setting.learningRate / carried.learningRate - 1) < 0.02
    var keeps: Bool?
    if let limit, let worst, isComplete || worst.rise > limit { keeps = worst.rise <= limit }
    return Confirmation(
      setting: setting, isCarried: isCarried, newLoss: losses.count == cells.count ? mean(losses) : nil,
      worstRetainedRise: worst?.rise, worstSet: worst?.name, keepsConstraint: keeps)
  }

  /// Twice the standard error of a difference, pooled over repeats.
  private static func noise(_ groups: [[Cell]], _ columns: [(column: Int, weight: Double)]) -> Double {
    var (squares, freedom) = (0.0, 0)
    for cells in groups {
      let losses = cells.compactMap { newLoss($0, columns) }
      guard losses.count > 1 else { continue }
      let center = mean(losses)
      squares += losses.reduce(0) { $0 + ($1 / center - 1) * ($1 / center - 1) }
      freedom += losses.count - 1
    }
    return freedom > 0 ? 2 * (2 * squares / Double(freedom)).squareRoot() : defaultNoise
  }

  private struct Judgement {
    let verdict: Verdict
    let regret: Double?
    let reason: String
  }

  private static func judge(
    _ own: Confirmation?, _ rivals: [Confirmation], _ noise: Double, _ limit: Double?
  ) -> Judgement {
    guard let own else {
      return Judgement(verdict: .notTested, regret: nil, reason: "no cell was run at the carried setting")
    }
    guard let loss = own.newLoss else {
      return Judgement(verdict: .no, regret: nil, reason: "the carried setting diverged on the large model")
    }
    let allowed = rivals.filter { $0.keepsConstraint ?? (limit == nil) }
    let best = allowed.compactMap(\.newLoss).min()
    let regret = best.map { max(0, loss / min($0, loss) - 1) }
    if own.keepsConstraint == false {
      return Judgement(
        verdict: .no, regret: regret,
        reason:
          "it breaks the limit: \(own.worstSet ?? "") rose by \(percentage(own.worstRetainedRise ?? 0, digits: 2))")
    }
    if limit != nil, own.keepsConstraint == nil {
      return Judgement(
        verdict: .notTested, regret: regret, reason: "losses before training are not known, so the limit is not tested")
    }
    guard let regret else {
      return Judgement(
        verdict: .notTested, regret: nil,
        reason: rivals.isEmpty
          ? "no neighbour was run to compare with" : "no neighbour keeps the limit, so there is nothing to compare with"
      )
    }
    return regret <= noise
      ? Judgement(verdict: .yes, regret: regret, reason: "no neighbour that keeps the limit is better beyond noise")
      : Judgement(verdict: .no, regret: regret, reason: "a neighbour is better by \(percentage(regret, digits: 2))")
  }

  private static func sentences(
    _ judged: Judgement, _ own: Confirmation?, _ rivals: [Confirmation], _ carried: Setting, _ noise: Double,
    _ options: StudyOptions
  ) -> [String] {
    let point = "almr \(decimal(carried.ratio, 3)) at \(significant(carried.learningRate))"
    var lines: [String] = []
    switch judged.verdict {
    case .yes: lines.append("Yes: the carried setting, \(point), held on the large model; \(judged.reason).")
    case .no: lines.append("No: the carried setting, \(point), did not hold on the large model; \(judged.reason).")
    case .notTested: lines.append("Not tested: whether \(point) holds on the large model is open; \(judged.reason).")
    }
    if let regret = judged.regret {
      lines.append(
        "Regret in new loss against the best of \(rivals.count) neighbours: \(percentage(regret, digits: 2)); "
          + "differences below \(percentage(noise, digits: 2)) are noise.")
    }
    let best = rivals.filter { $0.keepsConstraint ?? (options.maximumRetainedRise == nil) }
      .min { ($0.newLoss ?? .infinity) < ($1.newLoss ?? .infinity) }
    if case .no = judged.verdict, let best {
      let direction = best.setting.learningRate < carried.learningRate ? "lower" : "higher"
      lines.append(
        "Take almr \(decimal(best.setting.ratio, 3)) at \(significant(best.setting.learningRate)) instead, or run "
          + "cells at \(direction) learning rates.")
    }
    if own == nil { lines.append("Run a cell at \(point), and one at least on each side of its learning rate.") }
    return lines
  }
}
