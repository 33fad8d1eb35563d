import Foundation
import TestSupport
import Testing

extension ClusterTests {
  @Suite("Validation", .serialized)
  struct Evaluation {
    /// Sums are Doubles and printed in full: equal texts are equal bits.
    @Test("has the same bits from one worker as from three")
    func workers() throws {
      let one = try evaluations(workers: 1, threads: 2)
      let three = try evaluations(workers: 3, threads: 1)
      #expect(one == three)
      for moment in ["before", "after"] {
        #expect(one.keys.filter { $0.hasPrefix(moment) }.count == 2 * 6, "two sets, six figures each: \(one)")
      }
      // They are measurements: training changed them.
      #expect(one["before/zh_held/loss"] != one["after/zh_held/loss"])
      #expect((one["before/en_far/tokens"].flatMap { Double($0) } ?? 0) > 400)
    }

    /// `after/zh_held/loss` and so on, as JSON has them.
    private func evaluations(workers: Int, threads: Int) throws -> [String: String] {
      let cluster = try Cluster(workers: workers, threads: threads)
      try cluster.waitForWorkers(workers)
      let shown = try cluster.waitForJob(try cluster.submit(.named(.random, "bf16")))
      var found: [String: String] = [:]
      let validation = shown["validation"] as? [String: Any] ?? [:]
      for moment in ["before", "after"] {
        let sets = validation[moment] as? [String: [String: Any]] ?? [:]
        for (set, figures) in sets {
          for (name, figure) in figures { found["\(moment)/\(set)/\(name)"] = "\(figure)" }
        }
      }
      return found
    }
  }
}
