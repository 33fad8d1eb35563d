import Foundation
import Glibc
import TestSupport
import Testing

extension ClusterTests {
  @Suite("Fine-tuning: one hash of the weights", .serialized)
  struct Tuning {
    @Test("with three workers of two threads, one of them on AVX2", arguments: TuningRecipe.all)
    func workers(recipe: TuningRecipe) throws {
      let cluster = try Cluster(workers: 2, threads: 2)
      try cluster.startWorker("narrow", environment: ["ADMIX_ISA": "avx2"])
      try cluster.waitForWorkers(3)
      let shown = try cluster.waitForJob(try cluster.submit(recipe.jobFile()))
      #expect(shown["weights_sha256"] as? String == recipe.weightsSHA256)
    }

    @Test("when a runner is killed in a step", arguments: TuningRecipe.all)
    func killed(recipe: TuningRecipe) throws {
      let cluster = try Cluster(workers: 1)
      try cluster.startWorker("doomed", failpoint: "sending-nodes:3:kill-worker")
      try cluster.waitForWorkers(2)
      let shown = try cluster.waitForJob(try cluster.submit(recipe.jobFile()))
      #expect(shown["weights_sha256"] as? String == recipe.weightsSHA256)
      #expect(try cluster.workers["doomed"]?.waitForExit(seconds: 5) == 128 + SIGKILL, "the place was not reached")
    }

    @Test("when it is paused, everything started again, and resumed from its checkpoint", arguments: TuningRecipe.all)
    func resumed(recipe: TuningRecipe) throws {
      let cluster = try Cluster(workers: 1)
      try cluster.waitForWorkers(1)
      // A job of so few steps may be over before it is told to pause; then another one is tried.
      var job = 0
      var state = ""
      for _ in 0..<5 where state != "PAUSED" {
        job = try cluster.submit(recipe.jobFile(output: "out-\(job)"))
        try cluster.waitForStep(2, of: job)
        _ = try cluster.run(["pause", "\(job)"])
        try cluster.waitUntil("the job is paused or over", seconds: 20) {
          state = try cluster.show(job)["state"] as? String ?? ""
          return ["PAUSED", "COMPLETED"].contains(state)
        }
      }
      try #require(state == "PAUSED")
      cluster.stop()
      try cluster.startCoordinator()
      try cluster.startWorker("next", threads: 2)
      _ = try cluster.run(["resume", "\(job)"])
      #expect(try cluster.waitForJob(job)["weights_sha256"] as? String == recipe.weightsSHA256)
    }
  }
}
