import Crypto
import WireProtocol

extension Coordinator {
  /// A phase for these shards, under the keys that the cache knows them by.
  func shardedPhase(_ shards: [ShardPlan], of job: Job) -> ShardedPhase {
    let keyed = shards.map { shard in
      var shard = shard
      shard.cacheKey = cacheKey(of: shard, for: job)
      return shard
    }
    return ShardedPhase(job: job.id, phase: job.state.phase, shards: keyed, settings: settings)
  }

  /// A shard's key in the cache: the plan's, and what the plan could not know, the content of what other stages hand
  /// over. Nil without a key in the plan, or when something handed over is not there.
  private func cacheKey(of shard: ShardPlan, for job: Job) -> WireProtocol.Digest? {
    guard let planned = shard.cacheKey else { return nil }
    let handed = shard.inputs.ofStages
    guard !handed.isEmpty else { return planned }
    let trees = resolve(handed, for: job)
    guard trees.count == handed.count else { return nil }
    var hash = SHA256()
    func add(_ text: String) { hash.update(data: Array("\(text)\n".utf8)) }
    add("stages \(planned.hex)")
    for tree in trees {
      add("\(tree.name) \(tree.files.count)")
      for file in tree.files { add("\(file.digest.hex) \(file.path)") }
    }
    return WireProtocol.Digest(sha256: hash.finalize())
  }
}
