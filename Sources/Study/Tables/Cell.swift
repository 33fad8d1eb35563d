/// One training run of a sweep at one moment: a ratio, a learning rate, a seed, and what was measured.
public struct Cell: Sendable, Equatable {
  public enum Status: String, Sendable, CaseIterable {
    case completed
    /// Stopped before its time because others did better (successive halving): its losses bound what it would have
    /// reached, they are no measurement of it.
    case earlyStopped = "early_stopped"
    /// A loss that is not a number, or a status that says so. Kept in tables, left out of fits.
    case diverged
    /// It ended without a result.
    case failed
  }

  /// Share of training tokens in the added language, in [0, 1].
  public var ratio: Double
  /// Peak learning rate, above 0.
  public var learningRate: Double
  public var seed: Int64
  /// Optimizer updates done; nil where the table does not say.
  public var step: Int?
  /// Training tokens seen; nil where the table does not say.
  public var tokens: Double?
  /// Parameters of the model, where the table holds models of several sizes.
  public var parameters: Double?
  public var status: Status
  /// Of the run's configuration; empty where the table does not say.
  public var configHash: String
  /// Mean loss per token in nats on each validation set, in the table's order; nil where not measured.
  public var losses: [Double?]
  /// Where it was read, from 1; 0 for cells that come from elsewhere.
  public var line: Int

  public init(
    ratio: Double, learningRate: Double, seed: Int64 = 0, step: Int? = nil, tokens: Double? = nil,
    parameters: Double? = nil, status: Status = .completed, configHash: String = "", losses: [Double?], line: Int = 0
  ) {
    self.ratio = ratio
    self.learningRate = learningRate
    self.seed = seed
    self.step = step
    self.tokens = tokens
    self.parameters = parameters
    self.status = status
    self.configHash = configHash
    self.losses = losses
    self.line = line
  }

  /// What makes two runs repeats of one another: everything but the seed.
  public struct Key: Hashable, Sendable {
    public let ratio: Double
    public let learningRate: Double
    public let parameters: Double?
  }

  public var key: Key { Key(ratio: ratio, learningRate: learningRate, parameters: parameters) }
}

/// Cells and the validation sets their losses are of. A table of curves has several rows a run, one an evaluation.
public struct CellTable: Sendable, Equatable {
  /// The file's name, for messages.
  public var name: String
  /// Names without `loss_`.
  public var validationSets: [String]
  /// Each set's loss before training, where the table has `initial_` columns or rows of step 0.
  public var initialLosses: [Double?]
  public var cells: [Cell]
  /// What was left out or repaired in reading, with lines, for people.
  public var notes: [String]

  public init(
    name: String, validationSets: [String], initialLosses: [Double?], cells: [Cell], notes: [String] = []
  ) {
    precondition(initialLosses.count == validationSets.count)
    precondition(cells.allSatisfy { $0.losses.count == validationSets.count })
    self.name = name
    self.validationSets = validationSets
    self.initialLosses = initialLosses
    self.cells = cells
    self.notes = notes
  }

  /// The place of the validation set called `set`.
  ///
  /// - Throws: `StudyError` listing the sets there are.
  public func index(ofSet set: String) throws(StudyError) -> Int {
    if let index = validationSets.firstIndex(of: set) { return index }
    if set.hasPrefix("loss_"), let index = validationSets.firstIndex(of: String(set.dropFirst(5))) { return index }
    throw StudyError(
      .unknownName, name, found: "no loss of a set called \(quoted(set))",
      expected: "one of \(validationSets.joined(separator: ", "))")
  }
}
