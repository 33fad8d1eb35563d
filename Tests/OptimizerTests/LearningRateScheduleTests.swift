import Glibc
import Optimizers
import Testing

struct LearningRateScheduleTests {
  private func schedule(
    _ form: LearningRateSchedule.Form, warmup: Int = 4, total: Int = 60, floor: Double = 0.1
  ) throws -> LearningRateSchedule {
    try LearningRateSchedule(form: form, peak: 1e-3, warmupSteps: warmup, totalSteps: total, minimumRatio: floor)
  }

  @Test func warmupRisesLinearlyAndItsLastUpdateHasThePeak() throws {
    for form in LearningRateSchedule.Form.allCases {
      let s = try schedule(form)
      for step in 1...4 {
        #expect(abs(s.rate(forUpdate: step) - 1e-3 * Double(step) / 4) < 1e-18)
      }
    }
  }

  @Test func lastUpdateHasTheFloor() throws {
    for form in [LearningRateSchedule.Form.cosine, .linear, .wsd] {
      #expect(abs(try schedule(form).rate(forUpdate: 60) - 1e-4) < 1e-15, "\(form)")
      #expect(abs(try schedule(form).rate(forUpdate: 1000) - 1e-4) < 1e-15, "beyond the end, \(form)")
    }
    #expect(try schedule(.constant).rate(forUpdate: 60) == 1e-3)
  }

  @Test func cosineAndLinearFollowTheirFormulas() throws {
    for step in 5...60 {
      let x = Double(step - 4) / 56
      let cosine = 1e-3 * (0.1 + 0.9 * (1 + cos(Double.pi * x)) / 2)
      let linear = 1e-3 * (0.1 + 0.9 * (1 - x))
      #expect(abs(try schedule(.cosine).rate(forUpdate: step) - cosine) < 1e-15)
      #expect(abs(try schedule(.linear).rate(forUpdate: step) - linear) < 1e-15)
    }
  }

  @Test func wsdIsStableUntilItsLastTenth() throws {
    let s = try schedule(.wsd, warmup: 0, total: 100)
    #expect(s.rate(forUpdate: 1) == 1e-3)
    #expect(s.rate(forUpdate: 90) == 1e-3)
    #expect(abs(s.rate(forUpdate: 95) - 1e-3 * 0.55) < 1e-12)
  }

  @Test func aRunShorterThanItsWarmupEndsInIt() throws {
    let s = try schedule(.cosine, warmup: 10, total: 5)
    #expect(abs(s.rate(forUpdate: 5) - 5e-4) < 1e-18)
  }

  @Test func senselessNumbersAreRefusedByTheirKey() {
    let cases: [(String, () throws -> LearningRateSchedule)] = [
      ("learning_rate", { try .init(form: .cosine, peak: -1, warmupSteps: 0, totalSteps: 1, minimumRatio: 0) }),
      ("learning_rate", { try .init(form: .cosine, peak: .nan, warmupSteps: 0, totalSteps: 1, minimumRatio: 0) }),
      ("warmup_steps", { try .init(form: .cosine, peak: 1, warmupSteps: -1, totalSteps: 1, minimumRatio: 0) }),
      ("steps", { try .init(form: .cosine, peak: 1, warmupSteps: 0, totalSteps: 0, minimumRatio: 0) }),
      ("min_lr_ratio", { try .init(form: .cosine, peak: 1, warmupSteps: 0, totalSteps: 1, minimumRatio: 1.5) }),
    ]
    for (key, make) in cases {
      let error = #expect(throws: RecipeError.self) { try make() }
      #expect(error?.key == key)
    }
  }
}
