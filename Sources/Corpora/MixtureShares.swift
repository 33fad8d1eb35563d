/// Whether a source brings the new language (or domain) or keeps the old one.
public enum SourceRole: String, Codable, Hashable, Sendable, CaseIterable {
  case added
  case retained
}

/// What the shares of a mixture are worked out from.
public struct MixtureSource: Sendable, Hashable {
  public var name: String
  public var role: SourceRole
  /// Weight among the sources of the same role; without one, the tokens decide. All sources of a role have one or none.
  public var weight: Double?
  /// Training tokens of the source.
  public var tokens: Int

  public init(name: String, role: SourceRole, weight: Double? = nil, tokens: Int) {
    self.name = name
    self.role = role
    self.weight = weight
    self.tokens = tokens
  }
}

/// The share of rows that each source is to have, as integers over 10^15: shares written with up to fifteen decimals
/// are exact, and the schedule built on them never drifts. A row holds a fixed number of tokens of one source, so
/// shares of rows are shares of tokens.
public struct MixtureShares: Sendable, Hashable, Codable {
  public static let denominator: Int64 = 1_000_000_000_000_000

  /// One a source, not negative, adding up to `denominator`.
  public let numerators: [Int64]

  /// Shares given one by one, in the order of the sources; they must add up to 1 within 10⁻⁹. What rounding leaves
  /// goes to the largest.
  public init(shares: [Double], names: [String]? = nil) throws {
    let names = names ?? shares.indices.map { "source \($0)" }
    precondition(names.count == shares.count)
    guard !shares.isEmpty else { throw CorpusError(.mixture, "there is no source") }
    for (name, share) in zip(names, shares) {
      guard share >= 0, share <= 1 else {
        throw CorpusError(.mixture, "mixture.shares.\(name) is \(share); a number from 0 to 1 expected")
      }
    }
    let sum = shares.reduce(0, +)
    guard abs(sum - 1) <= 1e-9 else {
      let list = zip(names, shares).map { "\($0) \($1)" }.joined(separator: ", ")
      throw CorpusError(.mixture, "mixture.shares add up to \(sum), not to 1 (\(list))")
    }
    var numerators = shares.map { Int64(($0 * Double(Self.denominator)).rounded()) }
    let largest = numerators.indices.max { numerators[$0] < numerators[$1] } ?? 0
    numerators[largest] += Self.denominator - numerators.reduce(0, +)
    self.numerators = numerators
  }

  /// Shares by name, as a job file gives them; every source must be there and nothing else.
  public init(shares: [String: Double], sources: [String]) throws {
    for name in shares.keys.sorted() where !sources.contains(name) {
      throw CorpusError(
        .mixture, "mixture.shares.\(name): there is no such source; sources: \(sources.joined(separator: ", "))")
    }
    let ordered = try sources.map { name in
      guard let share = shares[name] else {
        throw CorpusError(.mixture, "mixture.shares has no entry for source \(name); write 0 to leave it out")
      }
      return share
    }
    try self.init(shares: ordered, names: sources)
  }

  /// `almr`, the additional language mixture ratio: the added sources together have this share, the retained ones the
  /// rest; within a role by weight, else by tokens.
  public init(almr: Double, sources: [MixtureSource]) throws {
    guard almr >= 0, almr <= 1 else {
      throw CorpusError(.mixture, "mixture.almr is \(almr); a share from 0 to 1 expected (0.3 means 30 %)")
    }
    let added = Int64((almr * Double(Self.denominator)).rounded())
    var numerators = [Int64](repeating: 0, count: sources.count)
    for (role, total) in [(SourceRole.added, added), (.retained, Self.denominator - added)] {
      let members = sources.indices.filter { sources[$0].role == role }
      guard !members.isEmpty else {
        if total == 0 { continue }
        throw CorpusError(
          .mixture,
          "mixture.almr is \(almr), but no source has role: \(role.rawValue); "
            + (role == .added ? "add one or set almr to 0" : "add one or set almr to 1"))
      }
      let weights = try Self.weights(members.map { sources[$0] }, role: role)
      for (member, numerator) in zip(members, Self.apportion(total, by: weights)) { numerators[member] = numerator }
    }
    self.numerators = numerators
  }

  /// The share of a source, 0 to 1.
  public func share(_ source: Int) -> Double { Double(numerators[source]) / Double(Self.denominator) }

  private static func weights(_ members: [MixtureSource], role: SourceRole) throws -> [Double] {
    let given = members.filter { $0.weight != nil }
    guard given.isEmpty || given.count == members.count else {
      let without = members.filter { $0.weight == nil }.map(\.name).joined(separator: ", ")
      throw CorpusError(
        .mixture, "some \(role.rawValue) sources have a weight and \(without) has none; give all of them one, or none")
    }
    let weights = members.map { $0.weight ?? Double($0.tokens) }
    for (member, weight) in zip(members, weights) where !(weight >= 0 && weight.isFinite) {
      throw CorpusError(.mixture, "source \(member.name) has weight \(weight); a number of at least 0 expected")
    }
    guard weights.reduce(0, +) > 0 else {
      throw CorpusError(.mixture, "the \(role.rawValue) sources' weights add up to 0")
    }
    return weights
  }

  /// Integers in proportion to the weights that add up to `total`; what rounding leaves goes to the heaviest.
  private static func apportion(_ total: Int64, by weights: [Double]) -> [Int64] {
    let sum = weights.reduce(0, +)
    var parts = weights.map { Int64((Double(total) * ($0 / sum)).rounded()) }
    let heaviest = weights.indices.max { weights[$0] < weights[$1] } ?? 0
    parts[heaviest] += total - parts.reduce(0, +)
    return parts
  }
}
