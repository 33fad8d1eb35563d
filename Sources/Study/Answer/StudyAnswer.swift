/// A number with the interval that holds it with the study's confidence.
public struct Estimate: Sendable, Equatable {
  public let value: Double
  public let interval: Interval

  public init(_ value: Double, _ interval: Interval) {
    self.value = value
    self.interval = interval
  }
}

/// A ratio with a learning rate.
public struct Setting: Sendable, Hashable {
  public let ratio: Double
  public let learningRate: Double

  public init(ratio: Double, learningRate: Double) {
    self.ratio = ratio
    self.learningRate = learningRate
  }
}

/// Everything that a study says: the choice, how sure it is, what stands behind it, and when not to trust it. The same
/// table and options give the same answer, to the bit, on any host. Losses are nats per token, shares are of 1.
public struct StudyAnswer: Sendable, Equatable {
  public static let schema = 1

  public let options: StudyOptions
  public let cells: CellCounts
  /// Said before anything else, or nil: without a set independent of the replay text the constraint says little.
  public let openingWarning: String?
  /// The name of the law behind every prediction below, by what it was chosen, and whether the user asked for it.
  public let predictor: Predictor
  /// Lowest new loss under the constraint; where nothing fits it, the nearest point, and `feasibility` says so. Without
  /// a constraint, the optimum by weighted loss.
  public let recommendation: Choice
  /// Lowest weighted sum of new and retained losses, without the constraint.
  public let weighted: Choice
  /// Nil without a constraint.
  public let feasibility: Feasibility?
  public let ridge: Ridge
  /// Settings for which no other has both losses lower, by rising new loss.
  public let paretoFront: [ParetoPoint]
  /// Predicted losses over (ratio, learning rate), one a set, for heat maps.
  public let surfaces: [SurfaceGrid]
  /// What a setting costs in new loss over the recommended one, as a share of it; settings beyond the constraint are
  /// marked by `SurfaceGrid.isFeasible`.
  public let regret: SurfaceGrid
  /// Every law on every set, by rising error on cells it has not seen; refused ones last, with the reason.
  public let laws: [LawReport]
  /// Nil without a constraint, without curves, or where they are too short for it.
  public let criticalMixture: CriticalMixture?
  /// Of the predictor.
  public let residuals: [CellResidual]
  /// Fits of the curves' beginnings; empty without curves.
  public let pilots: [PilotDrift]
  /// Best first; empty where nothing is left worth its cost.
  public let nextCells: [NextCell]
  /// Edges of the grid, the length of pilots, what the data cannot identify.
  public let warnings: [String]
  /// "Do not trust this if".
  public let distrust: [String]
  /// The questions that users of such tools ask, answered from this table.
  public let questions: [QuestionAnswer]
  /// What was left out or repaired in reading and fitting, with lines.
  public let notes: [String]
}

public struct CellCounts: Sendable, Equatable {
  /// The table's name.
  public let table: String
  public let completed: Int
  public let earlyStopped: Int
  public let diverged: Int
  public let failed: Int
  /// Distinct ratios and learning rates of the cells in the fit, ascending.
  public let ratios: [Double]
  public let learningRates: [Double]
  /// Most repeats of one setting.
  public let repeats: Int
}

public struct Predictor: Sendable, Equatable {
  public let law: String
  public let why: String
  public let isUsersChoice: Bool
}

/// A setting with what is expected of it.
public struct Choice: Sendable, Equatable {
  public let ratio: Estimate
  public let learningRate: Estimate
  /// The objective there: new loss under the constraint, or the weighted sum.
  public let objective: Estimate
  public let losses: [ExpectedLoss]
  /// The retained set whose limit holds the new loss up; nil where the optimum is free of the constraint.
  public let bindingSet: String?
  /// Sides of the grid it lies on, in words: `the lowest learning rate`.
  public let edges: [String]
}

/// A set's loss before and after training at a setting.
public struct ExpectedLoss: Sendable, Equatable {
  public enum Role: String, Sendable { case new, retained }

  public let set: String
  public let role: Role
  /// Of a retained set: whether its text is independent of the replay text.
  public let isIndependent: Bool
  public let before: Double?
  public let after: Estimate
  /// After against before, as a share of before; nil where before is not known.
  public let change: Estimate?
  /// The highest loss the constraint allows; nil for new sets and where the set does not bind.
  public let limit: Double?
  public let isBinding: Bool
}

