import KernelTable
import Optimizers
import Testing
import Transformer

/// Losses, logits and gradients are PyTorch's, on rows of several documents with ignored targets.
struct ReferenceTests {
  @Test func tinyModelAgreesWithPyTorch() throws {
    try compare("tiny", weights: { _ in try ReferenceFixture.floats("tiny.weights.f32") })
  }

  @Test(.enabled(if: StoriesModel.isPresent, "stories260K is not in the data folder (ADMIX_TEST_DATA)"))
  func storiesModelAgreesWithPyTorch() throws {
    try compare("stories260K", weights: StoriesModel.weights)
  }

  private func compare(_ name: String, weights: (ParameterLayout) throws -> [Float]) throws {
    let fixture = try ReferenceFixture.load(name)
    let shape = try fixture.model.shape()
    let start = try weights(ParameterLayout(shape))
    for set in availableSets {
      let training = try Training(shape, weights: start, instructionSet: set, microbatch: 128)
      try compareLogits(name, fixture, training)
      try compareGradients(name, fixture, training)
      try compareSteps(fixture, training)
    }
  }

  private func compareLogits(_ name: String, _ fixture: ReferenceFixture, _ training: Training) throws {
    let expected = try ReferenceFixture.floats("\(name).logits.f32")
    let found = training.model.logits(weights: training.weights, row: fixture.rows[0].tokenRow)
    try #require(found.count == expected.count)
    let worst = zip(found, expected).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
    #expect(worst <= 1e-4, "logits of \(name) differ by up to \(worst)")
  }

  private func compareGradients(_ name: String, _ fixture: ReferenceFixture, _ training: Training) throws {
    let expected = try ReferenceFixture.floats("\(name).gradients.f32")
    let losses = training.accumulate(fixture.rows.map(\.tokenRow))
    for (loss, reference) in zip(losses, fixture.rowLosses) {
      #expect(abs(loss.sum - reference) <= 1e-5 * reference)
    }
    try #require(expected.count == training.gradient.count)
    for tensor in training.model.layout.tensors {
      var difference = 0.0
      var size = 0.0
      for i in tensor.range {
        difference +=
          (Double(training.gradient[i]) - Double(expected[i])) * (Double(training.gradient[i]) - Double(expected[i]))
        size += Double(expected[i]) * Double(expected[i])
      }
      let relative = (difference / size).squareRoot()
      #expect(relative <= 1e-4, "gradient of \(tensor.name) differs by \(relative) (relative L2)")
    }
  }

  private func compareSteps(_ fixture: ReferenceFixture, _ training: Training) throws {
    let recipe = fixture.recipe
    let optimizer = try AdamW(
      beta1: recipe.betas[0], beta2: recipe.betas[1], epsilon: recipe.epsilon, weightDecay: recipe.weight_decay)
    let rows = fixture.rows.map(\.tokenRow)
    for step in 0..<recipe.steps {
      let batch = [rows[step % rows.count], rows[(step + 1) % rows.count]]
      let loss = training.step(
        step + 1, batch, optimizer: optimizer, rate: recipe.learning_rate, clipNorm: recipe.clip_norm)
      let reference = fixture.stepLosses[step]
      #expect(abs(loss - reference) <= 1e-4, "loss of step \(step + 1) is \(loss), PyTorch's \(reference)")
    }
    #expect((fixture.stepLosses.first ?? 0) - (fixture.stepLosses.last ?? 0) > 0.05, "the fixture learns nothing")
  }
}
