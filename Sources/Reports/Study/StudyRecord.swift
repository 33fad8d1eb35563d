internal import Results
internal import Study

/// All that a study's report is made of, read from a directory: `answer.json` and, where they are, `transfer.json`,
/// `verification.json`, `cells.csv`, `curves.csv`, and the results of the stages around it.
struct StudyRecord {
  struct Estimate: Equatable {
    let value: Double
    /// Nil where no interval was given.
    let range: ClosedRange<Double>?
  }
  struct Setting: Hashable {
    let almr: Double
    let learningRate: Double
  }
  /// A validation set's loss before training and what is expected after it.
  struct ExpectedLoss {
    let set: String
    let isNew: Bool
    let isIndependent: Bool
    let before: Double?
    let after: Estimate
    /// As a share of before.
    let change: Estimate?
    /// The highest loss allowed.
    let limit: Double?
    let isBinding: Bool
  }
  struct Choice {
    let almr: Estimate
    let learningRate: Estimate
    let losses: [ExpectedLoss]
    let bindingSet: String?
    /// Sides of the grid it lies on, in words.
    let edges: [String]

    var setting: Setting { Setting(almr: almr.value, learningRate: learningRate.value) }
  }
  struct RidgePoint {
    let almr: Double
    let learningRate: Estimate
    let isAtEdge: Bool
  }
  struct ParetoPoint {
    let setting: Setting
    let newLoss: Double
    let worstRise: Double
    let worstSet: String
  }
  struct Surface {
    let set: String
    let grid: FittedSurface
  }
  struct Law {
    struct Parameter {
      let name: String
      let estimate: Estimate
      let isIdentified: Bool
    }
    let name: String
    let source: String
    let formula: String
    let set: String
    let parameters: [Parameter]
    let cellCount: Int?
    let parameterCount: Int?
    let rank: Int?
    let residualError: Double?
    let leaveOneOutError: Double?
    let choice: Setting?
    let refusal: String?
    let unidentified: String
  }
  struct Residual {
    let setting: Setting
    let set: String
    let seed: Int64
    let observed: Double
    let predicted: Double
    let treatment: String
  }
  struct Pilot {
    let share: Double
    let setting: Setting?
    let sentence: String
  }
  struct NextCell {
    let setting: Setting
    let tokens: Double?
    let why: String
    let uncertainty: Double?
  }
  struct Transfer {
    struct Shape {
      let name: String
      let parameters: Double?
      let width: Double?
      let layers: Double?
    }
    struct Rule {
      let name: String
      let formula: String
      let factor: Double
      let learningRate: Double
    }
    let small: Shape
    let large: Shape
    let from: Setting
    let chosen: Setting
    let factor: Double?
    let rules: [Rule]
    let band: ClosedRange<Double>?
    let why: String
    let confirmation: [Setting]
    let warnings: [String]
  }
  struct Verification {
    struct Cell {
      let setting: Setting
      let isCarried: Bool
      let newLoss: Double?
      let worstRise: Double?
      let worstSet: String?
      let keepsConstraint: Bool?
    }
    /// `yes`, `no` or `not tested`.
    let verdict: String
    let regret: Double?
    let noise: Double?
    let cells: [Cell]
    let sentences: [String]
  }
  struct Feasibility {
    let isFeasible: Bool
    let probability: Double?
    let sentence: String
  }

  /// What the report is called: the pipeline's or the job's name, or the table's.
  var name: String
  /// Whether a job gave it the name.
  var isNamed = false
  let table: String
  let confidence: Double
  /// Nil: the study was asked without a constraint.
  let maximumRise: Double?
  /// Weights of the new sets.
  let newSets: [(name: String, weight: Double)]
  let retainedSets: [(name: String, isIndependent: Bool)]
  let openingWarning: String?
  let predictor: (law: String, why: String)
  let counts: (completed: Int, earlyStopped: Int, diverged: Int, failed: Int, repeats: Int)
  let recommendation: Choice
  let weighted: Choice?
  let feasibility: Feasibility?
  let ridge: [RidgePoint]
  let ridgeSentence: String
  let front: [ParetoPoint]
  let surfaces: [Surface]
  let regret: FittedSurface?
  let laws: [Law]
  /// What the critical mixture ratio's law says; nil without a limit or curves.
  let criticalSentence: String?
  let residuals: [Residual]
  let pilots: [Pilot]
  let nextCells: [NextCell]
  let warnings: [String]
  let distrust: [String]
  let questions: [(question: String, answer: String)]
  let notes: [String]
  var transfer: Transfer?
  var verification: Verification?
  /// Nil where the directory has no such table, or it cannot be read; `tableProblem` says why.
  var cells: CellTable?
  var curves: CellTable?
  var tableProblem: String?
  var stages: [StageRecord] = []
  /// Hours of this job's host that `admix plan` foresaw, and stages whose cost it does not know.
  var planned: (hours: Double, unpriced: [String])?
  /// The job file of the large run; nil where nothing says what it would train on.
  var largeRun: LargeRun?

  /// Losses before training by set.
  func before(_ set: String) -> Double? { recommendation.losses.first { $0.set == set }?.before }

  /// Sets the constraint binds on: the independent ones, or all where none is.
  var bindingCandidates: [String] {
    let independent = retainedSets.filter(\.isIndependent)
    return (independent.isEmpty ? retainedSets : independent).map(\.name)
  }

  /// The weighted mean of the new sets' losses; nil where one is not there.
  func newLoss(_ loss: (String) -> Double?) -> Double? {
    var sum = 0.0
    var weights = 0.0
    for set in newSets {
      guard let value = loss(set.name) else { return nil }
      sum += set.weight * value
      weights += set.weight
    }
    return weights > 0 ? sum / weights : nil
  }

  /// The largest relative rise among the sets that bind, with the set; nil where no loss before training is known.
  func worstRise(_ loss: (String) -> Double?) -> (rise: Double, set: String)? {
    bindingCandidates.compactMap { set -> (rise: Double, set: String)? in
      guard let before = before(set), before > 0, let after = loss(set) else { return nil }
      return (after / before - 1, set)
    }.max { $0.rise < $1.rise }
  }
}
