internal import Glibc

/// A fitted surface at the crossings of some ratios and learning rates: all that a drawing needs of a fit.
public struct FittedSurface: Sendable, Equatable {
  /// Ascending.
  public let almrs: [Double]
  /// Ascending, above 0.
  public let learningRates: [Double]
  /// A row a learning rate, a value a ratio.
  public let values: [[Double]]

  /// Nil where the three do not belong together, or less than two of either axis are there.
  public init?(almrs: [Double], learningRates: [Double], values: [[Double]]) {
    guard almrs.count > 1, learningRates.count > 1, values.count == learningRates.count,
      values.allSatisfy({ $0.count == almrs.count }), Self.ascends(almrs), Self.ascends(learningRates),
      learningRates[0] > 0
    else { return nil }
    self.almrs = almrs
    self.learningRates = learningRates
    self.values = values
  }

  private static func ascends(_ values: [Double]) -> Bool {
    values.allSatisfy(\.isFinite) && zip(values, values.dropFirst()).allSatisfy { $0 < $1 }
  }

  /// Between the four crossings around it, linear in ratio and logarithm of the rate; nil outside.
  public func value(almr: Double, learningRate: Double) -> Double? {
    guard learningRate > 0, let x = Self.place(almr, in: almrs, by: { $0 }),
      let y = Self.place(learningRate, in: learningRates, by: { log($0) })
    else { return nil }
    func between(_ row: Int) -> Double {
      values[row][x.index] * (1 - x.share) + values[row][x.index + 1] * x.share
    }
    let value = between(y.index) * (1 - y.share) + between(y.index + 1) * y.share
    return value.isFinite ? value : nil
  }

  private static func place(
    _ value: Double, in axis: [Double], by scale: (Double) -> Double
  ) -> (index: Int, share: Double)? {
    guard value >= axis[0] * (1 - 1e-12), value <= axis[axis.count - 1] * (1 + 1e-12) else { return nil }
    let index = min(axis.count - 2, max(0, (axis.lastIndex { $0 <= value } ?? 0)))
    let (from, to) = (scale(axis[index]), scale(axis[index + 1]))
    return (index, min(1, max(0, (scale(value) - from) / (to - from))))
  }

  /// The line on which the surface has `value`, as pieces between neighbouring crossings (marching squares). A saddle's
  /// two pieces are joined the way its centre lies.
  func contour(_ value: Double) -> [((Double, Double), (Double, Double))] {
    var pieces: [((Double, Double), (Double, Double))] = []
    for row in 0..<(learningRates.count - 1) {
      for column in 0..<(almrs.count - 1) {
        pieces += contour(value, row: row, column: column)
      }
    }
    return pieces
  }

  private func contour(_ value: Double, row: Int, column: Int) -> [((Double, Double), (Double, Double))] {
    // Corners around the square, from the low left against the clock.
    let corners = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)]
    let heights = corners.map { values[$0.0][$0.1] - value }
    guard heights.allSatisfy(\.isFinite) else { return [] }
    func point(_ corner: (Int, Int)) -> (Double, Double) { (almrs[corner.1], log(learningRates[corner.0])) }
    var crossings: [(Double, Double)] = []
    for side in 0..<4 {
      let (a, b) = (heights[side], heights[(side + 1) % 4])
      guard (a < 0) != (b < 0) else { continue }
      let (from, to) = (point(corners[side]), point(corners[(side + 1) % 4]))
      let share = a / (a - b)
      crossings.append((from.0 + (to.0 - from.0) * share, exp(from.1 + (to.1 - from.1) * share)))
    }
    switch crossings.count {
    case 2: return [(crossings[0], crossings[1])]
    case 4:
      let isJoined = (heights.reduce(0, +) < 0) == (heights[0] < 0)
      return isJoined
        ? [(crossings[0], crossings[1]), (crossings[2], crossings[3])]
        : [(crossings[3], crossings[0]), (crossings[1], crossings[2])]
    default: return []
    }
  }

  var csv: CSVText {
    var csv = CSVText(["almr", "learning_rate", "fitted"])
    for (rate, row) in zip(learningRates, values) {
      for (almr, value) in zip(almrs, row) { csv.add(["\(almr)", "\(rate)", "\(value)"]) }
    }
    return csv
  }
}
