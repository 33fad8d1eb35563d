import ControlClient
import JobFiles
import JobKit
import PipelineJob
import Results
import WireProtocol

/// The graph of a pipeline with its stages' progress; empty for another job.
func pipelineLines(_ detail: JobDetail, in status: ClusterStatus) throws -> [String] {
  guard detail.status.kind == Pipeline().name else { return [] }
  let children = status.jobs.filter { $0.parent == detail.status.id }
  let file = try JobFile(bytes: Array(detail.jobFile.utf8), path: "job.yaml")
  return graphLines(
    try PipelineGraph(file.specification).stages.map { stage in
      GraphStage(name: stage.name, needs: stage.needs, status: children.last { $0.name == stage.name })
    })
}
