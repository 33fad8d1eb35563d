/// A task with everything that decides its prompts and scores; what a task file says once includes, defaults and
/// built-in functions are in place. It travels to runners as JSON, and results are cached by its bytes, among others.
struct TaskDefinition: Codable, Equatable {
  enum OutputType: String, Codable, CaseIterable {
    case loglikelihood
    case loglikelihoodRolling = "loglikelihood_rolling"
    case multipleChoice = "multiple_choice"
    case generateUntil = "generate_until"
  }

  /// Where a prompt's part comes from: a template or the name of a field, a number, or a list.
  enum Text: Codable, Equatable {
    case template(String)
    case number(Int)
    case list([String])
  }

  struct Fewshot: Codable, Equatable {
    enum Sampler: String, Codable, CaseIterable {
      /// Drawn anew for every item, by Python's generator.
      case drawn = "default"
      case firstN = "first_n"
    }
    var sampler = Sampler.drawn
    /// Nil when the examples are `samples`.
    var split: String?
    /// Examples as JSON objects.
    var samples: [String]?
    var docToText: Text
    var docToTarget: Text
    var docToChoice: Text?
    var genPrefix: String?
    var fewshotDelimiter: String
    var targetDelimiter: String
  }

  struct Metric: Codable, Equatable {
    var name: String
    /// A built-in function in place of a metric of that name.
    var function: String?
    var aggregation: String
    var higherIsBetter: Bool
    var ignoredPatterns: [String] = []
    var ignoresCase = false
    var ignoresPunctuation = false
    var ignoresNumbers = false
    /// Of pass@k.
    var k: [Int] = []
  }

  struct Generation: Codable, Equatable {
    var until: [String]
    var maximumTokens: Int?
    var samples = false
    var temperature: Double?
    var topP: Double?
    var topK: Int?
    /// The keys as they are written, for the samples: Python's dictionary, in order, as JSON.
    var written: String
  }

  struct Filter: Codable, Equatable {
    enum Step: Codable, Equatable {
      case regex(pattern: String, group: Int, fallback: String)
      case takeFirst
      case takeFirstK(Int)
      case majorityVote
      case removeWhitespace
      case lowercase
      case uppercase
      case map([String: String], fallback: String?)
      /// A built-in function.
      case function(String)
    }
    var name: String
    var steps: [Step]
  }

  /// A file of the task's data: which split, and the tree that it arrives as.
  struct File: Codable, Equatable {
    var split: String
    var name: String
    var tree: String
  }

  var name: String
  var alias: String
  var tags: [String]
  var datasetName: String?
  var outputType: OutputType
  var format: DataFile.Format
  var files: [File]
  var trainingSplit: String?
  var validationSplit: String?
  var testSplit: String?
  /// A built-in function that chooses rows.
  var processDocs: String?
  /// A built-in function that scores an item.
  var processResults: String?
  var description: String
  var docToText: Text
  var docToTarget: Text
  var docToChoice: Text?
  var genPrefix: String?
  var targetDelimiter: String
  var fewshotDelimiter: String
  var fewshot: Fewshot
  /// What the task file says; nil leaves it to the job file, or 0.
  var numFewshot: Int?
  var metrics: [Metric]
  var generation: Generation?
  var repeats: Int
  var filters: [Filter]
  var runsCode: Bool
  var version: String

  /// The split whose rows are asked.
  var askedSplit: String? { testSplit ?? validationSplit }
  /// The split that examples come from, when they are not written out.
  var exampleSplit: String? {
    fewshot.split ?? (fewshot.samples == nil ? trainingSplit ?? validationSplit ?? testSplit : nil)
  }
}

/// Tasks and groups whose scores are averaged.
struct GroupDefinition: Codable, Equatable {
  struct Aggregate: Codable, Equatable {
    var metric: String
    var isWeightedBySize: Bool
    /// Nil is every filter there is.
    var filters: [String]?
  }
  var name: String
  var alias: String
  /// Tasks and groups, in order.
  var children: [String]
  var aggregates: [Aggregate]
  var version: String
}
