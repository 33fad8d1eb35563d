import Foundation
import KernelTable
import Optimizers
import TestSupport
import Testing
import TrainingSupport
import Transformer

/// Losses, logits, every gradient and ten steps' losses are PyTorch's (fp32), on rows of several documents with ignored
/// targets. What each model is there for: scripts/fixtures/llama_models.py.
struct ReferenceTests {
  @Test func tinyModelAgreesWithPyTorch() throws {
    try compare("tiny") { _ in try ReferenceFixture.floats("tiny.weights.f32") }
  }

  @Test(.enabled(if: ModelOnDisk.stories.isPresent, "stories260K is not in the data folder (ADMIX_TEST_DATA)"))
  func storiesModelAgreesWithPyTorch() throws {
    try compare("stories260K", weights: ModelOnDisk.stories.weights)
  }

  @Test(arguments: ["long", "wide", "vocabulary", "qwen2", "biases", "mistral"])
  func randomModelAgreesWithPyTorch(name: String) throws {
    let seed = try #require(try ReferenceFixture.load(name).seed)
    try compare(name) { counterWeights($0, seed: seed) }
  }

  @Test(
    .enabled(
      if: ModelOnDisk.smollm2?.isPresent == true,
      "ADMIX_SMOLLM2 names no directory that scripts/fixtures/smollm2_directory.py wrote"))
  func smolLM2AgreesWithPyTorch() throws {
    let model = try #require(ModelOnDisk.smollm2)
    try compare("smollm2", sets: Array(availableSets.suffix(1)), logitTolerance: 1e-3, weights: model.weights)
  }

  private func compare(
    _ name: String, sets: [InstructionSet] = availableSets, logitTolerance: Float = 1e-4,
    weights: (ParameterLayout) throws -> [Float]
  ) throws {
    let fixture = try ReferenceFixture.load(name)
    let shape = try fixture.model.shape()
    let start = try weights(ParameterLayout(shape))
    for set in sets {
      let training = try Training(shape, weights: start, instructionSet: set, microbatch: 128)
      try compareLogits(name, fixture, training, tolerance: logitTolerance)
      try compareGradients(name, fixture, training)
      try compareSteps(fixture, training)
    }
  }

  private func compareLogits(
    _ name: String, _ fixture: ReferenceFixture, _ training: Training, tolerance: Float
  ) throws {
    let expected = try ReferenceFixture.floats("\(name).logits.f32")
    let whole = training.model.logits(weights: training.weights, row: fixture.rows[0].tokenRow)
    var found = whole
    if let summary = fixture.logits {
      try #require(expected.count < whole.count)
      found = TensorSummary.samplePlaces(expected.count, of: whole.count).map { whole[$0] }
      let deviation = TensorSummary(whole).deviation(from: summary)
      #expect(deviation <= Self.projectionTolerance, "logits of \(name) differ by \(deviation) (projections)")
    }
    try #require(found.count == expected.count)
    let worst = zip(found, expected).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
    #expect(worst <= tolerance, "logits of \(name) differ by up to \(worst)")
  }

  /// A relative L2 error above 1e-4 has projections within this with a chance below 7e-7, whatever it looks like.
  private static let projectionTolerance = 0.38 * 1e-4

  private func compareGradients(_ name: String, _ fixture: ReferenceFixture, _ training: Training) throws {
    let losses = training.accumulate(fixture.rows.map(\.tokenRow))
    for (loss, reference) in zip(losses, fixture.rowLosses) {
      #expect(abs(loss.sum - reference) <= 1e-5 * reference)
    }
    guard let summaries = fixture.gradients else { return try compareWholeGradients(name, training) }
    #expect(Set(summaries.keys) == Set(training.model.layout.tensors.map(\.name)))
    for tensor in training.model.layout.tensors {
      let reference = try #require(summaries[tensor.name])
      let deviation = TensorSummary(training.gradient[tensor.range]).deviation(from: reference)
      #expect(deviation <= Self.projectionTolerance, "gradient of \(tensor.name) of \(name) differs by \(deviation)")
    }
  }

  private func compareWholeGradients(_ name: String, _ training: Training) throws {
    let expected = try ReferenceFixture.floats("\(name).gradients.f32")
    try #require(expected.count == training.gradient.count)
    for tensor in training.model.layout.tensors {
      let relative = relativeL2(training.gradient[tensor.range], expected[tensor.range])
      #expect(relative <= 1e-4, "gradient of \(tensor.name) differs by \(relative) (relative L2)")
    }
  }

  private func compareSteps(_ fixture: ReferenceFixture, _ training: Training) throws {
    let losses = try stepLosses(fixture, training)
    for (step, (loss, reference)) in zip(losses, fixture.stepLosses).enumerated() {
      #expect(abs(loss - reference) <= 1e-4, "loss of step \(step + 1) is \(loss), PyTorch's \(reference)")
    }
    #expect((fixture.stepLosses.first ?? 0) - (fixture.stepLosses.last ?? 0) > 0.05, "the fixture learns nothing")
  }

  @Test func aWrongGradientShowsInItsProjections() {
    let values = counterNormals(5000)
    let reference = TensorSummary(values)
    #expect(TensorSummary(values).deviation(from: reference) == 0)
    // Errors of relative L2 2e-4: in one element, two opposite ones, every element.
    let size = Float(2e-4 * reference.norm)
    for places in [[17], [17, 4000], Array(0..<5000)] {
      var wrong = values
      for (index, place) in places.enumerated() {
        wrong[place] += (index % 2 == 0 ? 1 : -1) * size / Float(places.count).squareRoot()
      }
      #expect(TensorSummary(wrong).deviation(from: reference) > Self.projectionTolerance, "\(places.count) places")
    }
  }

  private func counterNormals(_ count: Int) -> [Float] {
    let random = Philox4x32(seed: 5)
    return (0..<count).map { Float(random.normals(UInt64($0)).0) }
  }
}

/// Losses before each of the recipe's updates; step s takes rows s and s + 1 in turn.
func stepLosses(_ fixture: ReferenceFixture, _ training: Training) throws -> [Double] {
  let recipe = fixture.recipe
  let optimizer = try AdamW(
    beta1: recipe.betas[0], beta2: recipe.betas[1], epsilon: recipe.epsilon, weightDecay: recipe.weight_decay)
  let rows = fixture.rows.map(\.tokenRow)
  return (0..<recipe.steps).map { step in
    training.step(
      step + 1, [rows[step % rows.count], rows[(step + 1) % rows.count]], optimizer: optimizer,
      rate: recipe.learning_rate, clipNorm: recipe.clip_norm)
  }
}

/// ‖found − expected‖ / ‖expected‖ in Double.
func relativeL2(_ found: ArraySlice<Float>, _ expected: ArraySlice<Float>) -> Double {
  var (difference, size) = (0.0, 0.0)
  for (a, b) in zip(found, expected) {
    difference += (Double(a) - Double(b)) * (Double(a) - Double(b))
    size += Double(b) * Double(b)
  }
  return (difference / size).squareRoot()
}
