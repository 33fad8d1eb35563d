import Foundation
import TestSupport

/// One thing that is wrong with a job, and what the answer must name: where, what was found, what was expected.
struct Defect: Sendable, CustomStringConvertible {
  let description: String
  let says: [String]
  let spoil: @Sendable (TinyJob) throws -> Void

  init(_ description: String, says: String..., spoil: @escaping @Sendable (TinyJob) throws -> Void) {
    self.description = description
    self.says = says
    self.spoil = spoil
  }
}

extension TinyJob {
  func overwrite(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: file(name)) }
  func overwrite(_ name: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: file(name)) }
  func remove(_ name: String) throws { try FileManager.default.removeItem(at: file(name)) }

  func configure(_ key: String, _ value: Any?) throws {
    var configuration = Self.configuration
    configuration[key] = value
    try Self.json(configuration).write(to: file("model/config.json"))
  }

  func weights(_ change: (inout SafetensorsDraft) -> Void) throws {
    var draft = SafetensorsDraft.tiny()
    change(&draft)
    try draft.bytes.write(to: file("model/model.safetensors"))
  }
}

private let query = "model.layers.0.self_attn.q_proj.weight"

extension Defect {
  static let texts: [Defect] = [
    Defect("a text that is missing", says: "job.yaml:5:", "sources[0].paths[0]", "zh.jsonl: no such file", "--base") {
      try $0.remove("zh.jsonl")
    },
    Defect("an empty text", says: "job.yaml:5:", "zh.jsonl", "the file is empty") { try $0.overwrite("zh.jsonl", "") },
    Defect("a directory for a text", says: "job.yaml:5:", "zh.jsonl", "is a directory, expected a file") {
      try $0.remove("zh.jsonl")
      try FileManager.default.createDirectory(at: $0.file("zh.jsonl"), withIntermediateDirectories: true)
    },
    Defect("a text of an unknown kind", says: "job.yaml:5:", "zh.csv", ".jsonl or .txt") {
      try FileManager.default.moveItem(at: $0.file("zh.jsonl"), to: $0.file("zh.csv"))
      try $0.write([("zh.jsonl", "zh.csv")])
    },
    Defect("a text that only says it is gzipped", says: "job.yaml:5:", "zh.jsonl.gz", "not a gzip file") {
      try FileManager.default.moveItem(at: $0.file("zh.jsonl"), to: $0.file("zh.jsonl.gz"))
      try $0.write([("zh.jsonl", "zh.jsonl.gz")])
    },
    Defect("no text in the first line", says: "job.yaml:5:", "zh.jsonl: line 1", "no field \"text\"", "content") {
      try $0.overwrite("zh.jsonl", "{\"content\": \"a\"}\n" + TinyJob.lines(of: "poem", count: 9))
    },
    Defect("a number for a text", says: "zh.jsonl: line 1", "field \"text\" is a number; a string expected") {
      try $0.overwrite("zh.jsonl", "{\"text\": 5}\n")
    },
    Defect("a line that is no JSON", says: "zh.jsonl: line 1", "not JSON") { try $0.overwrite("zh.jsonl", "春眠\n") },
    Defect("a text that is not UTF-8", says: "zh.txt: line 1", "not UTF-8 (byte 0xB4)", "convert the file") {
      try $0.overwrite("zh.txt", [0xB4, 0xBA, 0xC3, 0xDF, 0x0A])
      try $0.write([("zh.jsonl", "zh.txt")])
    },
    Defect("a text of blank lines", says: "zh.jsonl", "no document with text") {
      try $0.overwrite("zh.jsonl", "\n \n")
    },
  ]

