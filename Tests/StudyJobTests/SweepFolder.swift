import Foundation
import JobFiles
import JobKit
import TestSupport
import WireProtocol

/// A folder with the output of a sweep whose losses follow a known surface, and what runs a job of one shard there.
struct SweepFolder {
  let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    let settings = [0.1, 0.3, 0.5, 0.7].flatMap { ratio in
      [3e-4, 1e-3, 3e-3, 1e-2].map { (ratio: ratio, rate: $0) }
    }
    try write(settings, below: "sweep", best: 3e-3)
  }

  /// New losses fall with the ratio and are lowest at the rate `best`; those of English rise with both.
  func write(
    _ settings: [(ratio: Double, rate: Double)], below folder: String, best: Double, sets: [String] = ["zh", "en"]
  ) throws {
    var text = "almr,learning_rate,seed,step,tokens,parameters,status,config_hash,"
    text += (sets.map { "loss_\($0)" } + sets.map { "initial_\($0)" }).joined(separator: ",") + "\n"
    for setting in settings {
      let distance = log(setting.rate / best)
      let new = 3 + 1.5 * exp(-4 * setting.ratio) + 0.1 * distance * distance
      let retained = 2.5 + 0.15 * setting.ratio + 0.03 * max(0, distance)
      text += "\(setting.ratio),\(setting.rate),7,80,327680,600000,completed,c,\(new),\(retained),6.5,2.6\n"
    }
    try directory.write(text, to: folder + "/cells.csv")
    let roles = sets.enumerated().map { index, name in
      "{\"name\": \"\(name)\", \"role\": \"\(index == 0 ? "added" : "retained")\", \"heldOutFrom\": null}"
    }
    let schedule = "{\"schedule\": \"cosine\", \"warmupSteps\": 8, \"steps\": 80, \"minimumRateRatio\": 0.1}"
    try directory.write(
      "{\"schema\": 1, \"schedule\": \(schedule), \"sets\": [\(roles.joined(separator: ", "))]}",
      to: folder + "/sweep.json")
  }

  struct Run {
    let trees: [String: String]
    let result: String

    func values() throws -> [String: Double] {
      let file = URL(fileURLWithPath: (trees[StageValue.tree] ?? "") + "/" + StageValue.file)
      return try JSONDecoder().decode([String: Double].self, from: Data(contentsOf: file))
    }
  }

  func plan(_ text: String, _ jobTypes: [any JobType]) throws -> PlannedJob {
    let file = try directory.write(text, to: "job.yaml")
    return try PlannedJob(try JobFile(readingFrom: file.path), jobTypes: jobTypes)
  }

  /// Plans the job and runs its one shard in this process.
  func run(_ job: any JobType, _ text: String) throws -> Run {
    let planned = try plan(text, [job])
    let scratch = directory.url.appendingPathComponent("scratch-\(UInt64.random(in: 0 ... .max))")
    guard case .sharded(let shards) = planned.plan.phases[0].work else { throw CocoaError(.featureUnsupported) }
    var inputs: [String: String] = [:]
    for case .files(let tree) in shards[0].inputs {
      let place = scratch.appendingPathComponent("inputs/\(tree.name)")
      for file in tree.files {
        guard let source = planned.files.first(where: { $0.digest == file.digest }) else {
          throw CocoaError(.fileNoSuchFile)
        }
        let target = place.appendingPathComponent(file.path)
        try FileManager.default.createDirectory(
          at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: URL(fileURLWithPath: source.path), to: target)
      }
      inputs[tree.name] = place.path
    }
    let result = try job.runShard(
      ShardContext(
        phaseName: planned.plan.phases[0].name, shardIndex: 0, shardCount: 1, payload: shards[0].payload,
        inputs: inputs, scratchDirectory: scratch.path, threads: 1, progress: { _, _ in }))
    return Run(
      trees: Dictionary(uniqueKeysWithValues: result.outputs.map { ($0.name, $0.directory) }), result: result.result)
  }
}

/// A job that needs a learning rate and says in its payload which one it would take.
struct UseJob: JobType {
  let name = "use"
  let version: UInt32 = 1

  func plan(_ specification: SpecMapping, context: any PlanningContext) throws -> JobPlan {
    let (rate, resolved) = try SpecReader.read(specification) { reader in
      _ = try reader.header(of: name)
      return try reader.required("rate", .referable(.number(above: 0)), example: "0.1")
    }
    var shard = ShardPlan(name: "use", payload: [], inputs: [])
    if case .reference(let scalar) = rate {
      let value = try context.value(scalar, kind: .learningRate)
      shard = ShardPlan(
        name: "use", payload: Array("\(value.name) × \(value.factor)".utf8), inputs: [value.reference])
    }
    context.resolved(resolved)
    return JobPlan(
      jobType: name, pluginVersion: 1, name: name, phases: [PhasePlan(name: "use", work: .sharded([shard]))],
      outputs: [])
  }

  func runShard(_ context: ShardContext) throws -> ShardResult { throw CocoaError(.featureUnsupported) }
  func makeMember(_ context: MemberContext) throws -> any SteppedMember { throw CocoaError(.featureUnsupported) }
}
