import JobKit

/// A `sweep` job file as it was read: the keys of a `cpt` job, of which some are the axes of a grid.
struct SweepSpecification {
  /// One training of the sweep: where it stands on each axis, and what it computes.
  struct Cell {
    /// In the order of `axes`; text as it was written.
    let values: [String]
    let training: TrainingSpecification
  }

  let header: JobHeader
  /// `almr`, `learning_rate`, or another key of the recipe; without `seed`.
  let axes: [String]
  let cells: [Cell]
  let threadsPerCell: Int
  let earlyStop: EarlyStop?
  var budget: Budget?

  struct Budget {
    let tokens: Int?
    /// Of all cells' runners together.
    let hours: Double?
  }
}

extension SweepSpecification {
  /// Cells that a plan can name in one control frame.
  static let cellCountMax = 192
  private static let ownKeys = [
    "job", "name", "output", "grid", "cells", "repeats", "threads_per_cell", "budget", "early_stop",
  ]
  private static let gridExample = "almr: [0.1, 0.3, 0.5], learning_rate: [3.0e-4, 1.0e-3]"

  static func read(_ mapping: SpecMapping) throws -> (specification: SweepSpecification, resolved: ResolvedSpec) {
    let own = SpecMapping(
      entries: mapping.entries.filter { ownKeys.contains($0.key) }, path: mapping.path, position: mapping.position)
    let training = SpecMapping(
      entries: mapping.entries.filter { !ownKeys.contains($0.key) }, path: mapping.path, position: mapping.position)
    var cellResolved = ResolvedSpec()
    var (value, resolved) = try SpecReader.read(own) { reader in
      let header = try reader.header(of: "sweep")
      let points = try readPoints(reader)
      let repeats = try reader.value("repeats", .integer(1...64), default: 1)
      let threads = try reader.value("threads_per_cell", .integer(1...1024), default: 1)
      let axes = points.axes
      if repeats > 1, axes.contains("seed") {
        throw reader.refusal(
          "repeats", "the grid says which seeds to use, and `repeats` counts them", remedy: "Keep one of them")
      }
      if points.values.count * repeats > cellCountMax {
        throw reader.refusal(
          points.key, "\(points.values.count * repeats) cells are more than the \(cellCountMax) of one sweep",
          remedy: "Divide it into several; `admix study` reads their tables together")
      }
      var cells: [Cell] = []
      for point in points.values {
        let cellMapping = training.with(point, of: header)
        let (first, resolved) = try TrainingSpecification.read(cellMapping)
        if cells.isEmpty { cellResolved = resolved }
        try checkAlike(first, cells.first?.training ?? first, reader, key: points.key)
        let texts = point.filter { $0.axis != "seed" }.map(\.value.text)
        for index in 0..<repeats {
          var training = first
          training.recipe.seed = first.recipe.seed &+ UInt64(index)
          cells.append(Cell(values: texts, training: training))
        }
      }
      let stepsMin = cells.map(\.training.recipe.steps).min() ?? 1
      let earlyStop = try reader.mappingIfPresent("early_stop", example: EarlyStop.example) {
        try EarlyStop.read($0, stepsMin: stepsMin)
      }
      if let earlyStop, cells.count * (earlyStop.rungs.count + 1) > cellCountMax {
        throw reader.refusal(
          "early_stop",
          "\(cells.count) cells in \(earlyStop.rungs.count + 1) parts are more than \(cellCountMax) shards",
          remedy: "Take rungs or cells away, or divide the sweep into several")
      }
      var sweep = SweepSpecification(
        header: header, axes: axes.filter { $0 != "seed" }, cells: cells, threadsPerCell: threads,
        earlyStop: earlyStop, budget: nil)
      sweep.budget = try readBudget(reader, sweep)
      return sweep
    }
    for entry in cellResolved.withoutAxes(value.axes).entries where !["job", "name", "output"].contains(entry.key) {
      resolved.set(entry.key, entry.value)
    }
    return (value, resolved)
  }

  // MARK: The grid

