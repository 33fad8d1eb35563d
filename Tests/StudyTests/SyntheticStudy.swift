@testable import Study

/// Studies whose truth is known: losses that follow the laws of the literature (not the surface that is fitted to
/// them), measured on a grid with noise.
struct SyntheticStudy {
  let name: String
  let ratios: [Double]
  let rates: [Double]
  var repeats = 1
  /// Standard deviation of a measured loss, in nats.
  var noise = 0.003
  var maximumRise: Double? = 0.03
  /// Where ln η* lies at ratio 0, and how it moves with the ratio.
  var ridgeStart = PortableMath.log(3e-4)
  var ridgeSlope = -0.8
  /// Asymmetry and width of the basin.
  var asymmetry = 1.1
  var basin = 0.1
  /// What forgetting costs at full ratio and the ridge's rate.
  var forgetting = 0.25

  static let initialRetained = 2.6

  /// D-CPT's law in the ratio, a basin in ln η steeper on the right, its bottom on a ridge.
  func newLoss(_ ratio: Double, _ logRate: Double) -> Double {
    let t = logRate - ridgeStart - ridgeSlope * ratio
    return 1.9 + 0.15 / PortableMath.power(ratio + 0.1, 0.6)
      + basin * (1 + 0.4 * ratio) * AsymmetricSquare.value(asymmetry, t)
  }

  /// Rises towards all new text, and with the learning rate.
  func retainedLoss(_ ratio: Double, _ logRate: Double) -> Double {
    let rate = PortableMath.exp(0.5 * (logRate - ridgeStart))
    let shift = PortableMath.power(1.12 - ratio, -0.6) - 0.93
    return Self.initialRetained + forgetting * rate * (0.12 + shift)
  }

  func table(seed: UInt64) -> CellTable {
    var random = CounterRandom(seed: seed, stream: 77)
    var cells: [Cell] = []
    for ratio in ratios {
      for rate in rates {
        for repetition in 0..<repeats {
          let logRate = PortableMath.log(rate)
          cells.append(
            Cell(
              ratio: ratio, learningRate: rate, seed: Int64(repetition), step: 1000, tokens: 1e9,
              losses: [
                newLoss(ratio, logRate) + noise * random.normal(),
                retainedLoss(ratio, logRate) + noise * random.normal(),
              ], line: cells.count + 2))
        }
      }
    }
    return CellTable(
      name: "cells.csv", validationSets: ["zh", "en"], initialLosses: [3.1, Self.initialRetained], cells: cells)
  }

  var options: StudyOptions {
    var options = StudyOptions(newSets: [.init("zh")], retainedSets: [.init("en", isIndependent: true)])
    options.maximumRetainedRise = maximumRise
    return options
  }

  /// The best setting of the truth within the grid, by brute force.
  var best: (ratio: Double, logRate: Double) {
    var best = (score: (Double, Double)(.infinity, .infinity), ratio: 0.0, logRate: 0.0)
    let (low, high) = (PortableMath.log(rates[0]), PortableMath.log(rates[rates.count - 1]))
    for i in 0...600 {
      for j in 0...600 {
        let ratio = ratios[0] + (ratios[ratios.count - 1] - ratios[0]) * Double(i) / 600
        let logRate = low + (high - low) * Double(j) / 600
        let (new, old) = (newLoss(ratio, logRate), retainedLoss(ratio, logRate))
        let score: (Double, Double) =
          if let maximumRise { (max(0, old / Self.initialRetained - 1 - maximumRise), new) } else {
            (0, (new + old) / 2)
          }
        if score < best.score { best = (score, ratio, logRate) }
      }
    }
    return (best.ratio, best.logRate)
  }

  /// Five designs that differ in grid, noise, repeats, and in what holds the optimum.
  static let designs = [
    SyntheticStudy(
      name: "4 × 4", ratios: [0.1, 0.25, 0.4, 0.6], rates: [6e-5, 1.5e-4, 3.5e-4, 8e-4]),
    SyntheticStudy(
      name: "5 × 5, more noise", ratios: [0.1, 0.2, 0.35, 0.5, 0.7], rates: [5e-5, 1e-4, 2e-4, 4e-4, 8e-4],
      noise: 0.006),
    SyntheticStudy(
      name: "4 × 4 × 2 seeds", ratios: [0.1, 0.3, 0.5, 0.7], rates: [5e-5, 1.2e-4, 3e-4, 7e-4], repeats: 2,
      noise: 0.005, ridgeSlope: -0.4),
    SyntheticStudy(
      name: "weighted, 5 × 4", ratios: [0.1, 0.25, 0.4, 0.6, 0.8], rates: [4e-5, 1e-4, 2.5e-4, 6e-4],
      maximumRise: nil, forgetting: 0.35),
    SyntheticStudy(
      name: "8 × 4", ratios: [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6], rates: [5e-5, 1.2e-4, 2.8e-4, 6.5e-4],
      noise: 0.004, asymmetry: 0.6, basin: 0.08),
  ]
}
