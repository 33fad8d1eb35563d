public import WireProtocol

/// Says whose results a directory holds, in `OUTPUT/.admix/output.json`: by the recipe's digest, so that the same job
/// file finds its results again and no other one writes over them.
public struct OutputClaim: Sendable {
  public enum Answer: Sendable, Equatable {
    case new
    /// The directory holds results of the same recipe, finished or not.
    case same
  }

  /// Claims `directory` for `recipe`. A directory with anything else in it is refused, or with `force` renamed to
  /// `directory.1`, `.2`, …; its new name is handed to `renamed`.
  public static func claim(
    _ directory: String, recipe: Digest, force: Bool, renamed: (String) -> Void = { _ in }
  ) throws(OutputError) -> Answer {
    if exists(directory), !isDirectory(directory) {
      throw OutputError(path: directory, problem: "is a file, expected a directory", remedy: "Give another --output")
    }
    let found = owner(of: directory)
    if found == recipe { return .same }
    if !names(in: directory).isEmpty {
      guard force else {
        throw OutputError(
          path: directory,
          problem: found.map {
            "holds the results of another recipe (\($0.hex.prefix(12)), this one is \(recipe.hex.prefix(12)))"
          } ?? "is not empty, and nothing in it says that it holds this job's results",
          remedy: "Give another --output, or --force to rename what is there")
      }
      renamed(try setAside(directory))
    }
    try makeDirectory("\(directory)/.admix")
    let claim: JSONNode = ["schema": .integer(schemaVersion), "recipe_sha256": .string(recipe.hex)]
    try replaceFile("\(directory)/.admix/output.json", with: claim.text() + "\n")
    return .new
  }

  /// The recipe whose results `directory` holds; nil when nothing says so.
  static func owner(of directory: String) -> Digest? {
    guard let text = readText("\(directory)/.admix/output.json"),
      case .string(let hex)? = JSONNode(parsing: text)?["recipe_sha256"]
    else { return nil }
    return Digest(hex: hex)
  }

  private static func setAside(_ directory: String) throws(OutputError) -> String {
    var number = 1
    while exists("\(directory).\(number)") { number += 1 }
    try renameEntry(directory, to: "\(directory).\(number)")
    return "\(directory).\(number)"
  }
}
