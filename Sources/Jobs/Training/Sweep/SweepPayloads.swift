import Corpora
import JobKit

/// What all cells of a sweep share; the phase `index` writes it into the tree `base`.
struct SweepBase: Codable {
  let start: MemberPayload.Start
  let corpus: CorpusPayload
  /// Steps between two evaluations; 0 for none but at the start and the end.
  let evaluationInterval: Int
  let checkpointInterval: Int
  let axes: [String]
  /// A config.json that the job file has written out.
  var configuration: String?
  var budget = SweepBudget(plannedTokens: 0)
  /// Nil where cells differ in it: a study then has no schedule for the laws that sum it.
  var schedule: SweepSchedule?

  static let tree = "base"
  static let file = "base.json"
}

/// The course of the learning rate below its peak that all cells share, in the recipe's terms.
struct SweepSchedule: Codable, Hashable {
  let schedule: Recipe.Schedule
  let warmupSteps: Int
  let steps: Int
  let minimumRateRatio: Double

  init(_ recipe: Recipe) {
    (schedule, warmupSteps, steps) = (recipe.schedule, recipe.warmupSteps, recipe.steps)
    minimumRateRatio = recipe.minimumRateRatio
  }
}

/// What a sweep was allowed and planned to take.
struct SweepBudget: Codable {
  var plannedTokens: Int
  var tokens: Int?
  /// Of all cells' runners together.
  var hours: Double?
}

/// One cell: what it computes, and where it stands.
struct CellPayload: Codable {
  let name: String
  /// In the order of `SweepBase.axes`.
  let values: [String]
  let recipe: Recipe
  let mixture: MixturePayload
  let deferred: DeferredValues?
  /// Of its result; with rungs, of the last one's.
  let outputTree: String
  /// The part of the cell that this shard trains; nil trains it whole.
  var rung: Rung?

  static let file = "cell.json"

  /// One part of a cell in a sweep that stops some early.
  struct Rung: Codable, Equatable {
    /// The step after which the next decision falls; nil goes to the end.
    let until: Int?
    /// What the part before left: its result and its state. Nil in the first.
    let previousResult: String?
    let previousState: String?
    /// Who goes on.
    let decision: String?
    /// Where this part leaves its state; nil in the last.
    let state: String?
  }
}

/// What a finished cell leaves behind. It has no times: where and how fast a cell ran must not change its bytes.
struct CellResult: Codable {
  enum Status: String, Codable {
    case completed
    /// A loss or a gradient norm was not finite.
    case diverged
    /// Others did better by the end of a rung: what it measured bounds what it would have reached.
    case earlyStopped = "early_stopped"
  }
  /// One evaluation: sums over the rows of each validation set.
  struct Point: Codable {
    struct Loss: Codable {
      /// Mean loss of a token, in nats; nil when the set has no row.
      let loss: Double?
      let bitsPerByte: Double?
    }
    let step: Int
    /// Input positions trained on by then.
    let tokens: Int
    /// Of the step that ended here; nil at the start.
    let trainingLoss: Double?
    let learningRate: Double?
    /// In the order of the validation sets.
    let sets: [Loss]
  }
  let name: String
  let values: [String]
  let seed: UInt64
  let almr: Double
  let learningRate: Double
  var status: Status
  /// Why it diverged.
  let reason: String?
  let steps: Int
  let tokens: Int
  /// SHA-256 of everything that decides the cell's weights.
  let recipeSHA256: String
  /// Nil for a cell that diverged.
  let weightsSHA256: String?
  let parameters: Int
  let curve: [Point]
  /// What its steps drew from each source.
  let ledger: Ledger
}

/// What a cell has so far, beside its checkpoint.
struct CellProgress: Codable {
  let curve: [CellResult.Point]
  /// Where a state that another shard goes on from stands; nil in a checkpoint, which says so itself.
  var step: UInt64?
  var chain: String?
  static let file = "progress.json"
  static let state = "state"
}
