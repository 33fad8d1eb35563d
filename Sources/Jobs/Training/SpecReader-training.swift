import JobKit

/// What the job files of all trainings have.
extension SpecReader {
  /// Shares by source: each source once, nobody else, adding up to 1.
  func checkShares(
    _ shares: [(key: String, position: SpecPosition, value: Double)], sources names: [String]
  ) throws {
    for share in shares where !names.contains(share.key) {
      throw SpecError(
        position: share.position, path: "\(path(of: "shares")).\(share.key)", problem: "no source has this name",
        remedy: "The sources are \(names.joined(separator: ", "))")
    }
    for name in names where !shares.contains(where: { $0.key == name }) {
      throw refusal(
        "shares", "the share of source \(name) is missing", remedy: "Write for example `\(name): 0.1`")
    }
    let sum = shares.reduce(0) { $0 + $1.value }
    if abs(sum - 1) > 1e-9 {
      throw refusal("shares", "the shares add up to \(sum)", remedy: "They must add up to 1")
    }
  }

  func refuseRepeatedNames(_ names: [String], of key: String) throws {
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      throw refusal(key, "two of them are named \(name)", remedy: "Give each a name of its own")
    }
  }

  func noSource(named name: String, sources names: [String]) -> SpecError {
    refusal("from", "no source is named \(name)", remedy: "The sources are \(names.joined(separator: ", "))")
  }

  /// How often a checkpoint is written, and how many stay.
  func checkpointSettings() throws -> (interval: Int, kept: Int) {
    try mappingOrEmpty("checkpoint", example: "every_steps: 20, keep: 2") { checkpoint in
      (
        interval: try checkpoint.value("every_steps", .integer(0...1_000_000_000), default: 0),
        kept: try checkpoint.value("keep", .integer(1...1000), default: 2)
      )
    }
  }
}
