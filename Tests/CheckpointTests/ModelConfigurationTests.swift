import Foundation
import Testing

@testable import Checkpoints

@Suite struct ModelConfigurationTests {
  /// The tiny configuration with fields replaced, removed (nil) or added, each given as JSON text.
  private func json(_ changes: [String: String?] = [:]) throws -> [UInt8] {
    let text = try Fixture.bytes(Fixture.tiny + "/config.json")
    let limits = JSONLimits(bytes: 1 << 20, depth: 8, values: 1000)
    let document = try text.withUnsafeBytes { try JSONParser.parse($0, file: "config.json", limits: limits) }
    guard case .object(var members) = document else { return [] }
    for (key, value) in changes {
      members.removeAll { $0.key == key }
      guard let value else { continue }
      let parsed = try Array(value.utf8).withUnsafeBytes { try JSONParser.parse($0, file: key, limits: limits) }
      members.append(.init(key: key, value: parsed))
    }
    return Array(JSONValue.object(members).text().utf8)
  }

  private func read(_ changes: [String: String?]) throws -> ModelConfiguration {
    try ModelConfiguration(json: json(changes), file: "config.json")
  }

  @Test func allFieldsOfALlamaAreRead() throws {
    let configuration = try ModelConfiguration(path: Fixture.tiny + "/config.json")
    #expect(configuration.vocabularySize == 64)
    #expect(configuration.hiddenSize == 32)
    #expect(configuration.intermediateSize == 48)
    #expect(configuration.layerCount == 2)
    #expect(configuration.headCount == 4)
    #expect(configuration.keyValueHeadCount == 2)
    #expect(configuration.headSize == 8)
    #expect(configuration.contextLength == 128)
    #expect(configuration.rmsNormEpsilon == 1e-5)
    #expect(configuration.ropeTheta == 10_000)
    #expect(configuration.ropeScaling == nil)
    #expect(!configuration.tieWordEmbeddings)
    #expect(configuration.bosTokenID == 1)
    #expect(configuration.eosTokenIDs == [2, 3])
    let text = try Fixture.bytes(Fixture.tiny + "/config.json")
    #expect(configuration.json == text)
  }

  @Test func absentFieldsHaveTransformersDefaults() throws {
    let configuration = try read([
      "num_key_value_heads": nil, "rms_norm_eps": nil, "rope_theta": nil, "tie_word_embeddings": nil,
      "bos_token_id": nil, "eos_token_id": "2", "head_dim": "16", "hidden_act": nil,
    ])
    #expect(configuration.keyValueHeadCount == 4)
    #expect(configuration.rmsNormEpsilon == 1e-6)
    #expect(configuration.ropeTheta == 10_000)
    #expect(!configuration.tieWordEmbeddings)
    #expect(configuration.bosTokenID == nil)
    #expect(configuration.eosTokenIDs == [2])
    #expect(configuration.headSize == 16)
  }

  static let llama3 = """
    {"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,
    "original_max_position_embeddings":8192}
    """

  @Test func llama3ScalingIsReadInBothForms() throws {
    let expected = RopeScaling.llama3(
      factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192)
    #expect(try read(["rope_scaling": Self.llama3]).ropeScaling == expected)
    let five = Self.llama3.dropLast() + ",\"rope_theta\":500000.0}"
    let configuration = try read(["rope_parameters": String(five), "rope_theta": nil])
    #expect(configuration.ropeScaling == expected && configuration.ropeTheta == 500_000)
    #expect(try read(["rope_parameters": #"{"rope_type":"default","rope_theta":7}"#, "rope_theta": nil]).ropeTheta == 7)
  }

