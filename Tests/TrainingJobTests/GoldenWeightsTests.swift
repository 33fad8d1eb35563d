import Foundation
import TestSupport
import Testing

@Suite("Golden weights", .enabled(if: TestData.isPresent, "\(TestData.absence)"))
struct GoldenWeightsTests {
  @Test("A golden recipe has its golden weights when trained naively", arguments: GoldenRecipe.all)
  func naiveTraining(recipe: GoldenRecipe) throws {
    let (hash, losses) = try train(recipe, threads: 1)
    #expect(hash == recipe.weightsSHA256, "\(recipe)")
    #expect(losses.last! < losses.first!, "\(losses)")
  }

  @Test("The weights do not depend on threads", arguments: [2, 3, 7])
  func threads(count: Int) throws {
    let recipe = GoldenRecipe.named(.stories, "bf16")
    #expect(try train(recipe, threads: count).hash == recipe.weightsSHA256)
  }

  @Test("Layers that are computed again give the same weights", arguments: [GoldenRecipe.Model.stories, .random])
  func recomputation(model: GoldenRecipe.Model) throws {
    let recipe = GoldenRecipe.named(model, "bf16")
    #expect(try train(recipe, threads: 2, recipeExtra: "\n  recompute: layers").hash == recipe.weightsSHA256)
  }

  @Test(
    "One addition of the tree done elsewhere gives other weights, so the hashes can tell", arguments: ["bf16", "fp32"])
  func orderMatters(exchange: String) throws {
    let recipe = GoldenRecipe.named(.stories, exchange)
    #expect(try train(recipe, threads: 1, swapped: (1, 2)).hash != recipe.weightsSHA256)
    // Addition commutes bit for bit: the two children of one node may be swapped, whatever their order on the wire.
    #expect(try train(recipe, threads: 1, swapped: (0, 1)).hash == recipe.weightsSHA256)
  }

  private func train(
    _ recipe: GoldenRecipe, threads: Int, swapped: (Int, Int)? = nil, recipeExtra: String = ""
  ) throws -> (hash: String, losses: [Double]) {
    let directory = try TemporaryDirectory()
    let configuration = try directory.write(GoldenRecipe.randomConfiguration, to: "config.json")
    let jobFile = try directory.write(
      recipe.jobFile(configuration: configuration.path, output: "out", recipeExtra: recipeExtra), to: "job.yaml")
    var training = try NaiveTraining(
      jobFile: jobFile, base: TestData.folder!, scratch: directory.url.appendingPathComponent("scratch"),
      threads: threads)
    training.swappedSlices = swapped
    try training.run()
    return (try training.weightsSHA256(), training.losses)
  }
}