  typealias Point = [(axis: String, keyPosition: SpecPosition, value: SpecScalar)]

  private static func readPoints(_ reader: SpecReader) throws -> (axes: [String], values: [Point], key: String) {
    let grid = try reader.mappingIfPresent("grid", example: gridExample) { grid in
      try grid.mapping.entries.map { entry in
        (
          axis: entry.key, keyPosition: entry.keyPosition,
          values: try grid.requiredList(entry.key, of: .asWritten, count: 1...64, example: "[0.1, 0.3]")
        )
      }
    }
    let listed = try reader.mappings(
      "cells", count: 0...cellCountMax, example: "almr: 0.3, learning_rate: 1.0e-3"
    ) { cell in
      try cell.mapping.entries.map { entry in
        (
          axis: entry.key, keyPosition: entry.keyPosition,
          value: try cell.required(entry.key, .asWritten, example: "0.3")
        )
      }
    }
    guard let first = grid?.map(\.axis) ?? listed.first?.map(\.axis), !first.isEmpty else {
      throw reader.refusal(
        "grid", "a sweep needs to know its cells", remedy: "Write `grid: {\(gridExample)}`, or a list under `cells`")
    }
    var points: [Point] = grid == nil ? [] : [[]]
    for axis in grid ?? [] {
      points = points.flatMap { point in
        axis.values.map { point + [(axis: axis.axis, keyPosition: axis.keyPosition, value: $0)] }
      }
    }
    for cell in listed {
      guard Set(cell.map(\.axis)) == Set(first) else {
        throw reader.refusal(
          "cells", "a cell names \(cell.map(\.axis).joined(separator: ", ")), others \(first.joined(separator: ", "))",
          remedy: "Every cell stands on the same axes")
      }
      points.append(first.compactMap { axis in cell.first { $0.axis == axis } })
    }
    try refuseDoubled(points, reader)
    return (first, points, grid == nil ? "cells" : "grid")
  }

  private static func refuseDoubled(_ points: [Point], _ reader: SpecReader) throws {
    var seen: Set<[String]> = []
    for point in points {
      // `0.30` and `0.3` are one place.
      let place = point.map { Double($0.value.text).map { "\($0)" } ?? $0.value.text }
      guard seen.insert(place).inserted else {
        let name = point.map { "\($0.axis) \($0.value.text)" }.joined(separator: ", ")
        throw SpecError(
          position: point.first?.value.position, path: point.first?.value.path ?? "grid",
          problem: "the cell \(name) stands there twice",
          remedy: "Write it once; `repeats` trains it with several seeds")
      }
    }
  }

  /// What all cells share: the tokenized texts and the validation rows.
  private static func checkAlike(
    _ training: TrainingSpecification, _ first: TrainingSpecification, _ reader: SpecReader, key: String
  ) throws {
    guard training.recipe.sequenceLength == first.recipe.sequenceLength else {
      throw reader.refusal(
        key, "cells with different `sequence_length` have different validation rows and cannot be compared",
        remedy: "Make a sweep of each length")
    }
  }

  private static func readBudget(_ reader: SpecReader, _ sweep: SweepSpecification) throws -> Budget? {
    let budget = try reader.mappingIfPresent("budget", example: "tokens: 100M") { budget in
      let tokens = try budget.optional("tokens", .count, example: "100M")
      let hours = try budget.optional("hours", .number(above: 0), example: "12")
      guard tokens != nil || hours != nil else {
        throw budget.refusal("tokens", "the budget says nothing", remedy: "Write `tokens: 100M`, `hours: 12` or both")
      }
      return Budget(tokens: tokens, hours: hours)
    }
    let planned = sweep.plannedTokens
    guard let limit = budget?.tokens, planned > limit else { return budget }
    throw reader.refusal(
      "budget", "\(sweep.cells.count) cells train on \(planned) tokens, and the budget is \(limit)",
      remedy: "Take cells, steps or `repeats` away, or raise it to \(planned)")
  }

