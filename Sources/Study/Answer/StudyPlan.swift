/// The cells that a study should begin with.
public struct StudyPlan: Sendable, Equatable {
  public struct Request: Sendable, Equatable {
    public var ratios: ClosedRange<Double> = 0.1...0.7
    /// Around what the base model was trained with at its end, or what the recipe would take.
    public var learningRates: ClosedRange<Double>
    /// Training tokens of a cell.
    public var cellTokens: Double
    /// Of all cells; nil plans the grid that the laws need.
    public var budgetTokens: Double?
    public var repeats = 1

    public init(learningRates: ClosedRange<Double>, cellTokens: Double) {
      self.learningRates = learningRates
      self.cellTokens = cellTokens
    }
  }

  public let ratios: [Double]
  public let learningRates: [Double]
  /// Settings that are run again with other seeds, so that noise is known.
  public let repeated: [Setting]
  public let cellCount: Int
  public let tokens: Double
  /// Which laws these cells can be fitted with, and which would need more.
  public let laws: [String]
  public let sentences: [String]
}
