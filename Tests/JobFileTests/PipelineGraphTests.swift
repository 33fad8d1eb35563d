import JobFiles
import JobKit
import PipelineJob
import Testing
import WireProtocol

@Suite("The graph of a pipeline")
struct PipelineGraphTests {
  static let file = """
    job: pipeline
    name: house
    stages:
      - {name: last, job: paint, wall: "${middle.wall}"}
      - {name: middle, job: paint, wall: "${first.wall}"}
      - {name: first, job: paint, wall: wall}
      - {name: beside, job: paint, wall: wall}
    """

  @Test("has needs before what needs them, also from the resolved job file")
  func stages() throws {
    let planned = try Workshop().plan(Self.file)
    for text in [Self.file, planned.resolved.yaml] {
      let graph = try PipelineGraph(JobFile(bytes: Array(text.utf8), path: "job.yaml").specification)
      #expect(graph.stages.map(\.name) == ["first", "middle", "last", "beside"])
      #expect(graph.stages.map(\.needs) == [[], ["first"], ["middle"], []])
    }
  }

  @Test("A stage that is redone takes along what needs it, and nothing else; nothing of it comes from a cache")
  func redone() throws {
    let plan = try Workshop().plan(Self.file).plan
    func graph(_ plan: JobPlan) -> [StagePlan] {
      if case .graph(let stages) = plan.phases[0].work { stages } else { [] }
    }
    let redone = graph(try plan.redoing(from: "middle", mark: "m"))
    let before = graph(plan)
    #expect(zip(redone, before).map { $0.0.plan == $0.1.plan } == [true, false, false, true])
    for stage in redone where ["middle", "last"].contains(stage.name) {
      for phase in stage.plan.phases {
        guard case .sharded(let shards) = phase.work else { continue }
        #expect(shards.allSatisfy { $0.cacheKey == nil })
      }
    }
    do {
      _ = try plan.redoing(from: "midle", mark: "m")
      Issue.record("taken")
    } catch let error as UnknownStage {
      #expect(
        "\(error)"
          == "--from: no stage is named `midle`. Did you mean `middle`? Stages: first, middle, last, beside")
    }
    let single = before[0].plan
    #expect(throws: UnknownStage.self) { try single.redoing(from: "x", mark: "m") }
  }
}
