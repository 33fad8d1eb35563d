/// Recipes of fine-tuning whose weights' hashes are part of the product, over the folder with test data.
public struct TuningRecipe: Sendable, CustomStringConvertible {
  public let job: String
  /// SHA-256 of the weights after the last step, as `Tests/TrainingJobTests` computes it without any cluster.
  public let weightsSHA256: String

  public static let all = [
    TuningRecipe(job: "sft", weightsSHA256: "29832a4bf450f66cb638e8db630558f9d4f493e5e96c84e42aa4f92848f84c3d"),
    TuningRecipe(job: "dpo", weightsSHA256: "47571c12b4d8e3f757f7a1b60fd317e228ee2a56b531ce524f42ac5271667979"),
  ]

  public var description: String { job }

  public func jobFile(output: String = "out") -> String { job == "sft" ? sft(output) : dpo(output) }

  private func sft(_ output: String) -> String {
    """
    job: sft
    name: golden-sft
    model: models/stories260K/hf
    chat: {template: zephyr}
    sources:
      - {name: en, paths: [sft/alpaca_en_demo.json]}
      - {name: zh, paths: [sft/alpaca_zh_demo.json]}
    mixture: {shares: {en: 0.7, zh: 0.3}}
    recipe:
      steps: 8
      sequence_length: 256
      global_batch_size: 16
      learning_rate: 1.0e-3
      schedule: cosine
      warmup_steps: 2
      seed: 7
      advanced: {slices: 8, exchange: bf16}
    validation: {every_steps: 4, sets: [{name: en_held, from: en, fraction: 0.05, rows: 16}]}
    checkpoint: {every_steps: 4, keep: 2}
    output: \(output)
    """
  }

  private func dpo(_ output: String) -> String {
    """
    job: dpo
    name: golden-dpo
    model: models/stories260K/hf
    chat: {template: zephyr}
    sources:
      - {name: en, paths: [dpo/dpo_en_demo.json]}
    preference: {beta: 0.1, label_smoothing: 0.1}
    recipe:
      steps: 6
      sequence_length: 256
      global_batch_size: 8
      learning_rate: 1.0e-4
      warmup_steps: 2
      seed: 7
      advanced: {slices: 4, exchange: bf16}
    validation: {every_steps: 3, sets: [{name: held, from: en, fraction: 0.05, rows: 8}]}
    checkpoint: {every_steps: 2, keep: 2}
    output: \(output)
    """
  }
}
