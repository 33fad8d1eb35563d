import Foundation
import JobFiles
import JobKit
import WireProtocol

/// The sharded phases of a job, one shard after the other in this process: no coordinator, no workers, no store.
final class InProcessRun {
  let planned: PlannedJob
  private let job: any JobType
  private let scratch: URL
  private let threads: Int
  private(set) var phaseOutputs: [[OutputTree]] = []
  private(set) var results: [String] = []

  init(jobFile: URL, base: URL, scratch: URL, job: any JobType, threads: Int) throws {
    planned = try PlannedJob(try JobFile(readingFrom: jobFile.path), base: base.path, jobTypes: [job])
    self.job = job
    self.scratch = scratch
    self.threads = threads
  }

  /// Up to the first phase that is not sharded. `shardContext` may change what a shard is given.
  func runShards(_ shardContext: (ShardContext) -> ShardContext = { $0 }) throws {
    for (number, phase) in planned.plan.phases.enumerated() {
      guard case .sharded(let shards) = phase.work else { return }
      phaseOutputs.append([])
      for (index, shard) in shards.enumerated() {
        let directory = scratch.appendingPathComponent("phase-\(number)-\(index)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let result = try job.runShard(
          shardContext(
            ShardContext(
              phaseName: phase.name, shardIndex: index, shardCount: shards.count, payload: shard.payload,
              inputs: try inputs(shard.inputs), scratchDirectory: directory.path, threads: threads,
              progress: { _, _ in })))
        phaseOutputs[number] += result.outputs
        results.append(result.result)
      }
    }
  }

  /// A member of the stepped phase that comes after; nil when there is none.
  func makeMember() throws -> (member: any SteppedMember, plan: SteppedPlan)? {
    guard planned.plan.phases.indices.contains(phaseOutputs.count),
      case .stepped(let plan) = planned.plan.phases[phaseOutputs.count].work
    else { return nil }
    let member = try job.makeMember(
      MemberContext(
        payload: plan.payload, inputs: try inputs(plan.inputs), checkpoint: nil, scratchDirectory: scratch.path,
        threads: threads, progress: { _, _ in }))
    return (member, plan)
  }

  private func inputs(_ references: [InputReference]) throws -> [String: String] {
    var directories: [String: String] = [:]
    for reference in references {
      switch reference {
      case .files(let tree): directories[tree.name] = try place(tree)
      case .phase(let earlier):
        for tree in phaseOutputs[Int(earlier)] { directories[tree.name] = tree.directory }
      case .output(let earlier, let name):
        for tree in phaseOutputs[Int(earlier)] where tree.name == name { directories[tree.name] = tree.directory }
      case .stage: throw CocoaError(.featureUnsupported)
      }
    }
    return directories
  }

  private func place(_ tree: NamedTree) throws -> String {
    let directory = scratch.appendingPathComponent("inputs/\(UUID().uuidString)")
    for file in tree.files {
      guard let source = planned.files.first(where: { $0.digest == file.digest }) else {
        throw CocoaError(.fileNoSuchFile)
      }
      let place = directory.appendingPathComponent(file.path)
      try FileManager.default.createDirectory(
        at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.copyItem(at: URL(fileURLWithPath: source.path), to: place)
    }
    return directory.path
  }
}
