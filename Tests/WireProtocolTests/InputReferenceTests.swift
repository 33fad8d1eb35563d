import Testing
import WireProtocol

@Suite("Where an input comes from")
struct InputReferenceTests {
  static let references: [InputReference] = [
    .phase(3), .stage(name: "model", stage: "first", output: "model"), .output(phase: 2, name: "cell-0123"),
  ]

  @Test("Every kind reads back as itself, and no shortened one does", arguments: references)
  func roundTrip(reference: InputReference) throws {
    let plan = JobPlan(
      jobType: "t", pluginVersion: 1, name: "n",
      phases: [
        PhasePlan(name: "p", work: .sharded([ShardPlan(name: "s", payload: [], inputs: [reference])]))
      ], outputs: [])
    let submit = Submit(plan: plan, jobFile: "", recipeDigest: .zero, submission: Token128(high: 1, low: 2))
    let bytes = submit.encodedBody()
    #expect(try Submit(body: bytes) == submit)
    for count in 0..<bytes.count {
      #expect(throws: WireError.self) { try Submit(body: Array(bytes.prefix(count))) }
    }
  }
}
