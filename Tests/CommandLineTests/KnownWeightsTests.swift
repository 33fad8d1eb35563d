import Foundation
import Results
import TestSupport
import Testing

@Suite("Known weights")
struct KnownWeightsTests {
  let directory: TemporaryDirectory
  let recipe = String(repeating: "a", count: 64)
  let weights = String(repeating: "b", count: 64)
  init() throws { directory = try TemporaryDirectory() }

  private func list(_ text: String) throws -> KnownWeights {
    try KnownWeights(path: try directory.write(text, to: "known.txt").path)
  }

  @Test("The same, others, and none for these inputs or these numerics are told apart")
  func verdicts() throws {
    let known = try list("# what this is\n\n1 \(recipe) \(weights) # bookworm\n3 \(recipe) \(recipe)\n")
    #expect(known.verdict(recipe: recipe, weights: weights, numerics: 1) == .same)
    #expect(known.verdict(recipe: recipe, weights: weights, numerics: 3) == .different(expected: recipe))
    #expect(known.verdict(recipe: recipe, weights: weights, numerics: 2) == .unknown(numericsOfRecipe: [1, 3]))
    #expect(known.verdict(recipe: weights, weights: weights, numerics: 1) == .unknown(numericsOfRecipe: []))
    let result: JSONNode = ["recipe_sha256": .string(recipe), "weights_sha256": .string(weights)]
    #expect(known.line(result, numerics: 1)?.isBroken == false)
    #expect(known.line(result, numerics: 3)?.isBroken == true)
    #expect(known.line(result, numerics: 3)?.text.contains("names \(recipe)") == true)
    #expect(known.line(result, numerics: 2)?.text.contains("only for numerics 1, 3, this build's are 2") == true)
    #expect(known.line(["recipe_sha256": .string(recipe), "weights_sha256": .null], numerics: 1) == nil)
  }

  @Test("A line that is no entry is refused with its number, a list that is not there with its name")
  func refusals() throws {
    let entry = "\(recipe) \(weights)"
    for line in ["1 \(recipe)", "x \(entry)", "1 \(entry.dropLast())", "1 \(entry) comment"] {
      #expect { try list("\n\(line)\n") } throws: { "\($0)".contains("line 2 is no entry") }
    }
    #expect { try KnownWeights(path: directory.path + "/absent") } throws: { "\($0)".contains("absent") }
  }
}
