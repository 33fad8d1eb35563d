import Foundation
import Glibc
import TestSupport
import Testing

extension ClusterTests {
  @Suite("The same hash after a fault", .serialized)
  struct Faults {
    let recipe = GoldenRecipe.named(.random, "bf16")

    static let places = ["computing", "sending-nodes", "before-prepared", "after-prepared", "before-apply"]

    @Test("a runner, or its worker with it, is killed in a step", arguments: places, ["kill", "kill-worker"])
    func killed(at place: String, action: String) throws {
      let cluster = try Cluster(workers: 2)
      try cluster.startWorker("doomed", failpoint: "\(place):3:\(action)")
      try cluster.waitForWorkers(3)
      let shown = try cluster.waitForJob(try cluster.submit(recipe))
      #expect(shown["weights_sha256"] as? String == recipe.weightsSHA256)
      if action == "kill-worker" {
        #expect(try cluster.workers["doomed"]?.waitForExit(seconds: 5) == 128 + SIGKILL, "the place was not reached")
      }
    }

    @Test("a worker is killed with all that it runs")
    func workerKilled() throws {
      let cluster = try Cluster(workers: 3)
      try cluster.waitForWorkers(3)
      let job = try cluster.submit(recipe, steps: 24)
      try cluster.waitForStep(3, of: job)
      cluster.workers["w1"]?.killGroup()
      let shown = try cluster.waitForJob(job)
      #expect(shown["weights_sha256"] as? String == (try referenceHash(steps: 24)))
    }

    @Test("a worker joins in the middle of the run")
    func joining() throws {
      let cluster = try Cluster(workers: 1)
      try cluster.waitForWorkers(1)
      let job = try cluster.submit(recipe, steps: 24)
      try cluster.waitForStep(2, of: job)
      try cluster.startWorker("late")
      let shown = try cluster.waitForJob(job)
      #expect(shown["weights_sha256"] as? String == (try referenceHash(steps: 24)))
    }

    @Test("a worker is stopped past its lease and wakes up again")
    func stopped() throws {
      let cluster = try Cluster(workers: 3)
      try cluster.waitForWorkers(3)
      let job = try cluster.submit(recipe, steps: 48)
      try cluster.waitForStep(3, of: job)
      let worker = try #require(cluster.workers["w2"])
      let runners = Cluster.children(of: worker.processID)
      for process in [worker.processID] + runners { kill(process, SIGSTOP) }
      usleep(2_500_000)
      for process in runners + [worker.processID] { kill(process, SIGCONT) }
      let shown = try cluster.waitForJob(job)
      #expect(shown["weights_sha256"] as? String == (try referenceHash(steps: 48)))
    }

    @Test("the coordinator is killed and started again in the middle of a step")
    func coordinatorKilled() throws {
      let cluster = try Cluster(workers: 2)
      try cluster.waitForWorkers(2)
      let job = try cluster.submit(recipe, steps: 24)
      try cluster.waitForStep(3, of: job)
      cluster.coordinator?.killAndWait()
      try cluster.startCoordinator()
      let shown = try cluster.waitForJob(job)
      #expect(shown["weights_sha256"] as? String == (try referenceHash(steps: 24)))
    }

    @Test("everything is stopped and started again")
    func everythingStopped() throws {
      let cluster = try Cluster(workers: 2)
      try cluster.waitForWorkers(2)
      let job = try cluster.submit(recipe, steps: 24)
      try cluster.waitForStep(6, of: job)
      cluster.stop()
      try cluster.startCoordinator()
      for name in ["w0", "w1"] { try cluster.startWorker(name) }
      let shown = try cluster.waitForJob(job)
      #expect(shown["weights_sha256"] as? String == (try referenceHash(steps: 24)))
    }

    @Test("the job is paused and resumed")
    func paused() throws {
      let cluster = try Cluster(workers: 2)
      try cluster.waitForWorkers(2)
      let job = try cluster.submit(recipe, steps: 24)
      try cluster.waitForStep(3, of: job)
      #expect(try cluster.run(["pause", "\(job)"]).status == 0)
      try cluster.waitUntil("the job is paused", seconds: 20) {
        try cluster.show(job)["state"] as? String == "PAUSED"
      }
      #expect(try cluster.run(["resume", "\(job)"]).status == 0)
      let shown = try cluster.waitForJob(job)
      #expect(shown["weights_sha256"] as? String == (try referenceHash(steps: 24)))
    }

    /// The same job on one worker without any fault.
    private func referenceHash(steps: Int) throws -> String? {
      try References.shared.hash(recipe, steps: steps)
    }
  }
}

/// Hashes of undisturbed runs of one worker, computed once each.
final class References: Sendable {
  static let shared = References()
  private let known = Known()

  func hash(_ recipe: GoldenRecipe, steps: Int) throws -> String? {
    try known.value(for: "\(recipe) \(steps)") {
      let cluster = try Cluster(workers: 1, threads: 2)
      try cluster.waitForWorkers(1)
      return try cluster.waitForJob(try cluster.submit(recipe, steps: steps))["weights_sha256"] as? String
    }
  }
}

/// Sendable: the dictionary is only touched with the lock held.
private final class Known: @unchecked Sendable {
  private let lock = NSLock()
  private var values: [String: String?] = [:]

  func value(for key: String, _ compute: () throws -> String?) rethrows -> String? {
    try lock.withLock {
      if let value = values[key] { return value }
      let value = try compute()
      values[key] = value
      return value
    }
  }
}
