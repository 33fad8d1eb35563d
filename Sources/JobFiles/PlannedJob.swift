public import JobKit
public import WireProtocol

/// A job file turned into what a coordinator is asked to run.
public struct PlannedJob: Sendable {
  public var plan: JobPlan
  /// The job file with every default filled in.
  public let resolved: ResolvedSpec
  /// Equal for two jobs that compute the same thing: over the recipe and the contents of the inputs, not over names
  /// and places.
  public let recipeDigest: Digest
  /// What has to be in the coordinator's store before the job is submitted.
  public let files: [InputFile]
  private let references: [InputReference]

  /// Where results go: the job file's `output`, or `out/NAME`.
  public var output: String {
    if case .text(let path)? = resolved["output"] { return path }
    return "out/\(plan.name)"
  }

  /// Plans the job. Relative input paths start from `base`, or else from the job file's folder. Throws `SpecError`.
  public init(_ file: JobFile, base: String? = nil, jobTypes: [any JobType]) throws {
    let context = SubmissionContext(base: base ?? folder(of: file.path), jobTypes: jobTypes)
    (plan, resolved) = try context.plan(file.specification)
    files = context.files
    recipeDigest = digest(ofRecipe: resolved, plan: plan, inputs: context.references)
    references = context.references
  }

  /// Of the input tree's contents; nil when there is none of the name, or its files are not there yet.
  public func contentDigest(ofInput name: String) -> Digest? {
    for case .files(let tree) in references where tree.name == name {
      return hashText(tree.files.map { "\($0.digest.hex) \($0.path)\n" }.joined())
    }
    return nil
  }
}

private func folder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

private func digest(ofRecipe resolved: ResolvedSpec, plan: JobPlan, inputs: [InputReference]) -> Digest {
  var text = "admix recipe 1\n\(plan.jobType) \(plan.pluginVersion)\n\(resolved.canonicalRecipe)\n"
  for input in inputs {
    switch input {
    case .files(let tree):
      text += "files \(tree.name) \(tree.files.count)\n"
      for file in tree.files { text += "\(file.digest.hex) \(file.byteCount) \(file.path)\n" }
    case .stage(let name, let stage, let output): text += "stage \(name) \(stage) \(output)\n"
    case .phase(let number): text += "phase \(number)\n"
    case .output(let number, let name): text += "output \(number) \(name)\n"
    }
  }
  return hashText(text)
}
