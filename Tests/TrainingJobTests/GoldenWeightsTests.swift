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

  private func train(_ recipe: GoldenRecipe, threads: Int) throws -> (hash: String, losses: [Double]) {
    let directory = try TemporaryDirectory()
    let configuration = try directory.write(GoldenRecipe.randomConfiguration, to: "config.json")
    let jobFile = try directory.write(
      recipe.jobFile(configuration: configuration.path, output: "out"), to: "job.yaml")
    var training = try NaiveTraining(
      jobFile: jobFile, base: TestData.folder!, scratch: directory.url.appendingPathComponent("scratch"),
      threads: threads)
    try training.run()
    return (try training.weightsSHA256(), training.losses)
  }
}
