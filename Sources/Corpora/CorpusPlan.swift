/// What `prepareFile` wrote for one input file, by path.
public struct PreparedPaths: Codable, Hashable, Sendable {
  public var shard: String
  public var grams: String

  public init(shard: String, grams: String) {
    self.shard = shard
    self.grams = grams
  }
}

/// A source of training text and its prepared files, in the order of the job file.
public struct SourcePlan: Sendable, Hashable {
  public var name: String
  public var role: SourceRole
  public var weight: Double?
  public var files: [PreparedPaths]

  public init(name: String, role: SourceRole, weight: Double? = nil, files: [PreparedPaths]) {
    self.name = name
    self.role = role
    self.weight = weight
    self.files = files
  }
}

/// A set of texts that training never sees.
public struct ValidationPlan: Sendable, Hashable {
  public enum Origin: Sendable, Hashable {
    /// A share of a source's distinct documents, at least one.
    case heldOut(from: String, fraction: Double)
    /// Files of its own: text independent of the sources.
    case files([PreparedPaths])
  }

  public var name: String
  public var role: SourceRole
  public var origin: Origin
  /// Tokens to measure at each validation.
  public var tokenBudget: Int

  public init(name: String, role: SourceRole, origin: Origin, tokenBudget: Int) {
    self.name = name
    self.role = role
    self.origin = origin
    self.tokenBudget = tokenBudget
  }
}
