import Testing

@testable import Corpora

@Suite struct MixtureScheduleTests {
  static let vectors: [[Double]] = {
    var vectors: [[Double]] = [
      [1], [0.3, 0.7], [0.5, 0.5], [0.3, 0.6, 0.1], [0, 1], [0.25, 0, 0.75], [1e-6, 1 - 1e-6], [0.001, 0.999],
      [0.3333333333, 0.6666666667], [Double(2).squareRoot() - 1, 2 - Double(2).squareRoot()],
      [0.2, 0.2, 0.2, 0.2, 0.2],
      [Double](repeating: 0.125, count: 8), [0.9, 0.02, 0.02, 0.02, 0.02, 0.02],
    ]
    var state: UInt64 = 5
    for count in 2...8 {
      for power in [1, 4] {
        let weights = (0..<count).map { _ in
          state = SplitMix64.mix(state)
          let unit = Double(state >> 11) / 0x1p53 + 1e-9
          return (0..<power).reduce(1.0) { product, _ in product * unit }
        }
        let sum = weights.reduce(0, +)
        vectors.append(weights.map { $0 / sum })
      }
    }
    return vectors
  }()

  @Test(arguments: vectors)
  func everyPrefixIsWithinOneOfWhatWasAskedAndCountsNeverFall(shares: [Double]) throws {
    let schedule = MixtureSchedule(shares: try MixtureShares(shares: shares))
    let positive = shares.filter { $0 > 0 }.count
    let bound = positive > 1 ? 1 - 1 / Double(2 * positive - 2) : 0
    var counts = [Int](repeating: 0, count: shares.count)
    var worst = 0.0
    for slot in 0..<100_000 {
      let draw = schedule.draw(slot: slot)
      #expect(draw.row == counts[draw.source])
      counts[draw.source] += 1
      for source in shares.indices {
        worst = max(worst, abs(Double(counts[source]) - shares[source] * Double(slot + 1)))
      }
    }
    // Tijdeman's bound, and what writing shares over 10^15 and comparing in Double may add.
    #expect(worst <= bound + 1e-4)
    #expect(worst < 1)
    #expect(counts == schedule.counts(slots: 100_000))
  }

  @Test(arguments: vectors)
  func aSlotIsTheSameHoweverItIsReached(shares: [Double]) throws {
    let shares = try MixtureShares(shares: shares)
    let inOrder = MixtureSchedule(shares: shares)
    let draws = (0..<20_000).map { inOrder.draw(slot: $0) }
    let jumping = MixtureSchedule(shares: shares)
    for slot in [19_999, 0, 8191, 8192, 4096, 4095, 12_288, 7, 19_998, 10_000, 9_999, 4097] {
      #expect(jumping.draw(slot: slot) == draws[slot])
    }
    var state: UInt64 = 9
    for _ in 0..<200 {
      state = SplitMix64.mix(state)
      let slot = Int(state % 20_000)
      #expect(jumping.draw(slot: slot) == draws[slot])
    }
    // A run that starts at any slot, as a resumed one does.
    let resumed = MixtureSchedule(shares: shares)
    for slot in 13_001..<14_000 { #expect(resumed.draw(slot: slot) == draws[slot]) }
  }

  /// The rule as the paper has it, in rational numbers over 10^15 written out naively.
  @Test(arguments: vectors)
  func theScheduleEqualsTheRuleWrittenOut(shares: [Double]) throws {
    let exact = try MixtureShares(shares: shares)
    let whole = Int128(MixtureShares.denominator)
    let parts = exact.numerators.map { Int128($0) }
    let slack = Int128(max(1, 2 * parts.filter { $0 > 0 }.count - 2))
    var counts = [Int128](repeating: 0, count: parts.count)
    let schedule = MixtureSchedule(shares: exact)
    for slot in 0..<3000 {
      let eligible = parts.indices.filter { source in
        let demand = parts[source] * Int128(slot + 1) - counts[source] * whole
        return parts[source] > 0 && demand * slack >= whole
      }
      let chosen = try #require(
        eligible.min { a, b in
          func time(_ s: Int) -> Int128 {
            whole * (slack - 1) - slack * (parts[s] * Int128(slot + 1) - counts[s] * whole)
          }
          let (left, right) = (time(a) * parts[b], time(b) * parts[a])
          return left == right ? a < b : left < right
        })
      counts[chosen] += 1
      #expect(schedule.draw(slot: slot).source == chosen)
    }
  }

