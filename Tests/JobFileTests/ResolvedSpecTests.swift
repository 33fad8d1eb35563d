import JobFiles
import JobKit
import Testing
import WireProtocol

@Suite("Resolved job files")
struct ResolvedSpecTests {
  @Test("Every default is filled in, in the order of the keys")
  func defaults() throws {
    let planned = try Workshop().plan("coats: 3\njob: paint\nwall: wall\nrooms: [{name: hall}, {name: 厨房}]\n")
    #expect(
      planned.resolved.yaml == """
        job: paint
        name: paint
        output: out/paint
        wall: wall
        colours: []
        coats: 3
        recipe:
          thinner: 0.1
          speed: 1.0
          bounds: [0.5, 0.75]
          finish: matt
          varnish: false
        rooms:
          - {name: hall}
          - {name: 厨房}

        """)
  }

  @Test("A resolved job file resolves to itself")
  func fixedPoint() throws {
    let workshop = try Workshop()
    let first = try workshop.plan(
      "job: paint\nwall: wall\nname: \"1e3\"\nlitres: 2.5k\nshares: {red: 1e-7, \"no\": 0.5}")
    let second = try workshop.plan(first.resolved.yaml)
    #expect(second.resolved == first.resolved)
    #expect(first.resolved.yaml.contains("litres: 2500\n"))
    #expect(first.resolved.yaml.contains("shares: {red: 1.0e-07, \"no\": 0.5}\n"))
    #expect(first.resolved.yaml.contains("name: \"1e3\"\n"))
  }

  @Test("The recipe's digest follows recipe and contents, not names, places or the order of keys")
  func digest() throws {
    let workshop = try Workshop()
    let digest = try workshop.plan("job: paint\nwall: wall\ncoats: 3\n").recipeDigest
    #expect(try workshop.plan("coats: 3\nwall: ./wall\njob: paint\nname: other\noutput: x\n").recipeDigest == digest)
    #expect(try workshop.plan("job: paint\nwall: wall\ncoats: 4\n").recipeDigest != digest)
    #expect(try workshop.plan("job: paint\nwall: wall\ncoats: 3\nlitres: 1\n").recipeDigest != digest)
    try workshop.write("wall/bricks.txt", "blue\n")
    #expect(try workshop.plan("job: paint\nwall: wall\ncoats: 3\n").recipeDigest != digest)
  }
}
