import KernelTable
import Optimizers
import Testing
import TrainingSupport
import Transformer

/// The bits of three training steps, written down. A change that moves them is a change of numerics: it raises
/// `numericsVersion` and says so in CHANGELOG.md.
struct GoldenHashTests {
  @Test func threeStepsOfTheRandomModelHaveTheirBits() throws {
    let fixture = try ReferenceFixture.load("tiny")
    let shape = try fixture.model.shape()
    let rows = fixture.rows.map(\.tokenRow)
    for set in availableSets {
      for threads in [1, 3] {
        let training = try Training(shape, seed: 42, threads: threads, instructionSet: set, microbatch: 100)
        #expect(fnv(training.weights) == 0xe4f1_a7bf_3aaa_de3e, "fresh weights")
        let optimizer = try AdamW()
        let schedule = try LearningRateSchedule(
          form: .cosine, peak: 1e-2, warmupSteps: 1, totalSteps: 3, minimumRatio: 0.1)
        for step in 1...3 {
          _ = training.step(step, rows, optimizer: optimizer, rate: schedule.rate(forUpdate: step), clipNorm: 1)
        }
        #expect(fnv(training.weights) == 0x71d1_5bfa_cf02_35c2, "weights on \(set)")
        #expect(fnv(training.first + training.second) == 0xfd82_10bd_1ed0_454a, "moments on \(set)")
      }
    }
  }
}
