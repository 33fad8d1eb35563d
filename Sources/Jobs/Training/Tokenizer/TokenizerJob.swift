import Crypto
import Foundation
public import JobKit
import Tokenizers
public import WireProtocol

/// Learns a byte-level BPE vocabulary, for models from scratch: their `tokenizer` is then `${stage.tokenizer}`. A model
/// whose `vocab_size` is smaller than what was learned is refused before its first step.
public struct TokenizerJob: JobType {
  static let version: UInt32 = 1
  static let tree = "tokenizer"

  public let name = "tokenizer"
  public var version: UInt32 { Self.version }

  public init() {}

  public func plan(_ specification: SpecMapping, context: any PlanningContext) throws -> JobPlan {
    let ((header, paths, learning), resolved) = try SpecReader.read(specification, read)
    let inputs = try paths.enumerated().map { index, path in
      try context.input(named: "text-\(index)", path: path, kind: .file).reference
    }
    let payload = try encodePayload(learning)
    let shard = ShardPlan(
      name: "learn", payload: payload, inputs: inputs, cacheKey: Self.cacheKey(payload, inputs))
    context.resolved(resolved)
    return JobPlan(
      jobType: name, pluginVersion: version, name: header.name,
      phases: [PhasePlan(name: "learn", work: .sharded([shard]))], outputs: [Self.tree])
  }

  private func read(_ reader: SpecReader) throws -> (JobHeader, [SpecScalar], VocabularyLearning) {
    let header = try reader.header(of: name)
    let paths = try reader.requiredList("paths", of: .path, count: 1...4096, example: "[corpora/en.jsonl.gz]")
    let size = try reader.required("vocab_size", .integer(257...1_000_000), example: "2304")
    var learning = VocabularyLearning(vocabularySize: size)
    learning.rule = try reader.value("rule", .oneOf(TrainedRule.self), default: .gpt2)
    learning.minimumFrequency = try reader.value("min_frequency", .integer(0...1_000_000_000), default: 0)
    learning.specialTokens = try reader.list(
      "special_tokens", of: .text, count: 1...1000, default: learning.specialTokens)
    learning.textField = try reader.value("text_field", .text, default: "text")
    guard Set(learning.specialTokens).count == learning.specialTokens.count, !learning.specialTokens.contains("")
    else {
      throw reader.refusal("special_tokens", "a name is empty or stands there twice", remedy: "Write each once")
    }
    guard size >= 256 + learning.specialTokens.count else {
      throw reader.refusal(
        "vocab_size", "\(size) has no room for 256 bytes and \(learning.specialTokens.count) special tokens",
        remedy: "Write \(256 + learning.specialTokens.count) or more")
    }
    return (header, paths, learning)
  }

  /// Nil when a text is an earlier stage's.
  private static func cacheKey(_ payload: [UInt8], _ inputs: [InputReference]) -> WireProtocol.Digest? {
    var hash = SHA256()
    hash.update(data: Array("tokenizer \(version)\n".utf8) + payload)
    for input in inputs {
      guard case .files(let tree) = input else { return nil }
      for file in tree.files { hash.update(data: Array("\(file.path) \(file.digest.hex)\n".utf8)) }
    }
    return WireProtocol.Digest(sha256: hash.finalize())
  }

  public func runShard(_ context: ShardContext) throws -> ShardResult {
    let learning = try decodePayload(VocabularyLearning.self, from: context.payload)
    context.progress("counting words", 0)
    let files = try (0..<context.inputs.count).map { try onlyFile(in: try context.inputs.directory("text-\($0)")) }
    let words = try learning.count(files, threads: context.threads)
    context.progress("merging", 0.5)
    let result = try learning.learn(words)
    let directory = context.scratchDirectory + "/tokenizer"
    try learning.write(result, to: directory)
    let summary = TokenizerSummary(
      vocabularySize: result.vocabularySize, merges: result.merges, textBytes: words.textBytes)
    return ShardResult(
      outputs: [OutputTree(name: Self.tree, directory: directory)],
      result: String(decoding: try encodePayload(["tokenizer": summary]), as: UTF8.self))
  }

  public func makeMember(_ context: MemberContext) throws -> any SteppedMember { throw NoGang() }

  struct NoGang: Error, CustomStringConvertible {
    var description: String { "a tokenizer has no stepped phase" }
  }
}

/// What `result.json` says of it.
private struct TokenizerSummary: Codable {
  let vocabularySize: Int
  let merges: Int
  let textBytes: Int

  enum CodingKeys: String, CodingKey {
    case merges
    case vocabularySize = "vocab_size"
    case textBytes = "text_bytes"
  }
}