  @Test func decimalSharesAreExactAndRepeat() throws {
    let schedule = MixtureSchedule(shares: try MixtureShares(shares: [0.3, 0.6, 0.1]))
    #expect(schedule.period == 10)
    #expect(schedule.counts(slots: 10_000_000_000) == [3_000_000_000, 6_000_000_000, 1_000_000_000])
    #expect(
      schedule.draw(slot: 10_000_000_007)
        == .init(
          source: schedule.draw(slot: 7).source,
          row: schedule.draw(slot: 7).row + [3, 6, 1][schedule.draw(slot: 7).source] * 1_000_000_000))
  }

  @Test func aMillionSlotsTakeLessThanTwoSeconds() throws {
    let schedule = MixtureSchedule(shares: try MixtureShares(shares: [Double.pi / 10, 1 - Double.pi / 10]))
    let time = ContinuousClock().measure { _ = schedule.draw(slot: 1_000_000) }
    #expect(time < .seconds(2))
    print("a million slots replayed in \(time)")
  }
}

@Suite struct MixtureSharesTests {
  private func sources(_ weights: [Double?] = [nil, nil, nil]) -> [MixtureSource] {
    [
      MixtureSource(name: "zh", role: .added, weight: weights[0], tokens: 1000),
      MixtureSource(name: "en", role: .retained, weight: weights[1], tokens: 3000),
      MixtureSource(name: "code", role: .retained, weight: weights[2], tokens: 1000),
    ]
  }

  private func message(_ body: () throws -> MixtureShares) -> String {
    do {
      return "\(try body())"
    } catch {
      return "\(error)"
    }
  }

  @Test func theRatioIsSplitByTokensOrByWeight() throws {
    let byTokens = try MixtureShares(almr: 0.3, sources: sources())
    #expect(byTokens.numerators == [300_000_000_000_000, 525_000_000_000_000, 175_000_000_000_000])
    let byWeight = try MixtureShares(almr: 0.3, sources: sources([1, 2, 5]))
    #expect(byWeight.numerators == [300_000_000_000_000, 200_000_000_000_000, 500_000_000_000_000])
    #expect(try MixtureShares(almr: 0, sources: sources()).share(0) == 0)
    #expect(try MixtureShares(almr: 1, sources: sources()).numerators == [MixtureShares.denominator, 0, 0])
  }

  @Test func sharesAddUpWhateverTheyAre() throws {
    for almr in stride(from: 0.0, through: 1.0, by: 0.0137) {
      let shares = try MixtureShares(almr: almr, sources: sources([nil, 1 / 3, Double(2).squareRoot()]))
      #expect(shares.numerators.reduce(0, +) == MixtureShares.denominator)
      #expect(shares.numerators.allSatisfy { $0 >= 0 })
      #expect(abs(shares.share(0) - almr) < 1e-14)
    }
  }

  @Test func badMixturesAreRefusedByName() {
    for almr in [-0.1, 1.1, .nan, .infinity] {
      #expect(message { try MixtureShares(almr: almr, sources: sources()) }.contains("mixture.almr is \(almr)"))
    }
    #expect(message { try MixtureShares(almr: 0.3, sources: Array(sources().dropFirst())) }.contains("role: added"))
    #expect(message { try MixtureShares(almr: 0.3, sources: Array(sources().prefix(1))) }.contains("role: retained"))
    #expect(message { try MixtureShares(almr: 0.3, sources: sources([nil, 1, nil])) }.contains("code has none"))
    #expect(message { try MixtureShares(almr: 0.3, sources: sources([nil, -1, 1])) }.contains("source en"))
    #expect(message { try MixtureShares(almr: 0.3, sources: sources([nil, 0, 0])) }.contains("add up to 0"))
    #expect(message { try MixtureShares(shares: [0.5, 0.6]) }.contains("add up to 1.1"))
    #expect(message { try MixtureShares(shares: [1.5, -0.5]) }.contains("is 1.5"))
    #expect(message { try MixtureShares(shares: [.nan, 1]) }.contains("nan"))
    #expect(message { try MixtureShares(shares: []) }.contains("no source"))
    #expect(message { try MixtureShares(shares: ["zh": 0.5, "fr": 0.5], sources: ["zh", "en"]) }.contains("fr"))
    #expect(message { try MixtureShares(shares: ["zh": 1], sources: ["zh", "en"]) }.contains("no entry for source en"))
  }
}
