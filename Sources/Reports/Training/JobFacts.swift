internal import JobFiles
internal import JobKit

/// What a report needs of the resolved job file, `job.yaml`.
struct JobFacts {
  var learningRate: Double?
  var schedule: String?
  /// 0 does not clip.
  var clipNorm: Double?
  var sequenceLength: Int?
  var globalBatchSize: Int?
  var seed: String?
  var exchange: String?
  var requestedRatio: Double?

  /// Nil when the file is not there or is no job file: what depends on it is then said to be unknown.
  init?(path: String) {
    guard let file = try? JobFile(readingFrom: path) else { return nil }
    let recipe = file.specification["recipe"]?.mapping
    func scalar(_ mapping: SpecMapping?, _ key: String) -> String? {
      if case .scalar(let scalar)? = mapping?[key] { scalar.text } else { nil }
    }
    learningRate = scalar(recipe, "learning_rate").flatMap(Double.init)
    schedule = scalar(recipe, "schedule")
    clipNorm = scalar(recipe, "clip_norm").flatMap(Double.init)
    sequenceLength = scalar(recipe, "sequence_length").flatMap { Int($0) }
    globalBatchSize = scalar(recipe, "global_batch_size").flatMap { Int($0) }
    seed = scalar(recipe, "seed")
    exchange = scalar(recipe?["advanced"]?.mapping, "exchange")
    requestedRatio = scalar(file.specification["mixture"]?.mapping, "almr").flatMap(Double.init)
  }
}
