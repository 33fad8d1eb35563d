import JobKit

/// `${stage.output}`: what an earlier stage of the pipeline leaves behind.
struct StageReference {
  let stage: String
  /// The name of an output tree, or of a value, which may have dots.
  let output: String

  /// Nil when the text is an ordinary path. Throws for something that was meant to be a reference and is not one.
  init?(_ scalar: SpecScalar, stages: [String]) throws(SpecError) {
    guard scalar.text.contains("${") else { return nil }
    let inside = scalar.text.dropFirst(2).dropLast()
    let parts = inside.split(separator: ".", omittingEmptySubsequences: false)
    guard scalar.text.hasPrefix("${"), scalar.text.hasSuffix("}"), parts.count >= 2, parts.allSatisfy({ !$0.isEmpty }),
      !inside.contains(where: { "${} /".contains($0) }), inside.first != "."
    else {
      throw SpecError(
        position: scalar.position, path: scalar.path,
        problem: "found `\(scalar.text)`, expected a path or a whole reference",
        remedy: "A reference stands alone: `${stage.output}`, for example `${first.model}`")
    }
    stage = stageName(inReference: inside, among: stages)
    self.output = String(inside.dropFirst(stage.count + 1))
  }
}
