import Foundation
import TestSupport
import Testing

extension ClusterTests {
  @Suite("Gradients travel while others are computed", .serialized)
  struct Overlap {
    private struct Event: Decodable {
      let assignment: Int
      let step: Int
      let event: String
      let chunk: Int
      /// Its slices: `4..<6`.
      let node: String
      let nanoseconds: Int

      /// One past the last slice: a node is complete in that slice's backward pass.
      var end: Substring? { node.split(separator: "<").last }
    }

    @Test("nodes leave before the backward pass that completes them has reached its last chunk")
    func nodesLeaveEarly() throws {
      let cluster = try Cluster()
      let timeline = "\(cluster.directory.path)/timeline"
      for name in ["w0", "w1"] { try cluster.startWorker(name, environment: ["ADMIX_TIMELINE": timeline]) }
      try cluster.waitForWorkers(2)
      let recipe = GoldenRecipe.named(.random, "bf16")
      let shown = try cluster.waitForJob(try cluster.submit(recipe))
      #expect(shown["weights_sha256"] as? String == recipe.weightsSHA256)
      let events = try String(contentsOfFile: timeline, encoding: .utf8).split(separator: "\n").map {
        try JSONDecoder().decode(Event.self, from: Data($0.utf8))
      }
      let runners = Dictionary(grouping: events, by: \.assignment)
      #expect(runners.count == 2)
      for (runner, events) in runners {
        let steps = Dictionary(grouping: events, by: \.step)
        #expect(steps.count == 8)
        let early = steps.values.count { events in
          let ready = Dictionary(grouping: events.filter { $0.event == "gradient_ready" }, by: \.end)
          return events.contains { sent in
            guard sent.event == "node_sent", let last = ready[sent.end]?.map(\.nanoseconds).max() else { return false }
            return sent.nanoseconds < last
          }
        }
        // A busy host may hold up a step or two; an exchange that begins after the backward pass has none.
        #expect(early >= 4, "runner \(runner): in \(early) of \(steps.count) steps")
      }
    }
  }
}
