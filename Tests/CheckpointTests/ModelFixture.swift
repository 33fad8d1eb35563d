import Foundation
import TestSupport
import Testing

@testable import Checkpoints

/// The committed tiny model, the golden values Python computed, and scratch directories.
enum Fixture {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures").path
  static let tiny = folder + "/tiny"
  static let mixed = folder + "/mixed.safetensors"

  /// stories260K of the data folder; absent on most machines.
  static let stories = TestData.place.path + "/models/stories260K/hf"
  static let hasStories = FileManager.default.fileExists(atPath: stories + "/model.safetensors")

  static func golden() throws -> [String: Any] {
    let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: folder + "/golden.json")))
    return try #require(json as? [String: Any])
  }

  static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

  static func write(_ bytes: some Collection<UInt8>, to path: String) throws {
    try Data(bytes).write(to: URL(filePath: path))
  }
}

/// A directory of its own for one test, removed afterwards.
final class Scratch {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "admix-checkpoint-tests-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func at(_ name: String) -> String { path + "/" + name }

  /// A copy of the tiny model that a test may spoil.
  func tinyModel(_ name: String = "model") throws -> String {
    try FileManager.default.copyItem(atPath: Fixture.tiny, toPath: at(name))
    return at(name)
  }
}

extension ModelConfiguration {
  /// The layout of the whole project: embedding, layers by number, norm, head; here with a gap in front, so that a
  /// reader that ignores offsets is caught.
  func placements(firstOffset: Int = 5) -> [TensorPlacement] {
    var placements: [TensorPlacement] = []
    func add(_ name: String, _ shape: Int...) {
      let offset = placements.last?.range.upperBound ?? firstOffset
      placements.append(TensorPlacement(name: name, shape: shape, offset: offset))
    }
    add("model.embed_tokens.weight", vocabularySize, hiddenSize)
    for layer in 0..<layerCount {
      let prefix = "model.layers.\(layer)."
      add(prefix + "input_layernorm.weight", hiddenSize)
      add(prefix + "self_attn.q_proj.weight", headCount * headSize, hiddenSize)
      add(prefix + "self_attn.k_proj.weight", keyValueHeadCount * headSize, hiddenSize)
      add(prefix + "self_attn.v_proj.weight", keyValueHeadCount * headSize, hiddenSize)
      add(prefix + "self_attn.o_proj.weight", hiddenSize, headCount * headSize)
      add(prefix + "post_attention_layernorm.weight", hiddenSize)
      add(prefix + "mlp.gate_proj.weight", intermediateSize, hiddenSize)
      add(prefix + "mlp.up_proj.weight", intermediateSize, hiddenSize)
      add(prefix + "mlp.down_proj.weight", hiddenSize, intermediateSize)
    }
    add("model.norm.weight", hiddenSize)
    if !tieWordEmbeddings { add("lm_head.weight", vocabularySize, hiddenSize) }
    return placements
  }
}

extension [TensorPlacement] {
  var floatCount: Int { map(\.range.upperBound).max() ?? 0 }
}

/// A model in memory with moments, as a run has it.
struct RunInMemory {
  var configuration: ModelConfiguration
  var companions: [CompanionFile]
  var placements: [TensorPlacement]
  var weights: [Float]
  var firstMoment: [Float]
  var secondMoment: [Float]

  init(model path: String = Fixture.tiny) throws {
    let model = try ModelDirectory.open(path)
    configuration = model.configuration
    companions = model.companions + [CompanionFile(name: "chat_template.jinja", contents: Array("{{ x }}".utf8))]
    placements = model.configuration.placements()
    weights = [Float](repeating: .nan, count: placements.floatCount)
    try weights.withUnsafeMutableBufferPointer { try model.loadWeights(model.configuration.placements(), into: $0) }
    firstMoment = weights.indices.map { Float($0) * 0.25 - 3 }
    secondMoment = weights.indices.map { 1 / (Float($0) + 1) }
  }

  func state(step: Int) -> TrainingState {
    TrainingState(
      step: step, optimizerUpdates: step, chainDigest: String(repeating: "0a", count: 32),
      recipeSHA256: String(repeating: "f1", count: 32), numericsVersion: 3, extra: #"{"ledger":[1,"é\n"]}"#)
  }

  var writer: CheckpointWriter {
    CheckpointWriter(configuration: configuration, companions: companions, placements: placements)
  }

  /// Writes a checkpoint of `step`, whose weights differ from those of other steps.
  @discardableResult
  func write(step: Int, root: String, observer: StagedDirectory.Observer? = nil) throws -> String {
    var run = self
    for index in run.weights.indices.dropFirst(5) { run.weights[index] += Float(step) }
    return try run.weights.withUnsafeBufferPointer { weights in
      try run.firstMoment.withUnsafeBufferPointer { first in
        try run.secondMoment.withUnsafeBufferPointer { second in
          try run.writer.writeCheckpoint(
            root: root, state: run.state(step: step), weights: weights, firstMoment: first, secondMoment: second,
            replacing: true, observer: observer)
        }
      }
    }
  }
}

/// SplitMix64: random tests repeat exactly. https://prng.di.unimi.it/splitmix64.c
struct SeededRandom: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// The `CheckpointError` that `body` throws; anything else is recorded as a failure.
func checkpointError(
  _ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
) throws -> CheckpointError {
  let error = #expect(throws: CheckpointError.self, sourceLocation: sourceLocation) { try body() }
  return try #require(error, sourceLocation: sourceLocation)
}
