import ControlClient
import Foundation
import Glibc
import TestSupport
import Testing
import WireProtocol

extension DesignTests {
  @Suite("One kill of a worker costs its slices of one step", .serialized)
  struct OneKill {
    @Test("and nothing else: the others' slices are not computed again, and no checkpoint is read")
    func counters() throws {
      let cluster = try ToyCluster()
      try cluster.startWorkers(["w1", "w2"])
      // Its runner stands still in the middle of step 3, with slices in hand and nothing of them sent.
      try cluster.startWorkers(["doomed"], environment: ["ADMIX_FAILPOINT": "computing:3:stop"])
      let job = try cluster.submit(
        """
        job: toy
        name: killed
        shape: stepped
        words: bf16 pause=10
        steps: 5
        slices: 8
        checkpoint_every: 1
        """)
      try cluster.wait("the runner stands in its third step") {
        cluster.runners(of: "doomed").contains { state(of: $0) == "T" }
      }
      let runners = cluster.runners(of: "doomed")
      #expect(try cluster.connection.detail(of: job).status.step == 2)
      cluster.workers["doomed"]?.killGroup()
      for runner in runners { kill(runner, SIGKILL) }

      let detail = try cluster.waitForJob(job)
      let telemetry = detail.telemetry
      #expect(telemetry.extraAttempts == 1, "one more attempt, of one step")
      #expect(telemetry.slicesComputed == 5 * 8, "what the dead worker had in hand was never counted")
      #expect(telemetry.checkpointsRead == 0)
      #expect(detail.checkpoints.count > 0, "there was one that could have been read")
      #expect(detail.status.step == 5)
    }

    private func state(of process: pid_t) -> String {
      guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
        let end = stat.lastIndex(of: ")")
      else { return "" }
      return stat[end...].split(separator: " ").dropFirst().first.map(String.init) ?? ""
    }
  }
}
