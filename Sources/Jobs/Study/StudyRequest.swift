import Study

/// What the shard of a study is asked, as it travels in the plan and lies beside the answer for `verify`.
struct StudyRequest: Codable {
  static let file = "request.json"

  var options: Options
  let transfer: TransferRequest?

  struct Options: Codable {
    /// Weights of the new sets and names of the others; nil takes the roles that the sweep gave them.
    var newSets: [String: Double]?
    var retainedSets: [String]?
    var independentSets: [String]?
    /// Nil drops the constraint.
    let maximumRetainedRise: Double?
    let newLossWeight: Double
    let confidence: Double
    let bootstrapCount: Int
    let seed: UInt64
    let laws: [String]?
    let predictor: String?
    let budgetTokens: Double?
    /// Of the cells, where their sweep says: for laws that sum the learning rates.
    var schedule: Schedule?
  }

  /// As a sweep writes it.
  struct Schedule: Codable, Equatable {
    let schedule: String
    let warmupSteps: Int
    let steps: Int
    let minimumRateRatio: Double

    var study: LearningRateSchedule? {
      LearningRateSchedule.Shape(rawValue: schedule).map {
        LearningRateSchedule(shape: $0, warmupSteps: warmupSteps, steps: steps, finalShare: minimumRateRatio)
      }
    }
  }
}

struct TransferRequest: Codable {
  let small: Shape
  let large: Shape
  let byBytes: Bool
  let growsRatio: Bool
  let smallTokens: Double?
  let largeTokens: Double?

  struct Shape: Codable {
    let name: String
    let parameters: Double
    let width: Int
    let layers: Int
    let vocabularySize: Int
    let tokenizerHash: String?
    let bytesPerToken: Double?
  }
}

extension StudyRequest.Options {
  /// With the roles that the sweep gave its validation sets, where the job file does not say.
  func filled(from description: SweepRoles?) -> StudyRequest.Options {
    var options = self
    guard let description else { return options }
    options.schedule = description.schedule
    if newSets == nil {
      let names = description.sets.filter { $0.role == "added" }.map(\.name)
      options.newSets = Dictionary(uniqueKeysWithValues: names.map { ($0, 1) })
    }
    if retainedSets == nil { options.retainedSets = description.sets.filter { $0.role == "retained" }.map(\.name) }
    // A text of its own; one that is held out from what is replayed is not independent of it.
    if independentSets == nil {
      let retained = options.retainedSets ?? []
      options.independentSets = description.sets.filter { $0.heldOutFrom == nil && retained.contains($0.name) }
        .map(\.name)
    }
    return options
  }

  var study: StudyOptions {
    let independent = independentSets ?? []
    var options = StudyOptions(
      newSets: (newSets ?? [:]).sorted { $0.key < $1.key }.map { .init($0.key, weight: $0.value) },
      retainedSets: (retainedSets ?? []).map { .init($0, isIndependent: independent.contains($0)) })
    options.maximumRetainedRise = maximumRetainedRise
    options.newLossWeight = newLossWeight
    options.confidence = confidence
    options.bootstrapCount = bootstrapCount
    options.seed = seed
    options.laws = laws
    options.predictor = predictor
    options.budgetTokens = budgetTokens
    options.schedule = schedule?.study
    return options
  }
}

extension TransferRequest.Shape {
  var study: ModelShape {
    ModelShape(
      name: name, parameters: parameters, width: width, layers: layers, vocabularySize: vocabularySize,
      tokenizerHash: tokenizerHash, bytesPerToken: bytesPerToken)
  }
}

/// What a sweep's sweep.json says of its validation sets and of its cells' schedule.
struct SweepRoles: Codable {
  struct Set: Codable, Equatable {
    let name: String
    let role: String
    let heldOutFrom: String?
  }
  let sets: [Set]
  let schedule: StudyRequest.Schedule?
}
