import WireProtocol

// Workers are given to jobs in the order of the jobs' numbers: whole, or, to shards that ask for less, in shares.
extension Coordinator {
  mutating func schedule() {
    var rooms = workers.values.filter { $0.isReachable(settings, now: now.monotonic) }
      .map { room(on: $0) }.filter { !$0.isTaken }.sorted { $0.worker < $1.worker }
    var keysInWork: Set<Digest> = []
    for case .sharded(let phase) in phases.values { keysInWork.formUnion(phase.keysInWork) }
    for id in jobs.keys.sorted() {
      guard let state = jobs[id]?.state.state, state == .pending || state == .running else { continue }
      fillAndSettle(id)
      while true {
        switch phases[id] {
        case .sharded(let phase)?:
          guard let shard = phase.nextShard(keysInWork: keysInWork),
            let place = place(for: phase.shards[shard], in: rooms, of: id)
          else { break }
          if let key = phase.shards[shard].cacheKey { keysInWork.insert(key) }
          rooms[place].take(phase.shards[shard])
          assign(id, to: rooms[place].worker, shard: shard)
          continue
        case .stepped(let phase)? where phase.openPlaces > 0:
          guard let place = rooms.firstIndex(where: { $0.isWhole && refusal(of: $0.worker, for: id) == nil }) else {
            break
          }
          assign(id, to: rooms.remove(at: place).worker, shard: nil)
          continue
        default: break
        }
        break
      }
    }
  }

  /// The worker with the most threads free, so that shares spread over the cluster before they crowd a host.
  private func place(for shard: ShardPlan, in rooms: [WorkerRoom], of job: JobID) -> Int? {
    rooms.indices.filter { rooms[$0].holds(shard) && refusal(of: rooms[$0].worker, for: job) == nil }
      .max {
        rooms[$0].freeThreads < rooms[$1].freeThreads || rooms[$0].freeThreads == rooms[$1].freeThreads && $0 > $1
      }
  }

  /// What is left of a worker beside its assignments.
  private func room(on worker: WorkerEntry) -> WorkerRoom {
    var room = WorkerRoom(worker)
    for id in worker.assignments {
      guard let record = assignments[id]?.record, let shard = record.shard,
        let plan = jobs[record.job]?.plan, plan.phases.indices.contains(Int(record.phase)),
        case .sharded(let shards) = plan.phases[Int(record.phase)].work, shards.indices.contains(Int(shard))
      else { return room.taken }
      room.take(shards[Int(shard)])
    }
    return room
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

/// How much of a worker is free.
private struct WorkerRoom {
  let worker: WorkerID
  private(set) var freeThreads: UInt32
  /// Nil when the worker did not say how much memory it has.
  private var freeMemory: UInt64?
  private(set) var isWhole = true
  private let threads: UInt32

  init(_ entry: WorkerEntry) {
    worker = entry.id
    threads = max(1, entry.description?.threads ?? 1)
    freeThreads = threads
    freeMemory = entry.description.flatMap { $0.memoryBytes > 0 ? $0.memoryBytes : nil }
  }

  var isTaken: Bool { freeThreads == 0 }

  /// A shard that asks for more threads than the worker has gets them all. One alone on a worker is held whatever its
  /// memory is: it is refused elsewhere, with the figure, or shall be tried.
  func holds(_ shard: ShardPlan) -> Bool {
    guard !isWhole else { return true }
    guard shard.threads > 0, shard.threads <= freeThreads else { return false }
    return freeMemory.map { shard.memoryBytes <= $0 } ?? true
  }

  mutating func take(_ shard: ShardPlan) {
    isWhole = false
    freeThreads -= min(freeThreads, shard.threads == 0 ? threads : shard.threads)
    freeMemory = freeMemory.map { $0 - min($0, shard.memoryBytes) }
  }

  var taken: WorkerRoom {
    var room = self
    room.isWhole = false
    room.freeThreads = 0
    return room
  }
}

extension UInt64 {
  /// `12.3 GB`.
  var gigabytes: String {
    let tenths = self / 100_000_000
    return "\(tenths / 10).\(tenths % 10) GB"
  }
}
