import Foundation
import TestSupport
import Testing

extension DesignTests {
  @Suite("No runner is the hub of the exchange", .serialized)
  struct NodeTraffic {
    private struct Event: Decodable {
      let assignment: Int
      let step: Int
      let event: String
      let bytes: Int
    }

    @Test("with 6 chunks and 3 workers none receives more than half of all node bytes")
    func share() throws {
      let cluster = try ToyCluster()
      let timeline = "\(cluster.directory.path)/timeline"
      try cluster.startWorkers(["w1", "w2", "w3"], environment: ["ADMIX_TIMELINE": timeline])
      let job = try cluster.submit(
        """
        job: toy
        name: traffic
        shape: stepped
        words: bf16 parameters=\(6 * 262_144)
        steps: 4
        slices: 16
        """)
      _ = try cluster.waitForJob(job)
      let events = try cluster.lines("timeline").map { try JSONDecoder().decode(Event.self, from: Data($0.utf8)) }
      // Whatever part of the slices a runner has: it owns a third of the chunks.
      for step in 1...4 {
        let received = events.filter { $0.event == "node_received" && $0.step == step }
        let bytes = Dictionary(grouping: received, by: \.assignment).mapValues { $0.reduce(0) { $0 + $1.bytes } }
        let total = bytes.values.reduce(0, +)
        #expect(bytes.count == 3, "step \(step): \(bytes)")
        // Of each of six chunks two nodes travel at least, as bf16 that noise does not compress to half.
        #expect(total > 2 * 6 * 262_144, "step \(step): \(bytes)")
        #expect(bytes.values.allSatisfy { 2 * $0 <= total }, "step \(step): \(bytes)")
      }
      // What is counted as received is what was sent.
      let sums = Dictionary(grouping: events, by: \.event).mapValues { $0.reduce(0) { $0 + $1.bytes } }
      #expect(sums["node_sent"] == sums["node_received"])
    }
  }
}
