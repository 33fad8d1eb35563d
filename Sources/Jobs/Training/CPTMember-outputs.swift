import Checkpoints
import Corpora
import Crypto
import Foundation
import JobKit
import KernelTable
import Transformer
import WireProtocol

/// A checkpoint that belongs to another run than the one that wants to go on from it.
struct ForeignCheckpoint: Error, CustomStringConvertible {
  let path: String
  let reason: String
  var description: String { "the checkpoint \(path) cannot be gone on from: \(reason)" }
}

extension CPTMember {
  private var writer: CheckpointWriter {
    CheckpointWriter(
      configuration: files.configuration, companions: files.companions, placements: model.layout.placements)
  }

  /// SHA-256 of everything that decides the run, so that a checkpoint is not continued under another recipe.
  func recipeSHA256() throws -> String { hexadecimal(SHA256.hash(data: try encodePayload(payload))) }

  var weightsSHA256: String {
    hexadecimal(weightsHash(model.layout.placements, weights: UnsafeBufferPointer(weights.whole)))
  }

  func load(_ checkpoint: (directory: String, step: UInt64)) throws {
    let directory = try CheckpointDirectory.open(checkpoint.directory)
    let state = directory.state
    func foreign(_ reason: String) -> ForeignCheckpoint {
      ForeignCheckpoint(path: checkpoint.directory, reason: reason)
    }
    guard state.step == Int(checkpoint.step) else {
      throw foreign("it holds step \(state.step), and step \(checkpoint.step) was asked for")
    }
    guard state.numericsVersion == Int(numericsVersion) else {
      throw foreign(
        "it was computed by numerics version \(state.numericsVersion), this build has \(numericsVersion): "
          + "the weights would not be those of one run")
    }
    let recipe = try recipeSHA256()
    guard state.recipeSHA256 == recipe else {
      throw foreign("its recipe has SHA-256 \(state.recipeSHA256), this job's has \(recipe)")
    }
    let placements = model.layout.placements
    try directory.loadWeights(placements, into: weights.whole)
    try directory.loadTrainingState(placements, firstMoment: firstMoment.whole, secondMoment: secondMoment.whole)
  }

  func writeCheckpoint(step: UInt64, chain: WireProtocol.Digest, to directory: String) throws {
    let state = TrainingState(
      step: Int(step), optimizerUpdates: Int(step), chainDigest: chain.hex, recipeSHA256: try recipeSHA256(),
      numericsVersion: Int(numericsVersion))
    let root = directory + ".staging"
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: root) }
    let written = try writer.writeCheckpoint(
      root: root, state: state, weights: UnsafeBufferPointer(weights.whole),
      firstMoment: UnsafeBufferPointer(firstMoment.whole), secondMoment: UnsafeBufferPointer(secondMoment.whole))
    if FileManager.default.fileExists(atPath: directory) { try FileManager.default.removeItem(atPath: directory) }
    try FileManager.default.moveItem(atPath: written, toPath: directory)
  }

  func finish(_ finish: Finish, chain: WireProtocol.Digest) throws -> ShardResult {
    let root = scratchDirectory + "/final"
    try? FileManager.default.removeItem(atPath: root)
    try FileManager.default.createDirectory(atPath: root + "/ledger", withIntermediateDirectories: true)
    try writer.writeModel(at: root + "/model", step: Int(finish.step), weights: UnsafeBufferPointer(weights.whole))
    try writeCheckpoint(step: finish.step, chain: chain, to: root + "/checkpoint")
    let ledger = try corpus.ledger(steps: finish.step)
    try Data(ledger.json).write(to: URL(fileURLWithPath: root + "/ledger/ledger.json"))
    let result = TrainingResult(
      weightsSHA256: weightsSHA256,
      parameters: model.layout.count, mixture: ledger.mixture)
    return ShardResult(
      outputs: ["model", "checkpoint", "ledger"].map { OutputTree(name: $0, directory: "\(root)/\($0)") },
      result: String(decoding: try encodePayload(result), as: UTF8.self))
  }
}

extension FloatBuffer {
  var whole: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: start, count: count) }
}

/// What a finished training adds to `result.json`.
struct TrainingResult: Codable {
  struct Mixture: Codable {
    struct Source: Codable {
      let name: String
      let role: SourceRole
      let requested: Double
      let achieved: Double
      let rows: Int
      let tokens: Int
      let bytes: Int
      /// The tokenizer's fertility on the source's whole text.
      let tokensPerByte: Double?
      let tokensPerCharacter: Double?

      enum CodingKeys: String, CodingKey {
        case name, role, requested, achieved, rows, tokens, bytes
        case tokensPerByte = "tokens_per_byte"
        case tokensPerCharacter = "tokens_per_character"
      }
    }
    /// The share of tokens from sources whose role is added.
    let requested: Double
    let achieved: Double
    let sources: [Source]
  }
  let weightsSHA256: String
  let parameters: Int
  let mixture: Mixture

  enum CodingKeys: String, CodingKey {
    case weightsSHA256 = "weights_sha256"
    case parameters, mixture
  }
}
