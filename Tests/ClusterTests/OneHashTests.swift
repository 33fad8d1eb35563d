import Foundation
import TestSupport
import Testing

/// All tests on real processes: one after the other, since each has a cluster of its own on this machine's few cores.
@Suite("ClusterTests", .serialized, .enabled(if: TestData.isPresent, "\(TestData.absence)"))
enum ClusterTests {}

extension ClusterTests {
  @Suite("One hash of the weights", .serialized)
  struct OneHash {
    @Test("whatever the number of workers", arguments: [1, 2, 3, 5])
    func workers(count: Int) throws {
      let recipe = GoldenRecipe.named(.random, "bf16")
      #expect(try trainedHash(recipe, workers: count) == recipe.weightsSHA256)
    }

    @Test("whatever the codec and the model, on two workers", arguments: GoldenRecipe.all)
    func codecs(recipe: GoldenRecipe) throws {
      #expect(try trainedHash(recipe, workers: 2) == recipe.weightsSHA256)
    }

    @Test("whatever the threads", arguments: [2, 3, 7])
    func threads(count: Int) throws {
      let recipe = GoldenRecipe.named(.random, "bf16")
      #expect(try trainedHash(recipe, workers: 2, threads: count) == recipe.weightsSHA256)
    }

    @Test("with one worker on AVX2 and one on AVX-512")
    func instructionSets() throws {
      let recipe = GoldenRecipe.named(.random, "bf16")
      let cluster = try Cluster()
      try cluster.startWorker("narrow", environment: ["ADMIX_ISA": "avx2"])
      try cluster.startWorker("wide")
      try cluster.waitForWorkers(2)
      let shown = try cluster.waitForJob(try cluster.submit(recipe))
      #expect(shown["weights_sha256"] as? String == recipe.weightsSHA256)
    }

    private func trainedHash(_ recipe: GoldenRecipe, workers: Int, threads: Int = 1) throws -> String? {
      let cluster = try Cluster(workers: workers, threads: threads)
      try cluster.waitForWorkers(workers)
      return try cluster.waitForJob(try cluster.submit(recipe))["weights_sha256"] as? String
    }
  }
}
