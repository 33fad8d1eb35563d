/// What a study is asked: which losses count for what, how far the old ones may rise, and how sure the answer must be.
public struct StudyOptions: Sendable, Equatable {
  /// A validation set of the added language or domain.
  public struct NewSet: Sendable, Equatable {
    /// Without `loss_`.
    public var name: String
    /// Its part in the new loss; only the proportions among the new sets count.
    public var weight: Double

    public init(_ name: String, weight: Double = 1) {
      self.name = name
      self.weight = weight
    }
  }

  /// A validation set of what the model was good at.
  public struct RetainedSet: Sendable, Equatable {
    public var name: String
    /// Whether its text has nothing to do with the replay text. Of sets that are not independent the constraint says
    /// little: what is replayed is not forgotten.
    public var isIndependent: Bool

    public init(_ name: String, isIndependent: Bool) {
      self.name = name
      self.isIndependent = isIndependent
    }
  }

  /// At least one.
  public var newSets: [NewSet]
  /// The constraint binds on the worst of those that are independent, or of all where none is.
  public var retainedSets: [RetainedSet]
  /// How far a retained loss may rise, as a share of the loss before training; nil drops the constraint.
  public var maximumRetainedRise: Double? = 0.03
  /// The new loss's share of the weighted sum, in (0, 1]; the rest goes to the retained sets in equal parts.
  public var newLossWeight = 0.5
  /// Losses before training by set, for tables that do not have them; they win over the table's.
  public var initialLosses: [String: Double] = [:]
  /// Of every interval in the answer.
  public var confidence = 0.9
  public var bootstrapCount = 1000
  /// Of every draw: bootstrap replicates and starts of the fits.
  public var seed: UInt64 = 1
  /// Names of laws to fit; nil fits all that apply to the table.
  public var laws: [String]?
  /// The law that predicts, by name; nil takes the one with the lowest error on cells it has not seen.
  public var predictor: String?
  /// For the next cells: training tokens that may be spent; nil is the cost of four cells.
  public var budgetTokens: Double?
  /// Learning rates over the steps, for the annealing-shift law; nil leaves that law out.
  public var schedule: LearningRateSchedule?

  public init(newSets: [NewSet], retainedSets: [RetainedSet]) {
    self.newSets = newSets
    self.retainedSets = retainedSets
  }
}

/// The course of the learning rate in a cell, as a share of its peak.
public struct LearningRateSchedule: Sendable, Equatable {
  public enum Shape: String, Sendable, CaseIterable {
    case constant, cosine, linear
    /// Warm-up, stable, decay: linear at the end.
    case wsd
  }

  public var shape: Shape
  /// Steps of linear warm-up.
  public var warmupSteps: Int
  /// Steps in all.
  public var steps: Int
  /// Where the decay ends, as a share of the peak.
  public var finalShare: Double
  /// Of `wsd`: the share of the steps that decays.
  public var decayShare: Double

  public init(shape: Shape, warmupSteps: Int, steps: Int, finalShare: Double = 0.1, decayShare: Double = 0.1) {
    self.shape = shape
    self.warmupSteps = warmupSteps
    self.steps = steps
    self.finalShare = finalShare
    self.decayShare = decayShare
  }
}
