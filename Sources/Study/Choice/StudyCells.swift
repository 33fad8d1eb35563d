/// A table's cells made ready for fits: each set's losses with what they weigh, the frame, and the objective.
struct StudyCells: Sendable {
  let table: CellTable
  let options: StudyOptions
  /// New sets, then retained ones; places in `fits` and in an `Objective`.
  let sets: [(name: String, column: Int, before: Double?)]
  let frame: SurfaceFrame
  let objective: Objective
  /// By set.
  let cells: [FitCells]
  let counts: CellCounts
  /// Numbers of parameters of the models; more than one only where laws are fitted without a choice.
  let sizes: [Double]
  let notes: [String]

  /// How far above the best cell of its ratio a cell's loss lies when it counts half, as a share: what a surface is
  /// asked for is the basin near the best cells, not the walls.
  static let nearness = 0.1

  /// - Parameter forChoice: refuses a table of several model sizes, which laws may have but a choice may not.
  init(_ table: CellTable, _ options: StudyOptions, forChoice: Bool = true) throws(StudyError) {
    try Self.check(options)
    var sets: [(name: String, column: Int, before: Double?)] = []
    for name in options.newSets.map(\.name) + options.retainedSets.map(\.name) {
      let column = try table.index(ofSet: name)
      sets.append((name, column, options.initialLosses[name] ?? table.initialLosses[column]))
    }
    sizes = Set(table.cells.compactMap(\.parameters)).sorted()
    guard sizes.count <= 1 || !forChoice else {
      throw StudyError(
        .incomparable, table.name,
        found: "cells of \(sizes.count) model sizes: "
          + sizes.map { significant($0) }.joined(separator: ", "),
        expected: "one size in a study",
        wayOut: "give the large model's cells to `admix study verify`; `admix study fit` fits laws that know the size")
    }
    let usable = table.cells.filter { $0.status == .completed || $0.status == .earlyStopped }
    let measured = usable.filter { $0.status == .completed }
    let ratios = Set(measured.map(\.ratio)).sorted()
    let rates = Set(measured.map(\.learningRate)).sorted()
    guard let lowest = ratios.first, let highest = ratios.last, let slowest = rates.first, let fastest = rates.last
    else {
      throw StudyError(
        .tooFewCells, "\(SurfaceFit.name) of \(table.name)", found: "no cell that completed", expected: "at least 8")
    }
    guard lowest < highest else {
      throw StudyError(
        .tooFewCells, "\(SurfaceFit.name) of \(table.name)", found: "all cells at one ratio, \(lowest)",
        expected: "cells at 3 ratios or more", wayOut: "run cells at other ratios: a choice of one is no choice")
    }
    frame = SurfaceFrame(
      ratios: lowest...highest, logRates: PortableMath.log(slowest)...PortableMath.log(fastest))
    objective = try Self.objective(sets, options, table.name)
    let weights = Self.weights(usable, sets, objective)
    var notes: [String] = []
    cells = sets.enumerated().map { place, set in
      let isNew = place < options.newSets.count
      let items = zip(usable, weights).compactMap { cell, weight -> FitCells.Item? in
        guard let loss = cell.losses[set.column], loss.isFinite else { return nil }
        let isBound = cell.status == .earlyStopped
        // Training on lowers the new loss, so what was seen bounds it; of a retained loss it says nothing.
        if isBound, !isNew { return nil }
        return FitCells.Item(
          line: cell.line, ratio: cell.ratio, logRate: PortableMath.log(cell.learningRate), seed: cell.seed,
          loss: loss, isBound: isBound, tokens: cell.tokens, parameters: cell.parameters, weight: weight)
      }
      return FitCells(set: set.name, items: items)
    }
    let stopped = usable.count - measured.count
    if stopped > 0 {
      notes.append(
        "\(stopped) cells were stopped early: their new losses only bound what they would have reached, their "
          + "retained losses are left out")
    }
    var repeats: [Cell.Key: Int] = [:]
    for cell in measured { repeats[cell.key, default: 0] += 1 }
    func count(_ status: Cell.Status) -> Int { table.cells.filter { $0.status == status }.count }
    counts = CellCounts(
      table: table.name, completed: count(.completed), earlyStopped: count(.earlyStopped), diverged: count(.diverged),
      failed: count(.failed), ratios: ratios, learningRates: rates, repeats: repeats.values.max() ?? 0)
    self.table = table
    self.options = options
    self.sets = sets
    self.notes = table.notes + notes
  }

