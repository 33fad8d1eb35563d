import ControlClient
import Crypto
import Foundation
import Glibc
import TestSupport
import Testing
import ToyJobs
import WireProtocol

extension DesignTests {
  /// A job type that neither coordinator nor workers have ever heard of.
  @Suite("A job type of the tests' own runs through all three shapes of work", .serialized)
  struct ThreeShapes {
    private static let words = "bf16 pause=2"
    private static let steps: UInt64 = 6
    private static let slices = 8

    /// A pipeline (graph) of shards and, on what they wrote, a stepped phase of three chunks.
    private static let jobFile = """
      job: pipeline
      name: toys
      stages:
        - {name: numbers, job: toy, shape: sharded, seeds: [11, 12, 13, 14]}
        - name: training
          job: toy
          shape: stepped
          start: ${numbers.joined}
          words: \(words)
          steps: \(steps)
          slices: \(slices)
          checkpoint_every: 2
      """

    /// SHA-256 of the final state, from a plain loop.
    private static let expected = Result {
      let joined = [11, 12, 13, 14].map(ToyText.numbers).joined()
      let seed = ToyText.hash(Array(joined.utf8))
      let state = try PlainToy(words: words, seed: seed, sliceCount: slices).state(after: steps)
      return SHA256.hash(data: state).map { String(format: "%02x", $0) }.joined()
    }

    @Test("with runners killed in a shard and in a step, to the bits of a plain loop", arguments: [1, 2, 3])
    func killed(workers: Int) throws {
      let cluster = try ToyCluster()
      let names = (1...workers).map { "w\($0)" }
      let home = cluster.directory.path
      try cluster.startWorkers(
        names, environment: ["TOY_LOG": "\(home)/shards.log", "TOY_DIES_ONCE": "\(home)/died"])
      let job = try cluster.submit(Self.jobFile)
      var training: JobID?
      try cluster.wait("the training is at its third step") {
        training = try cluster.connection.status().jobs
          .first { $0.parent == job && $0.name == "training" && $0.step >= 2 }?.id
        return training != nil
      }
      let victim = try #require(cluster.runners(of: names[workers - 1]).first)
      kill(victim, SIGKILL)
      let detail = try cluster.waitForJob(job)
      #expect(detail.children.count == 2)
      let trained = try cluster.connection.detail(of: try #require(training))
      let state = try #require(trained.outputs.first { $0.name == "state" }?.files.first)
      #expect(state.digest.hex == (try Self.expected.get()), "\(cluster.story(trained.status.id))")
      #expect(trained.status.step == Self.steps)
      #expect(FileManager.default.fileExists(atPath: "\(home)/died"), "a shard was killed")
      let killed = try cluster.connection.events(of: trained.status.id, after: 0).map(\.text)
      #expect(killed.contains { $0.contains("signal 9") || $0.contains("SIGKILL") }, "\(killed)")
      #expect(cluster.lines("shards.log").sorted() == [11, 12, 13, 14].map { "shard \($0)" })

      // The shards' outputs are known by their keys: nothing of them is run a second time.
      let again = try cluster.waitForJob(try cluster.submit(Self.jobFile))
      #expect(cluster.lines("shards.log").count == 4)
      let retrained = try cluster.connection.detail(of: try #require(again.children.last))
      #expect(retrained.outputs.first { $0.name == "state" }?.files.first?.digest == state.digest)
    }
  }
}
