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
      let nanoseconds: Int
    }

    @Test("nodes of a runner leave before its last gradient of the step is ready")
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
        var early = 0
        let steps = Dictionary(grouping: events, by: \.step)
        #expect(steps.count == 8)
        for (_, events) in steps {
          let ready = events.filter { $0.event == "gradient_ready" }
          #expect(Set(ready.map(\.chunk)).count == 6)
          guard let last = ready.map(\.nanoseconds).max() else { continue }
          if events.contains(where: { $0.event == "node_sent" && $0.nanoseconds < last }) { early += 1 }
        }
        // A busy host may hold up a step or two; an exchange that begins after the backward pass has none.
        #expect(early >= 4, "runner \(runner): in \(early) of \(steps.count) steps")
      }
    }
  }
}
