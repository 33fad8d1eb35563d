import GradientExchange
import Testing
import WireProtocol

/// Whatever the order of deliveries, the doubles, deaths, fences and reconnections, every runner reaches the root of
/// the naive recursion, and each step is applied once. A seed in a failure replays it.
struct RoundMachinePropertyTests {
  @Test(arguments: 0..<120)
  func everyDeliveryOrderReachesTheRootsOfTheNaiveRecursion(seed: Int) {
    var generator = SplitMix(state: UInt64(seed))
    let runners = UInt32.random(in: 1...5, using: &generator)
    let slices = UInt32.random(in: 1...13, using: &generator)
    let chunks = UInt32.random(in: 1...5, using: &generator)
    var coordinator = ToyCoordinator(
      seed: UInt64(seed) &* 77, runners: runners, sliceCount: slices, chunkCount: chunks)
    let isDone = coordinator.run(steps: 5)
    #expect(isDone, "stuck at step \(coordinator.step), seed \(seed)")
    #expect(coordinator.violations == [])
  }

  @Test(arguments: 0..<400)
  func faultsChangeNothingButTheTimeItTakes(seed: Int) {
    var generator = SplitMix(state: UInt64(seed) &+ 1_000_000)
    let runners = UInt32.random(in: 2...5, using: &generator)
    let slices = UInt32.random(in: 1...13, using: &generator)
    let chunks = UInt32.random(in: 1...5, using: &generator)
    var coordinator = ToyCoordinator(
      seed: UInt64(seed) &* 31, runners: runners, sliceCount: slices, chunkCount: chunks,
      faults: .init(
        deaths: Int(runners) - 1, joins: 2, fences: 3, disconnections: 8, discards: 2))
    let isDone = coordinator.run(steps: 8)
    #expect(isDone, "stuck at step \(coordinator.step), seed \(seed)")
    #expect(coordinator.violations == [])
    for (id, runner) in coordinator.cluster.runners where coordinator.applied[id] == 8 {
      #expect(runner.state == coordinator.state)
      #expect(runner.store.keys.allSatisfy { $0.round.step > 8 }, "\(id) keeps what is committed")
    }
  }

  /// The check that the checks can fail: one reversed addition in one runner must be seen.
  @Test func aReversedAdditionIsSeen() {
    var coordinator = ToyCoordinator(seed: 5, runners: 3, sliceCount: 8, chunkCount: 2)
    for id in coordinator.cluster.runners.keys { coordinator.cluster.runners[id]?.reversesOneSum = true }
    _ = coordinator.run(steps: 1)
    #expect(coordinator.violations.contains { $0.hasSuffix("with other roots") })
  }

  /// After one death only the dead runner's slices are computed again.
  @Test(arguments: 0..<50)
  func aDeathCostsTheSlicesOfTheDeadAndNoMore(seed: Int) {
    var coordinator = ToyCoordinator(
      seed: UInt64(seed), runners: 3, sliceCount: 12, chunkCount: 4, faults: .init(deaths: 1))
    let isDone = coordinator.run(steps: 1)
    #expect(isDone && coordinator.violations == [])
    let computed = coordinator.cluster.runners.values.compactMap { $0.slicesComputed[1] }.reduce(0, +)
    #expect(computed <= 12, "\(computed) slices by the survivors of one death")
  }
}
