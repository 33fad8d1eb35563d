public import WireProtocol

// Which blobs are needed.
extension Coordinator {
  /// Every blob that a job, a cache entry or a checkpoint refers to. The daemon may delete all others when it starts.
  public var referencedArtifacts: Set<Digest> {
    var digests: Set<Digest> = []
    func add(_ trees: [NamedTree]) { for tree in trees { digests.formUnion(tree.files.map(\.digest)) } }
    for entry in cache.values { add(entry.outputs) }
    for job in jobs.values {
      add(job.plan.inputTrees)
      for completed in job.completedPhases.values { add(completed.outputs) }
      for history in job.steppedHistory { add(history.checkpoints.map(\.tree)) }
    }
    for phase in phases.values {
      switch phase {
      case .sharded(let sharded):
        add(sharded.outputs.flatMap { $0 })
        add(sharded.checkpoints.compactMap { $0?.tree })
      case .stepped(let stepped): add(stepped.checkpoints.map(\.tree))
      case .graph: break
      }
    }
    return digests
  }

  /// Blobs of pruned checkpoints, unless something else refers to them. A runner that is about to start from a
  /// checkpoint that went meanwhile is told of the newer one when it is assigned again.
  mutating func deleteUnreferenced() {
    guard !discarded.isEmpty else { return }
    let gone = discarded.subtracting(referencedArtifacts)
    discarded = []
    if !gone.isEmpty { batch.effects.append(.deleteArtifacts(gone.sorted { $0.hex < $1.hex })) }
  }

  /// The store has lost a blob: what can be made again is made again when it is needed next.
  mutating func artifactMissing(_ digest: Digest) {
    let lost = cache.values.filter { $0.outputs.contains { $0.files.contains { $0.digest == digest } } }.map(\.key)
    for key in lost.sorted(by: { $0.hex < $1.hex }) {
      cache[key] = nil
      batch.records.append(.cacheEntryRemoved(key: key))
    }
    for id in phases.keys.sorted() {
      withStepped(id) { $0.dropCheckpoints(with: digest) }
      withSharded(id) { $0.dropCheckpoints(with: digest) }
    }
    note("blob \(digest.hex.prefix(12)) is missing from the store")
  }
}

extension JobPlan {
  /// Files of the submitter that the plan refers to, stages included.
  var inputTrees: [NamedTree] {
    phases.flatMap { phase -> [NamedTree] in
      switch phase.work {
      case .sharded(let shards): shards.flatMap { $0.inputs.fileTrees }
      case .stepped(let stepped): stepped.inputs.fileTrees
      case .graph(let stages): stages.flatMap(\.plan.inputTrees)
      }
    }
  }
}

extension [InputReference] {
  var fileTrees: [NamedTree] { compactMap { if case .files(let tree) = $0 { tree } else { nil } } }

  /// Those that other stages hand over.
  var ofStages: [InputReference] { filter { if case .stage = $0 { true } else { false } } }
}
