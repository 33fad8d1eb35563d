import KernelTable

/// How items' values become a task's score, and the score's standard error, as lm-evaluation-harness has them. Sums run
/// in the items' order.
enum Aggregation: String, CaseIterable {
  case mean
  case nanmean
  case median
  case perplexity
  case weightedPerplexity = "weighted_perplexity"
  case bitsPerByte = "bits_per_byte"
  /// Nothing is scored.
  case bypass

  /// An item's value: a number, or a log-likelihood with the words or bytes it is over.
  enum Value: Equatable {
    case number(Double)
    case weighted(sum: Double, weight: Double)

    var number: Double {
      switch self {
      case .number(let value): value
      case .weighted(let sum, let weight): sum / weight
      }
    }
  }

  func score(_ values: [Value]) -> Double {
    let numbers = values.map(\.number)
    switch self {
    case .mean: return Self.mean(numbers)
    case .nanmean:
      let kept = numbers.filter { !$0.isNaN }
      return kept.isEmpty ? .nan : Self.mean(kept)
    case .median: return numbers.sorted()[numbers.count / 2]
    case .perplexity: return BitwiseMath.exp(-Self.mean(numbers))
    case .weightedPerplexity: return BitwiseMath.exp(-Self.weightedMean(values))
    case .bitsPerByte: return -Self.weightedMean(values) / BitwiseMath.log(2)
    case .bypass: return 999
    }
  }

  /// Nil where there is none. `draws` are the bootstrap's.
  func standardError(_ values: [Value], draws: Int = 100_000) -> Double? {
    guard values.count > 1 else { return nil }
    let numbers = values.map(\.number)
    switch self {
    case .mean: return Self.deviation(numbers) / Double(numbers.count).squareRoot()
    case .perplexity, .median, .nanmean: return bootstrap(values, draws: draws)
    case .weightedPerplexity, .bitsPerByte, .bypass: return nil
    }
  }

  /// The deviation of the score over resamples, each thousand from a generator of its own.
  private func bootstrap(_ values: [Value], draws: Int) -> Double {
    var scores: [Double] = []
    scores.reserveCapacity(draws)
    let share = min(1000, draws)
    for seed in 0..<(draws / share) {
      var generator = MersenneTwister(seed: UInt32(seed))
      for _ in 0..<share { scores.append(score(generator.choices(values.count).map { values[$0] })) }
    }
    return Self.deviation(scores)
  }

  static func mean(_ numbers: [Double]) -> Double { numbers.reduce(0, +) / Double(numbers.count) }

  private static func weightedMean(_ values: [Value]) -> Double {
    var (sum, weight) = (0.0, 0.0)
    for case .weighted(let s, let w) in values {
      sum += s
      weight += w
    }
    return sum / weight
  }

  /// Of a sample: divided by n - 1.
  static func deviation(_ numbers: [Double]) -> Double {
    let mean = mean(numbers)
    return (numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count - 1)).squareRoot()
  }
}

/// A group's score from its tasks' scores.
enum GroupScore {
  static func score(_ scores: [Double], sizes: [Int], isWeightedBySize: Bool) -> Double {
    let weights = isWeightedBySize ? sizes.map(Double.init) : scores.map { _ in 1 }
    return zip(scores, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
  }

  /// Pooled over the tasks' items when weighted by size; else of the plain mean of independent scores.
  static func standardError(_ errors: [Double], sizes: [Int], isWeightedBySize: Bool) -> Double {
    guard isWeightedBySize else {
      return errors.reduce(0) { $0 + $1 * $1 }.squareRoot() / Double(errors.count)
    }
    let pooled = zip(sizes, errors).reduce(0.0) { sum, pair in
      sum + Double(pair.0 - 1) * pair.1 * pair.1 * Double(pair.0)
    }
    let total = sizes.reduce(0, +)
    return (pooled / Double(total - sizes.count) / Double(total)).squareRoot()
  }
}