  private static func check(_ options: StudyOptions) throws(StudyError) {
    func refuse(_ option: String, _ found: String, _ expected: String) throws(StudyError) {
      throw StudyError(.badOption, option, found: found, expected: expected)
    }
    if options.newSets.isEmpty {
      try refuse("new sets", "none", "at least one validation set of the added language (--new)")
    }
    for set in options.newSets where !(set.weight > 0 && set.weight < 1e6) {
      try refuse("weight of \(set.name)", "\(set.weight)", "a number above 0")
    }
    var names = Set<String>()
    for name in options.newSets.map(\.name) + options.retainedSets.map(\.name) where !names.insert(name).inserted {
      try refuse("sets", "\(name) twice", "each set once, new or retained")
    }
    if let rise = options.maximumRetainedRise, !(rise > -1 && rise < 10) {
      try refuse("max_retained_rise", "\(rise)", "a share such as 0.03")
    }
    if !(options.newLossWeight > 0 && options.newLossWeight <= 1) {
      try refuse("new_loss_weight", "\(options.newLossWeight)", "a share above 0, at most 1")
    }
    if !(options.confidence >= 0.5 && options.confidence < 0.999) {
      try refuse("confidence", "\(options.confidence)", "a share from 0.5 to 0.999")
    }
    if !(20...100_000).contains(options.bootstrapCount) {
      try refuse("bootstrap", "\(options.bootstrapCount)", "from 20 to 100000 replicates")
    }
    if let budget = options.budgetTokens, !(budget >= 0) { try refuse("budget", "\(budget)", "tokens") }
  }

  private static func objective(
    _ sets: [(name: String, column: Int, before: Double?)], _ options: StudyOptions, _ table: String
  ) throws(StudyError) -> Objective {
    let total = options.newSets.reduce(0) { $0 + $1.weight }
    let first = options.newSets.count
    let anyIndependent = options.retainedSets.contains(where: \.isIndependent)
    var limited: [(place: Int, before: Double)] = []
    if options.maximumRetainedRise != nil {
      guard !options.retainedSets.isEmpty else {
        throw StudyError(
          .badOption, "max_retained_rise", found: "no retained set that it could limit",
          expected: "at least one validation set of what the model was good at (--retained)",
          wayOut: "or drop the constraint (--no-constraint)")
      }
      for (index, set) in options.retainedSets.enumerated() where set.isIndependent || !anyIndependent {
        guard let before = sets[first + index].before else {
          throw StudyError(
            .missingColumn, table, found: "no loss of \(set.name) before training",
            expected: "a column initial_\(set.name), or curves with a row of step 0",
            wayOut: "give it as --initial \(set.name)=LOSS, or drop the constraint (--no-constraint)")
        }
        limited.append((first + index, before))
      }
    }
    return Objective(
      newWeights: options.newSets.enumerated().map { ($0, $1.weight / total) },
      retained: options.retainedSets.indices.map { (first + $0, sets[first + $0].before) }, limited: limited,
      maximumRise: options.maximumRetainedRise, newLossWeight: options.newLossWeight)
  }

  /// By how far each cell lies above the best of its ratio and size in new loss.
  private static func weights(
    _ cells: [Cell], _ sets: [(name: String, column: Int, before: Double?)], _ objective: Objective
  ) -> [Double] {
    func newLoss(_ cell: Cell) -> Double? {
      var sum = 0.0
      for (place, weight) in objective.newWeights {
        guard let loss = cell.losses[sets[place].column], loss.isFinite else { return nil }
        sum += weight * loss
      }
      return sum
    }
    struct Group: Hashable {
      let ratio: Double
      let size: Double?
      init(_ cell: Cell) { (ratio, size) = (cell.ratio, cell.parameters) }
    }
    var best: [Group: Double] = [:]
    for cell in cells {
      if let loss = newLoss(cell) { best[Group(cell)] = min(best[Group(cell)] ?? .infinity, loss) }
    }
    return cells.map { cell in
      guard let loss = newLoss(cell), let lowest = best[Group(cell)] else { return 1 }
      let excess = (loss - lowest) / (Self.nearness * lowest)
      return 1 / (1 + excess * excess)
    }
  }
}