  static let models: [Defect] = [
    Defect("no model", says: "job.yaml:3:", "model: ", "no such file or directory") { try $0.remove("model") },
    Defect("no configuration", says: "job.yaml:3:", "model/config.json") { try $0.remove("model/config.json") },
    Defect(
      "no tokenizer", says: "job.yaml:3:", "neither tokenizer.json nor tokenizer.model", "copy the model's tokenizer"
    ) {
      try $0.remove("model/tokenizer.model")
    },
    Defect("no weights", says: "job.yaml:3:", "model.safetensors") { try $0.remove("model/model.safetensors") },
    Defect("a configuration cut short", says: "config.json", "JSON line 1") {
      try $0.overwrite("model/config.json", "{\"vocab_size\": 5")
    },
    Defect("another architecture", says: "config.json", "model_type: found gemma, expected llama, mistral or qwen2") {
      try $0.configure("model_type", "gemma")
    },
    Defect("heads that do not divide", says: "config.json", "found 2", "divisor of num_attention_heads, 5") {
      try $0.configure("num_attention_heads", 5)
    },
    Defect("a head of odd size", says: "config.json", "head_dim", "found 7", "an even number") {
      try $0.configure("head_dim", 7)
    },
    Defect("a head without size", says: "config.json", "head_dim", "found 0") { try $0.configure("head_dim", 0) },
    Defect("a width that heads do not divide", says: "config.json", "found 4", "divisor of hidden_size, 30") {
      try $0.configure("hidden_size", 30)
    },
    Defect("no vocabulary", says: "config.json", "vocab_size", "found 0") { try $0.configure("vocab_size", 0) },
    Defect("a vocabulary beyond 32 bits", says: "config.json", "vocab_size", "found 2147483649") {
      try $0.configure("vocab_size", 2_147_483_649)
    },
    Defect("no positions", says: "config.json", "max_position_embeddings", "found 0") {
      try $0.configure("max_position_embeddings", 0)
    },
    Defect(
      "a sequence longer than the model's positions", says: "job.yaml:3:", "recipe.sequence_length",
      "200 is more than the 128 positions", "Lower it to 128"
    ) {
      try $0.write([("sequence_length: 32", "sequence_length: 200")])
    },
    Defect("weights without the biases of Qwen2", says: "self_attn.q_proj.bias", "no such tensor") {
      var configuration = TinyJob.configuration
      configuration["model_type"] = "qwen2"
      configuration["architectures"] = ["Qwen2ForCausalLM"]
      try TinyJob.json(configuration).write(to: $0.file("model/config.json"))
    },
    Defect("a sliding window", says: "config.json", "use_sliding_window", "expected false", "full attention") {
      var configuration = TinyJob.configuration
      configuration["model_type"] = "qwen2"
      configuration["architectures"] = ["Qwen2ForCausalLM"]
      configuration["use_sliding_window"] = true
      configuration["max_window_layers"] = 0
      try TinyJob.json(configuration).write(to: $0.file("model/config.json"))
    },
    Defect("a tokenizer larger than the model", says: "the tokenizer has 520 ids", "vocab_size 300", "another model") {
      try $0.configure("vocab_size", 300)
    },
    Defect("a tokenizer cut short", says: "tokenizer.model", "only", "left") {
      let whole = try Data(contentsOf: $0.file("model/tokenizer.model"))
      try whole.prefix(3000).write(to: $0.file("model/tokenizer.model"))
    },
    Defect(
      "weights of another shape", says: "embed_tokens.weight", "[520, 32]", "expected [600, 32], as the configuration"
    ) {
      try $0.configure("vocab_size", 600)
    },
    Defect("weights of fewer layers", says: "model.layers.2.", "no such tensor") {
      try $0.configure("num_hidden_layers", 3)
    },
    Defect("weights of more layers", says: "model.layers.1.", "check the configuration") {
      try $0.configure("num_hidden_layers", 1)
    },
  ]

  static let weights: [Defect] = [
    Defect("weights cut short", says: "job.yaml:3:", "model.safetensors", "data_offsets", "expected at most") {
      let whole = try Data(contentsOf: $0.file("model/model.safetensors"))
      try whole.prefix(whole.count / 2).write(to: $0.file("model/model.safetensors"))
    },
    Defect("weights cut in the header", says: "model.safetensors", "header") {
      let whole = try Data(contentsOf: $0.file("model/model.safetensors"))
      try whole.prefix(100).write(to: $0.file("model/model.safetensors"))
    },
    Defect("a header longer than memory", says: "header length", "9223372036854775808") {
      try $0.weights { $0.headerLength = 1 << 63 }
    },
    Defect("a size that is not the shape's", says: query, "4096 bytes", "expected 4224 bytes") {
      try $0.weights { $0.header[query]?["shape"] = [33, 32] }
    },
    Defect("an offset beyond the end", says: query, "expected at most") {
      try $0.weights { draft in
        let first = (draft.header[query]?["data_offsets"] as? [Int])?[0] ?? 0
        draft.header[query]?["data_offsets"] = [first, first + (1 << 40)]
      }
    },
    Defect("two tensors in one place", says: "data_offsets", "the end of the tensor before") {
      try $0.weights { draft in
        let other = draft.header["model.layers.0.self_attn.o_proj.weight"]?["data_offsets"]
        draft.header[query]?["data_offsets"] = other
      }
    },
    Defect("a shape whose size overflows", says: query, "shape") {
      try $0.weights { $0.header[query]?["shape"] = [1 << 40, 1 << 40] }
    },
    Defect("an unknown type", says: query, "found F77", "F32") {
      try $0.weights { $0.header[query]?["dtype"] = "F77" }
    },
  ]

  static let jobFiles: [Defect] = [
    Defect("an empty job file", says: "job.yaml: the file is empty") { try $0.overwrite("job.yaml", "") },
    Defect("a job file of other bytes", says: "job.yaml:1:1", "not UTF-8") {
      try $0.overwrite("job.yaml", [0x6A, 0xFF, 0x0A])
    },
    Defect("a wrong type", says: "job.yaml:9:", "recipe.steps", "many") {
      try $0.write([("steps: 20", "steps: many")])
    },
    Defect("an unknown key", says: "job.yaml:9:", "stepz", "steps") { try $0.write([("steps: 20", "stepz: 20")]) },
    Defect("a foreign key", says: "job.yaml:12:", "lr", "learning_rate") { try $0.write([("learning_rate", "lr")]) },
    Defect("an ALMR above 1", says: "job.yaml:7:", "mixture.almr", "1.3", "0 to 1") { try $0.write([("0.30", "1.3")]) },
    Defect("slices that do not divide", says: "job.yaml:17:", "slices", "3", "8") {
      try $0.write([("slices: 4", "slices: 3")])
    },
  ]
}
