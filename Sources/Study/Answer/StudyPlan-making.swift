// A first grid: enough settings for the surface and the laws, spread evenly where the losses bend.

extension StudyPlan {
  /// - Throws: `StudyError` for ranges that are none, or a budget below the smallest grid that can be fitted (3 × 3).
  public init(_ request: Request) throws(StudyError) {
    guard request.ratios.lowerBound >= 0, request.ratios.upperBound <= 1,
      request.ratios.lowerBound < request.ratios.upperBound
    else {
      throw StudyError(
        .badOption, "ratios", found: "\(request.ratios.lowerBound) to \(request.ratios.upperBound)",
        expected: "a range within 0 to 1")
    }
    guard request.learningRates.lowerBound > 0, request.learningRates.lowerBound < request.learningRates.upperBound
    else {
      throw StudyError(
        .badOption, "learning rates",
        found: "\(request.learningRates.lowerBound) to \(request.learningRates.upperBound)",
        expected: "a range above 0")
    }
    guard request.cellTokens > 0, request.cellTokens.isFinite, (1...20).contains(request.repeats) else {
      throw StudyError(
        .badOption, "cells", found: "\(request.cellTokens) tokens, \(request.repeats) repeats",
        expected: "tokens above 0, 1 to 20 repeats")
    }
    let affordable = request.budgetTokens.map { Int(min(400, $0 / request.cellTokens)) } ?? 18
    guard affordable >= 9 else {
      throw StudyError(
        .tooFewCells, SurfaceFit.name, found: "a budget of \(affordable) cells",
        expected: "at least 9: 3 ratios × 3 rates",
        wayOut: "shorten the cells to \(significant((request.budgetTokens ?? 0) / 9)) tokens, or raise the budget")
    }
    // Ratios bend more sides of the answer than rates do: they come first, up to 6 × 5.
    var (rows, columns) = (3, 3)
    let spare = affordable >= 18 ? 2 : 0
    for (a, b) in [(4, 3), (4, 4), (5, 4), (5, 5), (6, 5)] where a * b * request.repeats + spare <= affordable {
      (rows, columns) = (a, b)
    }
    let logs = PortableMath.log(request.learningRates.lowerBound)...PortableMath.log(request.learningRates.upperBound)
    let ratios = BoxSearch.grid(request.ratios, rows).map { roundedToSignificant($0, 3) }
    let rates = BoxSearch.grid(logs, columns).map { roundedToSignificant(PortableMath.exp($0), 2) }
    let middle = [
      Setting(ratio: ratios[rows / 2], learningRate: rates[columns / 2]),
      Setting(ratio: ratios[(rows - 1) / 2], learningRate: rates[(columns - 1) / 2]),
    ]
    let repeated = request.repeats == 1 && rows * columns + 2 <= affordable ? middle : []
    let count = rows * columns * request.repeats + repeated.count
    let settings = rows * columns
    let laws = [(SurfaceFit.name, 8), ("mixing", 3 + 4 + 1), ("cross-lingual", 3 + 4 + 1), ("d-cpt", 6 + 4 + 1)]
      .filter { settings >= $0.1 && ($0.0 != "d-cpt" || rows >= 4) }.map(\.0)
    let step = PortableMath.exp((logs.upperBound - logs.lowerBound) / Double(columns - 1))
    self.init(
      ratios: ratios, learningRates: rates, repeated: repeated, cellCount: count,
      tokens: Double(count) * request.cellTokens, laws: laws,
      sentences: [
        "\(rows) ratios × \(columns) learning rates\(request.repeats > 1 ? " × \(request.repeats) seeds" : "")"
          + (repeated.isEmpty ? "" : ", and 2 cells in the middle again with another seed, so that noise is known"),
        "neighbouring learning rates differ by a factor of \(decimal(step, 2))"
          + (step > 3.5 ? ": more than 3 is coarse for a basin; narrow the range or add rates" : ""),
        "these cells can be fitted with: \(laws.joined(separator: ", "))",
      ])
  }
}