  /// Tokens of all cells; with early stop, of as many steps as their groups leave them.
  var plannedTokens: Int { plannedSteps.reduce(0) { $0 + $1.steps * $1.cell.training.recipe.tokensPerStep } }

  /// Steps of each cell, when of every group the cells written first go on. Which ones is not known yet.
  var plannedSteps: [(cell: Cell, steps: Int)] {
    guard let earlyStop else { return cells.map { ($0, $0.training.recipe.steps) } }
    var open = Set(cells.indices)
    var steps = cells.map(\.training.recipe.steps)
    for rung in earlyStop.rungs {
      for (_, members) in Dictionary(grouping: open.sorted(), by: { group(of: cells[$0]) }) {
        let rates = members.map { rate(of: cells[$0]) }
        var distinct: [String] = []
        for rate in rates where !distinct.contains(rate) { distinct.append(rate) }
        let kept = distinct.prefix(earlyStop.survivorCount(of: distinct.count))
        for (member, rate) in zip(members, rates) where !kept.contains(rate) {
          steps[member] = rung
          open.remove(member)
        }
      }
    }
    return zip(cells, steps).map { ($0, $1) }
  }

  /// What a cell shares with those it is compared with at a rung: all axes but the learning rate.
  func group(of cell: Cell) -> [String] {
    zip(axes, cell.values).filter { $0.0 != "learning_rate" }.map(\.1)
  }

  func rate(of cell: Cell) -> String {
    zip(axes, cell.values).first { $0.0 == "learning_rate" }?.1 ?? ""
  }
}

extension SpecMapping {
  /// A `cpt` job file for one point of the grid; its values replace what the mapping says.
  fileprivate func with(_ point: SweepSpecification.Point, of header: JobHeader) -> SpecMapping {
    var result = self
    for entry in point.reversed() {
      let path =
        entry.axis == "almr" ? ["mixture", "almr"] : ["recipe"] + entry.axis.split(separator: ".").map(String.init)
      result = result.setting(path[...], to: entry.value, keyPosition: entry.keyPosition)
    }
    func scalar(_ text: String) -> SpecValue {
      .scalar(SpecScalar(text: text, isQuoted: false, path: "job", position: position))
    }
    let head = [(key: "job", keyPosition: position, value: scalar("cpt"))]
    return SpecMapping(entries: head + result.entries, path: path, position: position)
  }

  private func setting(_ keys: ArraySlice<String>, to value: SpecScalar, keyPosition: SpecPosition) -> SpecMapping {
    guard let key = keys.first else { return self }
    let new: SpecValue
    if keys.count == 1 {
      new = .scalar(value)
    } else {
      var inner = SpecMapping(entries: [], path: path.isEmpty ? key : "\(path).\(key)", position: keyPosition)
      if case .mapping(let written)? = self[key] { inner = written }
      new = .mapping(inner.setting(keys.dropFirst(), to: value, keyPosition: keyPosition))
    }
    let entry = (key: key, keyPosition: keyPosition, value: new)
    guard let place = entries.firstIndex(where: { $0.key == key }) else {
      return SpecMapping(entries: entries + [entry], path: path, position: position)
    }
    var changed = entries
    changed[place] = entry
    return SpecMapping(entries: changed, path: path, position: position)
  }
}

extension ResolvedSpec {
  /// What the axes decide stands in `grid` and `cells`.
  fileprivate func withoutAxes(_ axes: [String]) -> ResolvedSpec {
    var result = self
    for axis in axes {
      let section = axis == "almr" ? "mixture" : "recipe"
      guard case .mapping(var inner)? = result[section] else { continue }
      inner.remove(axis)
      if inner.entries.isEmpty { result.remove(section) } else { result.set(section, .mapping(inner)) }
    }
    return result
  }
}

extension SpecKind where Value == SpecScalar {
  /// A scalar that another reader will understand.
  fileprivate static var asWritten: SpecKind<SpecScalar> {
    SpecKind(
      expectation: "a value", example: "0.3", parse: { $0.text.isEmpty ? nil : $0 },
      resolve: { Double($0.text) == nil ? .text($0.text) : .number($0.text) })
  }
}
