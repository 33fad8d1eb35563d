import Foundation
import TestSupport
import Testing
import TrainingJobs

@Suite("Golden weights of fine-tuning", .enabled(if: TestData.isPresent, "\(TestData.absence)"))
struct TuningWeightsTests {
  @Test("A golden recipe has its golden weights when trained naively, whatever the threads", arguments: [1, 3])
  func naive(threads: Int) throws {
    for recipe in TuningRecipe.all {
      let directory = try TemporaryDirectory()
      let jobFile = try directory.write(recipe.jobFile(), to: "job.yaml")
      var training = try NaiveTraining(
        jobFile: jobFile, base: TestData.folder!, scratch: directory.url.appendingPathComponent("scratch"),
        threads: threads, job: recipe.job == "sft" ? SFTJob() : DPOJob())
      try training.run()
      let hash = try training.weightsSHA256()
      #expect(hash == recipe.weightsSHA256, "\(recipe)")
      #expect(training.losses.allSatisfy { $0.isFinite }, "\(training.losses)")
      // The policy starts as its own reference.
      if recipe.job == "dpo" { #expect(abs(training.losses[0] - 0.6931471805599453) < 1e-12) }
    }
  }
}
