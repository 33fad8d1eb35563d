import WireProtocol

// Idle workers are given to jobs in the order of their numbers.
extension Coordinator {
  mutating func schedule() {
    var idle = workers.values.filter { $0.isIdle(settings, now: now.monotonic) }.map(\.id).sorted()
    var keysInWork: Set<Digest> = []
    for case .sharded(let phase) in phases.values { keysInWork.formUnion(phase.keysInWork) }
    for id in jobs.keys.sorted() {
      guard let state = jobs[id]?.state.state, state == .pending || state == .running else { continue }
      fillAndSettle(id)
      while let worker = idle.first(where: { refusal(of: $0, for: id) == nil }) {
        switch phases[id] {
        case .sharded(let phase)?:
          guard let shard = phase.nextShard(keysInWork: keysInWork) else { break }
          if let key = phase.shards[shard].cacheKey { keysInWork.insert(key) }
          idle.removeAll { $0 == worker }
          assign(id, to: worker, shard: shard)
          continue
        case .stepped(let phase)? where phase.openPlaces > 0:
          idle.removeAll { $0 == worker }
          assign(id, to: worker, shard: nil)
          continue
        default: break
        }
        break
      }
    }
  }

  private mutating func fillAndSettle(_ id: JobID) {
    guard case .sharded(let phase)? = phases[id], !phase.hasEnded, !phase.isHeld else { return }
    fillFromCache(id)
    withSharded(id) { $0.settle() }
  }

  /// Why this worker may not have work of this job; nil when it may.
  func refusal(of worker: WorkerID, for id: JobID) -> String? {
    guard let job = jobs[id], let entry = workers[worker] else { return "unknown" }
    let plugin = PluginVersion(name: job.plan.jobType, version: job.plan.pluginVersion)
    guard entry.plugins.contains(plugin) else {
      return "\(entry.title) does not run job type \(plugin.name) version \(plugin.version)"
    }
    if let bar = job.barred[worker], bar.generation == entry.generation { return bar.reason }
    if case .stepped(let plan)? = job.phasePlan?.work, let memory = entry.description?.memoryBytes, memory > 0,
      plan.stateBytes > memory
    {
      return "one worker must hold \(plan.stateBytes.gigabytes) and \(entry.title) has \(memory.gigabytes); "
        + "use workers with more memory, or a smaller model"
    }
    if let restart = job.restarts[worker], restart.notBefore > now.monotonic {
      return "\(entry.title) waits a moment before it starts a runner again"
    }
    return nil
  }
}

extension UInt64 {
  /// `12.3 GB`.
  var gigabytes: String {
    let tenths = self / 100_000_000
    return "\(tenths / 10).\(tenths % 10) GB"
  }
}
