public import Foundation

/// A folder with a small model, two texts and the settings of a job over them: for tests that spoil one of these. Needs
/// nothing from outside the repository.
public struct TinyJob {
  public let directory: TemporaryDirectory
  /// For what commands write, which is no part of the folder.
  private let outputs: TemporaryDirectory

  /// A Llama of 520 ids: 2 layers, 32 wide, 128 positions, the head tied to the embedding.
  public static var configuration: [String: Any] {
    [
      "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "hidden_size": 32,
      "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
      "max_position_embeddings": 128, "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "tie_word_embeddings": true,
      "vocab_size": 520, "bos_token_id": 1, "eos_token_id": 2, "torch_dtype": "float32",
    ]
  }

  /// Changes to the job file before it is written: text and what takes its place.
  public typealias Change = (find: String, replace: String)

  public init() throws {
    directory = try TemporaryDirectory("admix-tiny")
    outputs = try TemporaryDirectory("admix-tiny-outputs")
    try Self.json(Self.configuration).write(to: file("model/config.json", makingDirectory: true))
    let tokenizer = TestData.package.appendingPathComponent("Tests/TokenizerTests/Fixtures/small-prefix.model")
    try FileManager.default.copyItem(at: tokenizer, to: file("model/tokenizer.model"))
    try SafetensorsDraft.tiny().bytes.write(to: file("model/model.safetensors"))
    try directory.write(Self.lines(of: "poem", count: 400), to: "zh.jsonl")
    try directory.write(Self.lines(of: "story", count: 400), to: "en.jsonl")
  }

  public func file(_ name: String) -> URL { directory.url.appendingPathComponent(name) }

  private func file(_ name: String, makingDirectory: Bool) throws -> URL {
    let file = file(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    return file
  }

  public static func json(_ object: [String: Any]) throws -> Data {
    try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
  }

  /// JSON lines, no two of them equal.
  public static func lines(of kind: String, count: Int) -> String {
    (1...count).map { number in
      let text = "\(kind) number \(number) of \(count), \(number * number % 97) words 春眠"
      return #"{"id": \#(number), "text": "\#(text)"}"# + "\n"
    }.joined()
  }

  /// Writes the job file, changed, as `job.yaml`, and returns its path.
  @discardableResult
  public func write(_ changes: [Change] = []) throws -> String {
    var text = """
      job: cpt
      name: tiny
      model: model
      sources:
        - {name: zh, role: added, paths: [zh.jsonl]}
        - {name: en, role: retained, paths: [en.jsonl]}
      mixture: {almr: 0.30}
      recipe:
        steps: 20
        sequence_length: 32
        global_batch_size: 8
        learning_rate: 1.0e-3
        schedule: constant
        warmup_steps: 0
        weight_decay: 0.1
        seed: 7
        advanced: {slices: 4, exchange: bf16}
      validation: {every_steps: 10, sets: [{name: zh_held, role: added, from: zh, fraction: 0.05, tokens: 128}]}
      checkpoint: {every_steps: 5, keep: 2}
      output: out
      """
    for change in changes {
      let changed = text.replacingOccurrences(of: change.find, with: change.replace)
      guard changed != text else { throw TestFailure("the job file has no \(change.find)") }
      text = changed
    }
    return try directory.write(text, to: "job.yaml").path
  }

  /// Runs `admix` in the folder until it ends.
  public func admix(
    _ arguments: [String], seconds: Double = 60, environment: [String: String] = [:]
  ) throws -> (status: Int32, output: String, error: String) {
    try run(Subprocess.admix.path, arguments, seconds: seconds, environment: environment)
  }

  /// Runs any program in the folder until it ends.
  public func run(
    _ executable: String, _ arguments: [String], seconds: Double = 60, environment: [String: String] = [:]
  ) throws -> (status: Int32, output: String, error: String) {
    let process = try start(program: executable, arguments, environment: environment)
    let status = try process.waitForExit(seconds: seconds)
    return (status, process.outputText, process.errorText)
  }

  public func start(
    program executable: String = Subprocess.admix.path, _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Subprocess {
    try Subprocess(
      URL(fileURLWithPath: executable), arguments, name: "command", in: directory.url, outputIn: outputs.url,
      environment: environment)
  }

  /// Names in the folder beside those that `init` and `write` made.
  public func additions() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path)
      .filter { !["model", "zh.jsonl", "en.jsonl", "job.yaml"].contains($0) }
  }
}

/// A safetensors file as a test wants it, lies included.
public struct SafetensorsDraft {
  /// `header[tensor] = ["dtype": …, "shape": […], "data_offsets": […]]`
  public var header: [String: [String: Any]] = [:]
  public var values: [Float] = []
  /// What the file says of its header's length, if not the truth.
  public var headerLength: UInt64?

  /// The weights of `TinyJob.configuration`.
  public static func tiny() -> SafetensorsDraft {
    var draft = SafetensorsDraft()
    draft.add("model.embed_tokens.weight", [520, 32])
    for layer in 0..<2 {
      let prefix = "model.layers.\(layer)."
      for (name, shape) in [
        ("input_layernorm", [32]), ("self_attn.q_proj", [32, 32]), ("self_attn.k_proj", [16, 32]),
        ("self_attn.v_proj", [16, 32]), ("self_attn.o_proj", [32, 32]), ("post_attention_layernorm", [32]),
        ("mlp.gate_proj", [48, 32]), ("mlp.up_proj", [48, 32]), ("mlp.down_proj", [32, 48]),
      ] { draft.add(prefix + name + ".weight", shape) }
    }
    draft.add("model.norm.weight", [32])
    return draft
  }

  private mutating func add(_ name: String, _ shape: [Int]) {
    let count = shape.reduce(1, *)
    let offsets = [4 * values.count, 4 * (values.count + count)]
    header[name] = ["dtype": "F32", "shape": shape, "data_offsets": offsets]
    let isNorm = shape.count == 1
    // Small, of both signs, and without a pattern as long as a row.
    values += (0..<count).map { isNorm ? 1 : Float(($0 * 7919 + values.count * 31) % 2003 - 1001) / 10_010 }
  }

  public var bytes: Data {
    get throws {
      var text = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys])
      text.append(contentsOf: [UInt8](repeating: 0x20, count: (8 - text.count % 8) % 8))
      var bytes = Data()
      withUnsafeBytes(of: (headerLength ?? UInt64(text.count)).littleEndian) { bytes.append(contentsOf: $0) }
      bytes.append(text)
      for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
      return bytes
    }
  }
}
