import Foundation
import TestSupport
import Testing

@testable import Checkpoints

extension Fixture {
  /// SmolLM2-135M-Instruct in Q4_1, when somebody says where it is.
  static let smolLM2 = ProcessInfo.processInfo.environment["ADMIX_TEST_SMOLLM2"]
}

@Suite struct GGUFModelTests {
  private func weights(_ model: any ModelSource) throws -> [Float] {
    let placements = model.configuration.placements()
    var weights = [Float](repeating: .nan, count: placements.floatCount)
    try weights.withUnsafeMutableBufferPointer { try model.loadWeights(placements, into: $0) }
    return Array(weights.dropFirst(5))
  }

  @Test func aLlamaComesBackUnderHuggingFacesNamesAndInItsOrderOfRows() throws {
    let model = try openModel(Fixture.gguf + "/tiny-llama.gguf")
    #expect(model.format == "GGUF v3" && model.license == "mit")
    #expect(try weights(model) == weights(openModel(Fixture.tiny)))
    #expect(try hexadecimal(model.weightsHash()) == Fixture.golden()["tiny_weights_sha256"] as? String)
    let (here, there) = (model.configuration, try ModelConfiguration(path: Fixture.tiny + "/config.json"))
    #expect(here.hiddenSize == there.hiddenSize && here.intermediateSize == there.intermediateSize)
    #expect(here.layerCount == there.layerCount && here.keyValueHeadCount == there.keyValueHeadCount)
    #expect(here.headSize == there.headSize && here.contextLength == there.contextLength)
    #expect(here.rmsNormEpsilon == there.rmsNormEpsilon && here.ropeTheta == there.ropeTheta)
    #expect(!here.tieWordEmbeddings && here.bosTokenID == 1 && here.eosTokenIDs == [2])
  }

  @Test func rowsAreTheSameHoweverManyAreReadAtOnce() throws {
    let model = try openModel(Fixture.gguf + "/tiny-llama.gguf")
    for tensor in model.tensors {
      var whole = [Float](repeating: 0, count: tensor.count)
      try whole.withUnsafeMutableBufferPointer { try model.readFloats(tensor, rows: 0..<tensor.rowCount, into: $0) }
      for row in 0..<tensor.rowCount {
        var part = [Float](repeating: 1, count: tensor.rowLength)
        try part.withUnsafeMutableBufferPointer { try model.readFloats(tensor, rows: row..<row + 1, into: $0) }
        #expect(part[...] == whole[(row * tensor.rowLength)..<((row + 1) * tensor.rowLength)])
      }
    }
  }

  @Test func theHashOfADirectoryIsThatOfItsWeightsInMemory() throws {
    #expect(
      try hexadecimal(openModel(Fixture.tiny).weightsHash()) == Fixture.golden()["tiny_weights_sha256"] as? String)
  }

  @Test func aDirectoryWithOneGGUFFileIsThatModel() throws {
    let scratch = try Scratch()
    for name in ["a.gguf", "b.gguf"] {
      try FileManager.default.copyItem(atPath: Fixture.gguf + "/tiny-llama.gguf", toPath: scratch.at(name))
      if name == "a.gguf" { #expect(try openModel(scratch.path).format == "GGUF v3") }
    }
    let error = try checkpointError { _ = try openModel(scratch.path) }
    #expect(error.code == .inconsistent && error.found == "2 GGUF files" && error.wayOut?.contains("a.gguf") == true)
  }

  @Test func llama3sFactorsAreRecognizedAndOthersRefused() throws {
    let json = try JSONSerialization.jsonObject(
      with: Data(contentsOf: URL(filePath: Fixture.gguf + "/golden.json")))
    let factors = try #require((json as? [String: [Double]])?["llama3_rope_factors"]).map(Float.init)
    var made = GGUFMaker.llama(headSize: 64)
    made.set("llama.rope.freq_base", .float32(500_000))
    made.add("rope_freqs.weight", shape: [32], floats: factors)
    let scratch = try Scratch()
    let path = try made.write(to: scratch.at("model.gguf"))
    let configuration = try openModel(path).configuration
    #expect(
      configuration.ropeScaling
        == .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192))
    made.set("llama.rope.freq_base", .float32(10_000))
    let error = try checkpointError { _ = try openModel(made.write(to: scratch.at("other.gguf"))) }
    #expect(error.code == .unsupported && error.tensor == "rope_freqs.weight")
  }

  @Test func tokenizerFilesComeWithAByteLevelVocabulary() throws {
    let model = try openModel(Fixture.gguf + "/tiny-llama.gguf")
    #expect(model.companions.map(\.name) == ["tokenizer.json", "tokenizer_config.json", "generation_config.json"])
    let json = try JSONSerialization.jsonObject(with: Data(model.companions[0].contents)) as? [String: Any]
    let bpe = try #require(json?["model"] as? [String: Any])
    #expect((bpe["vocab"] as? [String: Int])?["aa"] == 30)
    #expect(bpe["merges"] as? [[String]] == [["a", "a"], ["b", "b"]])
    #expect((json?["added_tokens"] as? [Any])?.count == 4)
    let configuration = try JSONSerialization.jsonObject(with: Data(model.companions[1].contents)) as? [String: Any]
    #expect(configuration?["chat_template"] as? String == "{{ messages }}")
    #expect(configuration?["bos_token"] as? String == "<|1|>" && configuration?["add_bos_token"] as? Bool == false)
  }

  /// Against transformers' own reading: `gguf_reference.py weights` prints the hash.
  @Test(.enabled(if: Fixture.smolLM2 != nil, "ADMIX_TEST_SMOLLM2 names no SmolLM2 GGUF file"))
  func smolLM2HasTheWeightsThatTransformersReads() throws {
    let model = try openModel(#require(Fixture.smolLM2))
    #expect(model.tensors.reduce(0) { $0 + $1.count } == 134_515_008)
    #expect(
      try hexadecimal(model.weightsHash()) == "a1f95f5ca77377bdd91a161cca11a4fa03c2dd1cc44f79aa1bff0804d82251f9")
  }

  /// The tokenizer.json that the model's authors published is the one made from the vocabulary in the GGUF file.
  @Test(.enabled(if: Fixture.smolLM2 != nil && Fixture.hasStories, "no SmolLM2 GGUF file, or no data folder"))
  func smolLM2sTokenizerIsThePublishedOne() throws {
    func tokenizer(_ bytes: [UInt8]) throws -> NSDictionary {
      try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? NSDictionary)
    }
    let made = try tokenizer(openModel(#require(Fixture.smolLM2)).companions[0].contents)
    let published = try tokenizer(
      Fixture.bytes(TestData.place.path + "/tokenizers/smollm2/tokenizer.json"))
    #expect(made == published)
  }
}