  @Test(arguments: [
    ("model_type", "\"gemma\"", "model_type", "unsupported"),
    ("architectures", "[\"Qwen2ForCausalLM\"]", "architectures", "unsupported"),
    ("hidden_act", "\"gelu\"", "hidden_act", "unsupported"),
    ("attention_dropout", "0.1", "attention_dropout", "unsupported"),
    ("quantization_config", "{}", "quantization_config", "unsupported"),
    ("rope_scaling", "{\"type\":\"yarn\",\"factor\":2}", "rope_scaling.rope_type", "unsupported"),
    ("rope_scaling", "{\"type\":\"linear\"}", "rope_scaling.factor", "missing_field"),
    ("rope_scaling", "{\"type\":\"linear\",\"factor\":0.5}", "rope_scaling.factor", "out_of_range"),
    ("rope_scaling", "{\"rope_type\":\"llama3\",\"factor\":8}", "rope_scaling.low_freq_factor", "missing_field"),
    ("rope_scaling", "{\"rope_type\":\"default\",\"factor\":8}", "rope_scaling.factor", "unknown_field"),
    ("rope_scaling", "\"llama3\"", "rope_scaling", "wrong_type"),
    ("rope_parameters", "{\"rope_theta\":5}", "rope_theta", "inconsistent"),
    ("rope_theta", "0", "rope_theta", "out_of_range"),
    ("rope_theta", "1e400", "rope_theta", "out_of_range"),
    ("vocab_size", "0", "vocab_size", "out_of_range"),
    ("vocab_size", "-5", "vocab_size", "out_of_range"),
    ("vocab_size", "64.0", "vocab_size", "wrong_type"),
    ("vocab_size", "\"64\"", "vocab_size", "wrong_type"),
    ("vocab_size", "99999999999999999999", "vocab_size", "out_of_range"),
    ("hidden_size", "1000000000", "hidden_size", "out_of_range"),
    ("hidden_size", "30", "num_attention_heads", "out_of_range"),
    ("hidden_size", "null", "hidden_size", "missing_field"),
    ("num_hidden_layers", "100000", "num_hidden_layers", "out_of_range"),
    ("num_key_value_heads", "3", "num_key_value_heads", "out_of_range"),
    ("head_dim", "7", "head_dim", "out_of_range"),
    ("max_position_embeddings", "0", "max_position_embeddings", "out_of_range"),
    ("rms_norm_eps", "-1e-5", "rms_norm_eps", "out_of_range"),
    ("tie_word_embeddings", "1", "tie_word_embeddings", "wrong_type"),
    ("bos_token_id", "64", "bos_token_id", "out_of_range"),
    ("eos_token_id", "[2,64]", "eos_token_id", "out_of_range"),
    ("eos_token_id", "[2,\"3\"]", "eos_token_id", "wrong_type"),
  ])
  func whatIsNotComputedOrAbsurdIsRefusedByField(key: String, value: String, field: String, code: String) throws {
    let error = try checkpointError { _ = try read([key: value]) }
    #expect(error.file == "config.json")
    #expect(error.field == field, "\(error)")
    #expect(error.code.rawValue == code, "\(error)")
  }