public struct Feasibility: Sendable, Equatable {
  public let isFeasible: Bool
  /// The share of bootstrap replicates in which some setting fits the constraint.
  public let probability: Double
  /// Where nothing fits: by how much the best setting misses, as a share of the worst set's loss before training.
  public let shortfall: Double?
  /// Where nothing fits: the smallest `maximumRetainedRise` that some setting keeps.
  public let nearestRise: Double?
  public let sentence: String
}

/// The best learning rate for each ratio.
public struct Ridge: Sendable, Equatable {
  public struct Point: Sendable, Equatable {
    public let ratio: Double
    public let learningRate: Estimate
    /// On the lowest or highest rate of the grid: the best one may lie beyond.
    public let isAtEdge: Bool
  }

  public let points: [Point]
  /// ln η* = intercept + slope · r, fitted to the points off the edges; nil with fewer than three of them.
  public let intercept: Estimate?
  public let slope: Estimate?
  /// Root mean square distance of the points from the form, in ln η.
  public let formError: Double?
  /// The form and its error as a sentence.
  public let sentence: String
}

public struct ParetoPoint: Sendable, Equatable {
  public let setting: Setting
  /// Weighted over the new sets.
  public let newLoss: Double
  /// The largest relative change among the retained sets, as a share of the loss before training, or where that is not
  /// known of the front's lowest.
  public let worstRetainedRise: Double
  public let worstSet: String
}

/// Numbers over a grid of settings.
public struct SurfaceGrid: Sendable, Equatable {
  /// The validation set, or `regret`.
  public let name: String
  public let ratios: [Double]
  public let learningRates: [Double]
  /// By ratio, then by learning rate.
  public let values: [[Double]]
  /// Whether the constraint holds there.
  public let isFeasible: [[Bool]]
}

public struct LawParameter: Sendable, Equatable {
  public let name: String
  public let estimate: Estimate
  /// Whether the cells say anything of it: the interval is narrower than what the law would have allowed, and no
  /// direction of the fit that the data leave open goes through it.
  public let isIdentified: Bool
}

/// One law fitted to one set's losses.
public struct LawReport: Sendable, Equatable {
  public let law: String
  public let source: String
  public let formula: String
  public let set: String
  /// Empty where the fit is refused.
  public let parameters: [LawParameter]
  public let cellCount: Int
  public let parameterCount: Int
  /// Directions in parameter space that the cells determine.
  public let rank: Int
  /// Root mean square of the residuals, in nats.
  public let residualError: Double
  /// Root mean square error on cells left out one by one, in nats; of a law of the length, on the curves' last
  /// evaluations.
  public let leaveOneOutError: Double
  /// Largest singular value over the smallest, parameters in their own units.
  public let conditionNumber: Double
  public let converged: Bool
  /// What the law itself would recommend under the study's constraint, if it is fitted to all sets.
  public let choice: Setting?
  /// Why it was not fitted: the law's name, what it has and what it needs.
  public let refusal: String?
  /// What the cells cannot identify, in words; empty where all is well.
  public let unidentified: String
}

public struct CellResidual: Sendable, Equatable {
  public enum Treatment: String, Sendable {
    case fitted
    /// Stopped early: its loss bounds what it would have reached from above.
    case bound
    case leftOut = "left_out"
  }

  public let line: Int
  public let setting: Setting
  public let seed: Int64
  public let set: String
  public let observed: Double
  public let predicted: Double
  /// What the robust loss left of its say, in [0, 1].
  public let weight: Double
  public let treatment: Treatment
}

/// The choice that the first part of every curve would have given.
public struct PilotDrift: Sendable, Equatable {
  /// Of each cell's steps.
  public let share: Double
  public let setting: Setting?
  /// Its ratio less the full study's.
  public let ratioDrift: Double?
  /// Its learning rate over the full study's.
  public let learningRateFactor: Double?
  public let sentence: String
}

public struct NextCell: Sendable, Equatable {
  public let setting: Setting
  public let tokens: Double?
  /// `at the choice`, `beyond the edge`, …
  public let why: String
  /// Standard deviation of the objective there over the replicates, in nats.
  public let uncertainty: Double
}

public struct QuestionAnswer: Sendable, Equatable {
  public let question: String
  public let answer: String
}
