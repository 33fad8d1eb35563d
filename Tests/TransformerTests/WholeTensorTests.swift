import Foundation
import KernelTable
import TestSupport
import Testing
import TrainingSupport
import Transformer

/// Every element of the logits and gradients against PyTorch's. scripts/check-against-pytorch.sh makes the references,
/// which are too large for the repository, names their folder in ADMIX_PYTORCH_REFERENCE, and shows the table.
struct WholeTensorTests {
  private static let folder = ProcessInfo.processInfo.environment["ADMIX_PYTORCH_REFERENCE"].map {
    URL(fileURLWithPath: $0)
  }
  private static let models = [
    "tiny", "stories260K", "long", "wide", "vocabulary", "qwen2", "biases", "mistral", "smollm2", "smollm2-text",
  ]

  @Test(
    .enabled(if: folder != nil, "ADMIX_PYTORCH_REFERENCE is not set; scripts/check-against-pytorch.sh sets it"))
  func everyElementAgreesWithPyTorch() throws {
    let folder = try #require(Self.folder)
    print("model         worst logit  worst gradient (relative L2)                              worst step loss")
    for name in Self.models {
      try compare(name, folder)
    }
  }

  private func weights(_ name: String, _ fixture: ReferenceFixture, _ layout: ParameterLayout, _ folder: URL) throws
    -> [Float]
  {
    if let seed = fixture.seed { return counterWeights(layout, seed: seed) }
    switch name {
    case "tiny": return try ReferenceFixture.floats("tiny.weights.f32", in: folder)
    case "stories260K": return try ModelOnDisk.stories.weights(layout)
    default: return try #require(ModelOnDisk.smollm2, "ADMIX_SMOLLM2 is not set").weights(layout)
    }
  }

  private func compare(_ name: String, _ folder: URL) throws {
    let fixture = try ReferenceFixture.load(name, in: folder)
    let shape = try fixture.model.shape()
    let training = try Training(
      shape, weights: try weights(name, fixture, ParameterLayout(shape), folder), microbatch: 128)
    let expected = try ReferenceFixture.floats("\(name).logits.f32", in: folder)
    let logits = training.model.logits(weights: training.weights, row: fixture.rows[0].tokenRow)
    try #require(logits.count == expected.count, "\(name)")
    let logitError = zip(logits, expected).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
    #expect(logitError <= 1e-3, "\(name)")

    _ = training.accumulate(fixture.rows.map(\.tokenRow))
    let gradients = try ReferenceFixture.floats("\(name).gradients.f32", in: folder)
    try #require(gradients.count == training.gradient.count, "\(name)")
    var worst = (error: 0.0, tensor: "")
    var nearer = 0
    for tensor in training.model.layout.tensors {
      let error = relativeL2(training.gradient[tensor.range], gradients[tensor.range])
      // Where PyTorch's fp32 gradients are far off its fp64 ones, those are the reference, its own error the measure.
      let theirError = fixture.gradientErrors?[tensor.name] ?? 0
      let limit = theirError > 1e-4 ? 10 * theirError : 1e-4
      #expect(error <= limit, "\(name) \(tensor.name)")
      if !(error < worst.error) { worst = (error, tensor.name) }
      if let theirs = fixture.gradientErrors?[tensor.name], error < theirs { nearer += 1 }
    }
    let lossError = zip(try stepLosses(fixture, training), fixture.stepLosses).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(lossError <= 1e-4, "\(name)")
    func number(_ value: Double) -> String { String(format: "%.1e", value) }
    print(
      name.padding(toLength: 14, withPad: " ", startingAt: 0) + number(Double(logitError)) + "      "
        + "\(number(worst.error)) \(worst.tensor)".padding(toLength: 58, withPad: " ", startingAt: 0)
        + number(lossError))
    if let theirs = fixture.gradientErrors {
      print(
        "              (against PyTorch in fp64, from which PyTorch in fp32 is up to "
          + "\(number(theirs.values.max() ?? 0)); Admix is nearer to it on \(nearer) of \(theirs.count) tensors)")
    }
  }
}
