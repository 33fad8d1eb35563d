import Foundation
import Metering
import Testing

@testable import Checkpoints

@Suite struct CorruptionTests {
  private static let randomCount = 20_000
  private static let targetedCount = 2_000

  /// One layer, width 8: small enough that a spoiled byte often hits something that matters.
  private static let configuration = """
    {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "vocab_size": 8,
    "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1,
    "num_key_value_heads": 1, "max_position_embeddings": 64, "rms_norm_eps": 1e-05, "rope_theta": 10000.0,
    "tie_word_embeddings": true, "eos_token_id": [1, 2], "initializer_range": 0.02, "torch_dtype": "float32",
    "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32}}
    """

  private func readWhole(_ path: String) throws {
    let model = try openModel(path)
    try model.check(model.configuration.placements())
    _ = try model.weightsHash()
  }

  private func check(_ outcome: Corruption.Outcome) {
    #expect(outcome.errors + outcome.successes == Self.randomCount + Self.targetedCount)
    // Spoiling is felt, and does not spoil everything.
    #expect(outcome.errors > 5_000 && outcome.successes > 100, "\(outcome.errors), \(outcome.successes)")
  }

  private func headerEnd(_ bytes: [UInt8]) -> Int { 8 + bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) } }

  /// Writes the small model as a Hugging Face directory.
  private func smallModel(_ scratch: Scratch, shardBytes: Int) throws -> String {
    let gguf = try GGUFMaker.llama().write(to: scratch.at("small.gguf"))
    try openModel(gguf).export(to: scratch.at("model"), shardBytes: shardBytes)
    try Fixture.write(Array(Self.configuration.utf8), to: scratch.at("model/config.json"))
    try readWhole(scratch.at("model"))
    return scratch.at("model")
  }

  private func corruption(ofSafetensors bytes: [UInt8], in model: String) -> Corruption {
    let json = headerEnd(bytes)
    return Corruption(
      format: "safetensors", original: bytes,
      targets: Corruption.targets(inJSON: bytes[8..<json])
        + [(0..<8, Corruption.lies(width: 8, size: bytes.count))],
      repair: { mutant in
        // A lie in the JSON changes its length; the length said is changed with it.
        guard mutant[..<8] == bytes[..<8] else { return }
        mutant.replaceSubrange(
          0..<8, with: withUnsafeBytes(of: UInt64(json - 8 + mutant.count - bytes.count).littleEndian, Array.init))
      }, read: { _ in try readWhole(model) })
  }

  @Test func aSpoiledSafetensorsFileIsAnErrorOrAModel() throws {
    let scratch = try Scratch()
    let model = try smallModel(scratch, shardBytes: 1 << 30)
    let file = model + "/model.safetensors"
    let bytes = try Fixture.bytes(file)
    // Most of the weights stay unspoiled: the header is what can lie.
    let outcome = try corruption(ofSafetensors: bytes, in: model).run(
      at: file, otherBytes: 100_000, random: Self.randomCount, targeted: Self.targetedCount, seed: 1)
    check(outcome)
  }

  @Test func aSpoiledIndexOrShardIsAnErrorOrAModel() throws {
    let scratch = try Scratch()
    let model = try smallModel(scratch, shardBytes: 1200)
    let index = model + "/model.safetensors.index.json"
    let bytes = try Fixture.bytes(index)
    let shards = try FileManager.default.contentsOfDirectory(atPath: model).filter { $0.hasSuffix(".safetensors") }
    #expect(shards.count >= 3)
    let lies = Corruption(
      format: "index", original: bytes, targets: Corruption.targets(inJSON: bytes[...]),
      read: { _ in try readWhole(model) })
    var outcome = try lies.run(
      at: index, otherBytes: 100_000, random: Self.randomCount / 2, targeted: Self.targetedCount / 2, seed: 2)
    try Fixture.write(bytes, to: index)
    let shard = model + "/" + shards.sorted()[1]
    let second = try corruption(ofSafetensors: Fixture.bytes(shard), in: model).run(
      at: shard, otherBytes: 100_000, random: Self.randomCount / 2, targeted: Self.targetedCount / 2, seed: 3)
    outcome.errors += second.errors
    outcome.successes += second.successes
    check(outcome)
  }

  @Test func aSpoiledGGUFFileIsAnErrorOrAModel() throws {
    let scratch = try Scratch()
    let (bytes, fields) = GGUFMaker.llama().bytes()
    let gguf = Corruption(
      format: "GGUF", original: bytes,
      targets: fields.map { ($0, Corruption.lies(width: $0.count, size: bytes.count)) }, read: { try readWhole($0) })
    check(
      try gguf.run(
        at: scratch.at("model.gguf"), otherBytes: 0, random: Self.randomCount, targeted: Self.targetedCount, seed: 4))
  }

  @Test func aSpoiledConfigurationIsAnErrorOrAConfiguration() throws {
    let scratch = try Scratch()
    let bytes = Array(Self.configuration.utf8)
    let configuration = Corruption(
      format: "config.json", original: bytes, targets: Corruption.targets(inJSON: bytes[...]),
      read: { _ = try ModelConfiguration(path: $0) })
    check(
      try configuration.run(
        at: scratch.at("config.json"), otherBytes: 0, random: Self.randomCount, targeted: Self.targetedCount, seed: 5))
  }

  /// The counters count: a reader that took memory on a header's word would be seen.
  @Test func theMeterSeesWhatIsTaken() throws {
    let scratch = try Scratch()
    let path = try GGUFMaker.llama().write(to: scratch.at("model.gguf"))
    let meter = ReadMeter()
    try ReadMeter.$current.withValue(meter) { try readWhole(path) }
    let size = try Fixture.bytes(path).count
    #expect(meter.cost.readBytes >= size && meter.cost.allocatedBytes > 1000 && meter.cost.steps > 200)
  }
}
