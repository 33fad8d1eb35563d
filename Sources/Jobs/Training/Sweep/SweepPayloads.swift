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

  static let tree = "base"
  static let file = "base.json"
}

/// One cell: what it computes, and where it stands.
struct CellPayload: Codable {
  let name: String
  /// In the order of `SweepBase.axes`.
  let values: [String]
  let recipe: Recipe
  let mixture: MixturePayload
  let deferred: DeferredValues?
  let outputTree: String

  static let file = "cell.json"
}

/// What a finished cell leaves behind. It has no times: where and how fast a cell ran must not change its bytes.
struct CellResult: Codable {
  enum Status: String, Codable {
    case completed
    /// A loss or a gradient norm was not finite.
    case diverged
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
  let status: Status
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
}

/// What a cell has so far, beside its checkpoint.
struct CellProgress: Codable {
  let curve: [CellResult.Point]
  static let file = "progress.json"
  static let state = "state"
}
