import JobFiles
import JobKit
import Testing
import WireProtocol

@Suite("Pipelines")
struct PipelineTests {
  static let good = """
    job: pipeline
    name: house
    stages:
      - {name: first, job: paint, wall: wall}
      - {name: second, job: paint, wall: "${first.wall}", coats: 3}
      - {name: third, job: paint, wall: "${first.wall}", colours: ["${second.picture}"]}
    """

  @Test("A pipeline is a graph of its stages' plans; references become inputs")
  func graph() throws {
    let planned = try Workshop().plan(Self.good)
    guard case .graph(let stages) = try #require(planned.plan.phases.first).work else {
      Issue.record("no graph")
      return
    }
    #expect(planned.plan.name == "house")
    #expect(stages.map(\.name) == ["first", "second", "third"])
    #expect(stages.map(\.needs) == [[], ["first"], ["first", "second"]])
    #expect(stages.map(\.plan.name) == ["first", "second", "third"])
    #expect(planned.plan.notes == ["first: 2 coats", "second: 3 coats", "third: 2 coats"])
    guard case .sharded(let shards) = stages[2].plan.phases[0].work else {
      Issue.record("no shards")
      return
    }
    #expect(
      shards[0].inputs == [
        .stage(name: "wall", stage: "first", output: "wall"),
        .stage(name: "colour-0", stage: "second", output: "picture"),
      ])
    // The wall is hashed once and uploaded once, whichever stages read it.
    #expect(planned.files.count == 2)
  }

  @Test("The resolved job file of a pipeline plans to the same pipeline")
  func resolvedAgain() throws {
    let workshop = try Workshop()
    let planned = try workshop.plan(Self.good)
    let again = try workshop.plan(planned.resolved.yaml)
    #expect(again.plan == planned.plan)
    #expect(again.recipeDigest == planned.recipeDigest)
    #expect(again.resolved == planned.resolved)
  }

  @Test("Stages may be written in any order, and a number may be an earlier stage's")
  func orderAndValues() throws {
    let planned = try Workshop().plan(
      """
      job: pipeline
      name: house
      stages:
        - {name: last, job: paint, wall: "${a.b.wall}", recipe: {thinner: "${a.b.thinner}"}}
        - {name: a.b, job: paint, wall: wall}
        - {name: alone, job: paint, wall: wall}
      """)
    guard case .graph(let stages) = try #require(planned.plan.phases.first).work,
      case .sharded(let shards) = stages[1].plan.phases[0].work
    else {
      Issue.record("no graph")
      return
    }
    #expect(stages.map(\.name) == ["a.b", "last", "alone"])
    #expect(stages.map(\.needs) == [[], ["a.b"], []])
    #expect(shards[0].inputs.contains(.stage(name: "values-a.b", stage: "a.b", output: "values")))
    #expect(planned.resolved.yaml.contains("${a.b.thinner}"))
  }

  static let bad: [(stages: String, complaint: String)] = [
    (
      "",
      "job.yaml:2:1: stages: expected a list of 1 to 64 stages. Write `stages: [{name: first, job: …}, "
        + "{name: second, job: …, model: \"${first.model}\"}]`"
    ),
    (
      "  []",
      "job.yaml:2:1: stages: expected a list of 1 to 64 stages. Write `stages: [{name: first, job: …}, "
        + "{name: second, job: …, model: \"${first.model}\"}]`"
    ),
    (
      "  - first",
      "job.yaml:3:5: stages[0]: expected a mapping with `name` and `job`. Write `stages: [{name: first, "
        + "job: …}, {name: second, job: …, model: \"${first.model}\"}]`"
    ),
    (
      "  - {job: paint, wall: wall}",
      "job.yaml:3:5: stages[0].name: this key is missing. Write for example `name: first`"
    ),
    (
      "  - {name: a, wall: wall}",
      "job.yaml:3:5: stages[0].job: this key is missing. Write which kind of job it is: `job: paint`"
    ),
    (
      "  - {name: a, job: pant, wall: wall}",
      "job.yaml:3:20: stages[0].job: there is no job type `pant`. Did you mean `paint`?"
    ),
    (
      "  - {name: a, job: paint, wall: wall}\n  - {name: a, job: paint, wall: wall}",
      "job.yaml:4:6: stages[1].name: two stages are named `a`. Give each stage a name of its own"
    ),
    (
      "  - {name: a, job: paint, wall: wall, output: x}",
      "job.yaml:3:39: stages[0].output: a stage has no output of its own. Leave it out: a stage's "
        + "results lie below the pipeline's output, in `stages/a`"
    ),
    (
      "  - {name: a, job: pipeline, stages: []}",
      "job.yaml:3:20: stages[0].job: a stage cannot be a pipeline itself. Write its stages into this "
        + "one's list"
    ),
    (
      "  - {name: a, job: paint, wall: \"${a.wall}\"}",
      "job.yaml:3:33: stages[0].wall: the stage `a` refers to itself. Write a path, or name another stage"
    ),
    (
      "  - {name: a, job: paint, wall: \"${b.wall}\"}\n  - {name: b, job: paint, wall: wall, needs: [a]}",
      "job.yaml:3:5: stages[0]: stages need each other in a circle: a needs b needs a. Take one of these "
        + "needs or references away"
    ),
    (
      "  - {name: a, job: paint, wall: wall}\n  - {name: b, job: paint, wall: wall, needs: [b]}",
      "job.yaml:4:39: stages[1].needs: the stage `b` needs itself. Take it away"
    ),
    (
      "  - {name: first, job: paint, wall: wall}\n  - {name: b, job: paint, wall: \"${frist.wall}\"}",
      "job.yaml:4:33: stages[1].wall: no stage is named `frist`. Did you mean `first`?"
    ),
    (
      "  - {name: first, job: paint, wall: wall}\n  - {name: b, job: paint, wall: \"${first.wal}\"}",
      "job.yaml:4:33: stages[1].wall: the stage `first` has no output `wal`. Did you mean "
        + "`${first.wall}`?"
    ),
    (
      "  - {name: first, job: paint, wall: wall}\n  - {name: b, job: paint, wall: \"${first.checkpoint}\"}",
      "job.yaml:4:33: stages[1].wall: the stage `first` has no output `checkpoint`. It has: picture, "
        + "wall, values"
    ),
    (
      "  - {name: a, job: paint, wall: wall}\n"
        + "  - {name: b, job: paint, wall: wall, recipe: {thinner: \"${a.thiner}\"}}",
      "job.yaml:4:57: stages[1].recipe.thinner: the stage `a` has no value `thiner`. Did you mean "
        + "`${a.thinner}`?"
    ),
    (
      "  - {name: a, job: paint, wall: wall}\n"
        + "  - {name: b, job: paint, wall: wall, recipe: {thinner: \"${a.tint.speed}\"}}",
      "job.yaml:4:57: stages[1].recipe.thinner: `${a.tint.speed}` is a learning rate, expected a ratio. "
        + "Of this kind it has: thinner"
    ),
    (
      "  - {name: first, job: paint, wall: wall}\n  - {name: b, job: paint, wall: wall, needs: [fist]}",
      "job.yaml:4:39: stages[1].needs: no stage is named `fist`. Did you mean `first`?"
    ),
    (
      "  - {name: a, job: paint, wall: wall, coats: 0}",
      "job.yaml:3:46: stages[0].coats: found `0`, expected a whole number from 1 to 1,000. Write for "
        + "example `coats: 1`"
    ),
    (
      "  - {name: a, job: paint, wall: wall}\n  - {name: b, job: paint, wall: missing}",
      "job.yaml:4:33: stages[1].wall: <base>/missing: no such file or directory. Relative paths start "
        + "from the job file's folder, or from what `--base` names"
    ),
  ]

  @Test("References and stages are checked before anything starts", arguments: bad.indices)
  func complaint(index: Int) throws {
    let row = Self.bad[index]
    let complaint = try Workshop().complaint("job: pipeline\nstages:\n\(row.stages)\n")
    #expect(complaint == row.complaint)
  }
}