  @Test func anotherArchitectureIsNamedInTheMessage() throws {
    let error = try checkpointError {
      _ = try read(["model_type": "\"gemma\"", "architectures": "[\"GemmaForCausalLM\"]"])
    }
    #expect(
      error.description
        == "config.json: model_type: found gemma, expected llama, mistral or qwen2; "
          + "Admix trains Llama, Mistral and Qwen2 models")
  }

  @Test func biasesAreThoseOfTheArchitecture() throws {
    let plain = try read([:])
    #expect(plain.attentionBias == .absent && !plain.feedForwardBias)
    let all = try read(["attention_bias": "true", "mlp_bias": "true"])
    #expect(all.attentionBias == .all && all.feedForwardBias)
    let qwen = try read(Self.qwen2)
    #expect(qwen.attentionBias == .queryKeyValue && !qwen.feedForwardBias)
  }

  @Test func linearScalingIsRead() throws {
    #expect(try read(["rope_scaling": #"{"type":"linear","factor":2.5}"#]).ropeScaling == .linear(factor: 2.5))
  }

  static let qwen2: [String: String?] = ["model_type": "\"qwen2\"", "architectures": "[\"Qwen2ForCausalLM\"]"]

  @Test(arguments: [
    ("architectures", "[\"LlamaForCausalLM\"]", "architectures"),
    ("num_key_value_heads", "null", "num_key_value_heads"), ("attention_bias", "1", "attention_bias"),
    ("layer_types", "[\"full_attention\",\"sliding_attention\"]", "layer_types"),
  ])
  func whatIsNotComputedOfQwen2IsRefusedByField(key: String, value: String, field: String) throws {
    let error = try checkpointError { _ = try read(Self.qwen2.merging([key: value]) { $1 }) }
    #expect(error.field == field, "\(error)")
  }

  @Test func aSlidingWindowIsRefusedOnlyWhereItIsInUse() throws {
    let window = Self.qwen2.merging(["sliding_window": "64", "max_window_layers": "1"]) { $1 }
    _ = try read(window)
    let error = try checkpointError { _ = try read(window.merging(["use_sliding_window": "true"]) { $1 }) }
    #expect(error.description.contains("use_sliding_window: found true, for layers from 1 of 2, expected false"))
    _ = try read(window.merging(["use_sliding_window": "true", "max_window_layers": "2"]) { $1 })
    _ = try read(
      window.merging(["use_sliding_window": "true", "layer_types": "[\"full_attention\",\"full_attention\"]"]) { $1 })
  }

  static let mistral: [String: String?] = [
    "model_type": "\"mistral\"", "architectures": "[\"MistralForCausalLM\"]", "sliding_window": "null",
  ]

  @Test("Mistral is read as Llama is, without biases, where its window hides nothing")
  func mistralWithoutWindow() throws {
    let mistral = try read(Self.mistral.merging(["attention_bias": "true", "mlp_bias": "true"]) { $1 })
    #expect(mistral.attentionBias == .absent && !mistral.feedForwardBias)
    #expect(try mistral.modelType() == "mistral" && mistral.keyValueHeadCount == 2)
    _ = try read(Self.mistral.merging(["sliding_window": "128"]) { $1 })
    // Absent means 4096, and this model has 128 positions.
    _ = try read(Self.mistral.filter { $0.key != "sliding_window" })
  }

  @Test("A window that hides positions of Mistral's context is refused with the way out")
  func mistralsWindow() throws {
    let active = try checkpointError { _ = try read(Self.mistral.merging(["sliding_window": "127"]) { $1 }) }
    #expect(
      active.description
        == "config.json: sliding_window: found 127, expected null, or no less than max_position_embeddings, 128; Admix "
        + "computes full attention only: lower max_position_embeddings to 127, up to which both are the same")
    let unsaid = Self.mistral.filter { $0.key != "sliding_window" }
    let silent = try checkpointError {
      _ = try read(unsaid.merging(["max_position_embeddings": "32768"]) { $1 })
    }
    #expect(silent.description.contains("sliding_window: found nothing, which means 4096, expected null"))
    let heads = try checkpointError { _ = try read(Self.mistral.merging(["num_key_value_heads": nil]) { $1 }) }
    #expect(heads.field == "num_key_value_heads" && heads.code == .missingField)
  }

  @Test(arguments: ["", "{", "[]", "null", "{\"model_type\":\"llama\",\"vocab_size\":NaN}"])
  func aFileThatIsNoConfigurationIsAnError(text: String) throws {
    let error = try checkpointError { _ = try ModelConfiguration(json: Array(text.utf8), file: "config.json") }
    #expect(error.file == "config.json")
  }

  @Test func everyTruncationOfTheFileIsAnError() throws {
    let whole = try Fixture.bytes(Fixture.tiny + "/config.json")
    for length in 0..<whole.count - 2 {
      #expect(throws: CheckpointError.self) { try ModelConfiguration(json: Array(whole[..<length]), file: "c") }
    }
  }

  @Test func writtenInFP32OnlyTheElementTypeChanges() throws {
    let same = try ModelConfiguration(json: json(), file: "config.json")
    #expect(try same.jsonForFP32() == same.json)
    let brain = try read(["torch_dtype": "\"bfloat16\"", "dtype": "\"float16\"", "odd": "[1.50, 1e3]"])
    let text = String(decoding: try brain.jsonForFP32(), as: UTF8.self)
    #expect(text.contains("\"torch_dtype\": \"float32\"") && text.contains("\"dtype\": \"float32\""))
    #expect(text.contains("1.50") && text.contains("1e3"))
  }
}
