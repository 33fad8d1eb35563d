import Foundation

/// The recipes whose weights' hashes are part of the product: 8 steps of 16 rows × 64 tokens.
public struct GoldenRecipe: Sendable, CustomStringConvertible {
  public enum Model: String, Sendable, CaseIterable {
    /// 260,032 parameters: one chunk. Two sources.
    case stories
    /// 1.5 million random parameters: six chunks. Three sources.
    case random
  }
  public let model: Model
  public let exchange: String
  /// SHA-256 of the weights after the last step, as `Tests/TrainingJobTests` computes it without any cluster.
  public let weightsSHA256: String

  public static let all: [GoldenRecipe] = [
    GoldenRecipe(
      model: .stories, exchange: "bf16",
      weightsSHA256: "ce66c5b5bc3a898eae90245dedc4dd4640ffd8f975b39cc50380a71f96bcddd4"),
    GoldenRecipe(
      model: .stories, exchange: "fp32",
      weightsSHA256: "ac97a5eaf428cd6ffff789b4daf32df3945c5fab7a44f9403a577fcde97ed481"),
    GoldenRecipe(
      model: .random, exchange: "bf16",
      weightsSHA256: "e93d404e87d5c382c7ec2b945cb94ad7c330776257bf2d84ffbbeddbf3155304"),
    GoldenRecipe(
      model: .random, exchange: "fp32",
      weightsSHA256: "a62b4ce51cdd71d2a892cd59f8f8f6e80a48f1e7af409e161cad7d4dad20c4c8"),
  ]

  public var description: String { "\(model.rawValue) \(exchange)" }

  public static func named(_ model: Model, _ exchange: String) -> GoldenRecipe {
    all.first { $0.model == model && $0.exchange == exchange } ?? all[0]
  }

  /// `config.json` of the random model.
  public static let randomConfiguration = """
    {
      "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
      "hidden_size": 128, "intermediate_size": 384, "num_hidden_layers": 7, "num_attention_heads": 8,
      "num_key_value_heads": 4, "max_position_embeddings": 256, "rms_norm_eps": 1e-05, "rope_theta": 10000.0,
      "tie_word_embeddings": false, "vocab_size": 512, "bos_token_id": 1, "eos_token_id": 2, "torch_dtype": "float32"
    }
    """

  /// The same training as the cell of a sweep over `grid`, which stands in place of the ratio and the rate.
  public func sweepFile(configuration: String, output: String, grid: String, steps: Int = 8, extra: String = "")
    -> String
  {
    jobFile(configuration: configuration, output: output, steps: steps)
      .replacingOccurrences(of: "job: cpt\n", with: "job: sweep\n")
      .replacingOccurrences(of: "mixture: {almr: 0.30}\n", with: "grid: {\(grid)}\n\(extra)")
      .replacingOccurrences(of: "  learning_rate: 1.0e-3\n", with: "")
  }

  /// The job file; its paths are relative to the folder with test data, but for `config.json`, which lies at
  /// `configuration`.
  public func jobFile(
    configuration: String, output: String, steps: Int = 8, checkpointEvery: Int = 4, recipeExtra: String = ""
  ) -> String {
    let start =
      switch model {
      case .stories: "model: models/stories260K/hf"
      case .random: "init: random\nconfig: \(configuration)\ntokenizer: models/stories260K/hf"
      }
    let third =
      model == .random
      ? "\n  - {name: docs, role: retained, paths: [corpora/en_d2l.jsonl.gz]}" : ""
    return """
      job: cpt
      name: golden-\(model.rawValue)-\(exchange)
      \(start)
      sources:
        - {name: zh, role: added, paths: [corpora/zh_linux_command.jsonl.gz]}
        - {name: en, role: retained, paths: [corpora/en_shakespeare.jsonl.gz]}\(third)
      mixture: {almr: 0.30}
      recipe:
        steps: \(steps)
        sequence_length: 64
        global_batch_size: 16
        learning_rate: 1.0e-3
        schedule: cosine
        warmup_steps: 2
        seed: 7\(recipeExtra)
        advanced: {slices: 8, exchange: \(exchange)}
      validation:
        every_steps: 4
        seed: 1
        sets:
          - {name: zh_held, role: added, from: zh, fraction: 0.02, tokens: 512}
          - {name: en_far, role: retained, paths: [corpora/en_debian_handbook.jsonl.gz], tokens: 512}
      checkpoint: {every_steps: \(checkpointEvery), keep: 2}
      output: \(output)
      """
  }
}
