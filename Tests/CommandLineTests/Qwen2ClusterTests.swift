import Foundation
import TestSupport
import Testing

/// A model with biases through the whole program. Named so that it runs with the tests on real processes.
@Suite("Qwen2", .serialized)
struct Qwen2ClusterTests {
  private func train(workers: Int, _ changes: [TinyJob.Change] = []) throws -> (job: TinyJob, sha256: String) {
    let job = try TinyJob()
    try job.write([("model: model", "init: random\nconfig: qwen2.json\ntokenizer: model")] + changes)
    var configuration = TinyJob.configuration
    configuration["model_type"] = "qwen2"
    configuration["architectures"] = ["Qwen2ForCausalLM"]
    try TinyJob.json(configuration).write(to: job.file("qwen2.json"))
    let ended = try job.admix(
      ["run", "job.yaml", "--workers", "\(workers)", "--threads", "1", "--timing-scale", "0.1", "--json"], seconds: 90)
    let result = try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any]
    return (job, try #require(result?["weights_sha256"] as? String, "\(ended.error)"))
  }

  @Test("trains to the same weights with one worker and two, and its checkpoint has the biases, by their names")
  func sameWeights() throws {
    let one = try train(workers: 1)
    let two = try train(workers: 2)
    #expect(one.sha256 == two.sha256)
    let bytes = try Data(contentsOf: one.job.file("out/model/model.safetensors"))
    let length = Int(bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    let header = try #require(
      try JSONSerialization.jsonObject(with: bytes.dropFirst(8).prefix(length)) as? [String: Any])
    for name in ["q_proj", "k_proj", "v_proj"] {
      for layer in 0..<2 {
        let tensor = header["model.layers.\(layer).self_attn.\(name).bias"] as? [String: Any]
        #expect(tensor?["shape"] as? [Int] == [name == "q_proj" ? 32 : 16])
        // They began at zero and have learned.
        let offsets = try #require(tensor?["data_offsets"] as? [Int])
        let values = bytes.dropFirst(8 + length)[(8 + length + offsets[0])..<(8 + length + offsets[1])]
        #expect(values.contains { $0 != 0 }, "\(name) \(layer)")
      }
    }
    #expect(header["model.layers.0.self_attn.o_proj.bias"] == nil)
    let text = try String(contentsOf: one.job.file("out/model/config.json"), encoding: .utf8)
    #expect(text.contains("qwen2"))
  }
}
