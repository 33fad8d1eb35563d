public import WireProtocol

/// Says whose results a directory holds, in `OUTPUT/.admix/output.json`: by the recipe's digest, so that the same job
/// file finds its results again and no other one writes over them. Recipes of one family, such as evaluations of one
/// model, may have a directory in turn: what the earlier one computed serves the later one.
public struct OutputClaim: Sendable {
  public enum Answer: Sendable, Equatable {
    case new
    /// The directory holds results of the same recipe, finished or not.
    case same
    /// Of another recipe of the same family; the directory is the new one's now.
    case related
  }

  /// Recipes that may have a directory in turn.
  public struct Family: Sendable {
    public let digest: Digest
    /// Directories of results, which a later recipe's must not be mixed with.
    public let results: [String]
    public init(digest: Digest, results: [String]) {
      self.digest = digest
      self.results = results
    }
  }

  /// Claims `directory` for `recipe`. A directory with anything else in it is refused, or with `force` renamed to
  /// `directory.1`, `.2`, …; its new name is handed to `renamed`.
  public static func claim(
    _ directory: String, recipe: Digest, family: Family? = nil, force: Bool, renamed: (String) -> Void = { _ in }
  ) throws(OutputError) -> Answer {
    if exists(directory), !isDirectory(directory) {
      throw OutputError(path: directory, problem: "is a file, expected a directory", remedy: "Give another --output")
    }
    let found = owner(of: directory)
    if found?.recipe == recipe { return .same }
    if let family, found?.family == family.digest {
      // First: nothing of the earlier recipe's may stand under the new one's name, not even after a crash.
      for name in ["result.json"] + family.results { removeTree("\(directory)/\(name)") }
      try write(recipe, family, directory)
      return .related
    }
    if !names(in: directory).isEmpty {
      guard force else {
        throw OutputError(
          path: directory,
          problem: found.map {
            "holds the results of another recipe (\($0.recipe.hex.prefix(12)), this one is \(recipe.hex.prefix(12)))"
          } ?? "is not empty, and nothing in it says that it holds this job's results",
          remedy: "Give another --output, or --force to rename what is there")
      }
      renamed(try setAside(directory))
    }
    try makeDirectory("\(directory)/.admix")
    try write(recipe, family, directory)
    return .new
  }

  private static func write(_ recipe: Digest, _ family: Family?, _ directory: String) throws(OutputError) {
    var claim: JSONNode = ["schema": .integer(schemaVersion), "recipe_sha256": .string(recipe.hex)]
    if let family { claim = claim.merged(with: ["family_sha256": .string(family.digest.hex)]) }
    try replaceFile("\(directory)/.admix/output.json", with: claim.text() + "\n")
  }

  /// The recipe whose results `directory` holds, and its family if it has one; nil when nothing says so.
  private static func owner(of directory: String) -> (recipe: Digest, family: Digest?)? {
    guard let text = readText("\(directory)/.admix/output.json"), let claim = JSONNode(parsing: text),
      case .string(let hex)? = claim["recipe_sha256"], let recipe = Digest(hex: hex)
    else { return nil }
    guard case .string(let family)? = claim["family_sha256"] else { return (recipe, nil) }
    return (recipe, Digest(hex: family))
  }

  private static func setAside(_ directory: String) throws(OutputError) -> String {
    var number = 1
    while exists("\(directory).\(number)") { number += 1 }
    try renameEntry(directory, to: "\(directory).\(number)")
    return "\(directory).\(number)"
  }
}
