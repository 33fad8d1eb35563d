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

extension TrainedModel {
  private var writer: CheckpointWriter {
    CheckpointWriter(
      configuration: files.configuration, companions: companions, placements: model.layout.placements)
  }

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
    guard state.recipeSHA256 == recipeSHA256 else {
      throw foreign("its recipe has SHA-256 \(state.recipeSHA256), this job's has \(recipeSHA256)")
    }
    let placements = model.layout.placements
    try directory.loadWeights(placements, into: weights.whole)
    try directory.loadTrainingState(placements, firstMoment: firstMoment.whole, secondMoment: secondMoment.whole)
  }

  func writeCheckpoint(step: UInt64, chain: WireProtocol.Digest, to directory: String) throws {
    let state = TrainingState(
      step: Int(step), optimizerUpdates: Int(step), chainDigest: chain.hex, recipeSHA256: recipeSHA256,
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

  /// Writes the trees `model`, `checkpoint` and `ledger`. `result` makes what joins `result.json` from the weights'
  /// hash.
  func finish(
    _ finish: Finish, chain: WireProtocol.Digest, ledger: [UInt8], result: (String) -> some Encodable
  ) throws -> ShardResult {
    let root = scratchDirectory + "/final"
    try? FileManager.default.removeItem(atPath: root)
    try FileManager.default.createDirectory(atPath: root + "/ledger", withIntermediateDirectories: true)
    try writer.writeModel(at: root + "/model", step: Int(finish.step), weights: UnsafeBufferPointer(weights.whole))
    try writeCheckpoint(step: finish.step, chain: chain, to: root + "/checkpoint")
    try Data(ledger).write(to: URL(fileURLWithPath: root + "/ledger/ledger.json"))
    return ShardResult(
      outputs: ["model", "checkpoint", "ledger"].map { OutputTree(name: $0, directory: "\(root)/\($0)") },
      result: String(decoding: try encodePayload(result(weightsSHA256)), as: UTF8.self))
  }
}

/// SHA-256 of a payload: of everything that decides a run.
func payloadSHA256(_ payload: some Encodable) throws -> String {
  hexadecimal(SHA256.hash(data: try encodePayload(payload)))
}

extension FloatBuffer {
  var whole: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: start, count: count) }
}
