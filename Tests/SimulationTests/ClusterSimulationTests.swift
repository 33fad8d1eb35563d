import ClusterSimulator
import Testing

/// Thousands of clusters' lives in virtual time. A failure names its seed; `SimulatedCluster(seed:)` with `log` set
/// tells its story.
@Suite struct ClusterSimulationTests {
  #if DEBUG
    static let seedCount: UInt64 = 40
  #else
    static let seedCount: UInt64 = 300
  #endif

  @Test func whoeverDiesWheneverTheJobEndsWithTheBitsOfASingleWorker() {
    var visited: [CrashPoint: Int] = [:]
    var totals = SimulatedCluster.Counters()
    for seed in 0..<Self.seedCount {
      let cluster = SimulatedCluster(seed: seed)
      let violations = cluster.run()
      #expect(violations.isEmpty, "seed \(seed): \(violations.first ?? "")")
      visited.merge(cluster.visitedCrashPoints, uniquingKeysWith: +)
      totals.add(cluster.counters)
    }
    print("simulated \(Self.seedCount) clusters: \(totals.summary)")
    for point in CrashPoint.allCases { print("  crashed at \(point.rawValue): \(visited[point, default: 0])") }
    #if !DEBUG
      let unvisited = CrashPoint.allCases.filter { visited[$0, default: 0] == 0 }
      #expect(unvisited.isEmpty, "crash points never visited: \(unvisited.map(\.rawValue))")
    #endif
  }

  @Test func aSeedReplaysToTheSameTrace() {
    for seed: UInt64 in [3, 10, 77] {
      let (first, second) = (SimulatedCluster(seed: seed), SimulatedCluster(seed: seed))
      _ = (first.run(), second.run())
      #expect(first.trace == second.trace)
      #expect(first.eventCount == second.eventCount)
      #expect(first.trace != SimulatedCluster(seed: seed + 1).trace)
    }
  }
}
