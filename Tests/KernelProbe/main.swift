import Checkpoints
import Foundation
import KernelTable
import Optimizers
import TrainingSupport
import Transformer

// Trains a random model of under 50,000 parameters for three steps of 128 tokens with whatever build of the kernels
// this processor (or emulator) gets, and prints the build and the weights' hash. Tests run it natively and under qemu.

func fail(_ text: String, _ status: Int32) -> Never {
  FileHandle.standardError.write(Data("error: \(text)\n".utf8))
  exit(status)
}

do {
  let kernels = try Kernels.forThisProcessor()
  let shape = try LlamaShape(
    vocabularySize: 120, dimension: 48, feedForwardDimension: 80, layers: 2, heads: 4, keyValueHeads: 2,
    headDimension: 12, contextLength: 128, ropeTheta: 500,
    ropeScaling: .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 32),
    attentionBias: .queryKeyValue)
  let layout = ParameterLayout(shape)
  precondition(layout.count < 50_000, "\(layout.count) parameters")
  let training = try Training(
    shape, weights: counterWeights(layout, seed: 3), threads: 2, instructionSet: kernels.instructionSet)
  let random = Philox4x32(seed: 4)
  let tokens = (0..<128).map { Int32(random.block(SIMD4(UInt32($0), 0, 0, 0))[0] % 120) }
  let row = TokenRow(tokens: tokens, targets: Array(tokens.dropFirst()) + [-1], documentStarts: [0, 90])
  let optimizer = try AdamW()
  for step in 1...3 {
    _ = training.step(step, [row], optimizer: optimizer, rate: 1e-2, clipNorm: 1)
  }
  let placements = layout.tensors.map { TensorPlacement(name: $0.name, shape: $0.shape, offset: $0.offset) }
  let hash = training.weights.withUnsafeBufferPointer { weightsHash(placements, weights: $0) }
  print(kernels.instructionSet, hash.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())
} catch let error as InstructionSetError {
  fail(error.description, 2)
} catch {
  fail("\(error)", 1)
}
