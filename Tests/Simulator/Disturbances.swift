import WireProtocol

/// Trouble at random times: connections reset, processes stopped past their lease, networks cut, processes killed.
enum Disturbances {
  static func plan(_ cluster: SimulatedCluster) {
    if cluster.crashes.plansRarePlace {
      // A runner that is stopped for long is killed; a worker that is cut off fences.
      let host = cluster.hosts[cluster.choices.below(cluster.hosts.count)]
      let kind = cluster.choices.chance(50) ? 3 : 5
      cluster.after(cluster.choices.milliseconds(4000...9000)) {
        strike(cluster, kind, host, host, .seconds(30))
      }
    }
    for _ in 0..<cluster.choices.within(1...8) {
      let delay = cluster.choices.milliseconds(500...40_000)
      let kind = cluster.choices.below(9)
      let host = cluster.choices.below(cluster.hosts.count)
      let other = (host + 1 + cluster.choices.below(cluster.hosts.count - 1)) % cluster.hosts.count
      let length = cluster.choices.milliseconds(200...(cluster.choices.chance(50) ? 25_000 : 4000))
      cluster.after(delay) {
        if cluster.isTroubled { strike(cluster, kind, cluster.hosts[host], cluster.hosts[other], length) }
      }
    }
  }

  private static func strike(
    _ cluster: SimulatedCluster, _ kind: Int, _ host: SimulatedHost, _ other: SimulatedHost, _ length: Duration
  ) {
    cluster.note("trouble \(kind) at \(host.name) for \(length)", UInt64(kind) &+ 100)
    let end = cluster.time + UInt64(length.wholeNanoseconds)
    switch kind {
    case 0, 1:
      cluster.counters.resets += 1
      let (coordinatorHears, hostHears) = (cluster.choices.chance(80), cluster.choices.chance(80))
      cluster.network.links[host.index]?.cut(
        reason: "connection reset", coordinatorHears: coordinatorHears, hostHears: hostHears)
      // A host that does not hear of it finds out when its lease is over.
      if !hostHears { cluster.checks.disturbed(host) }
    case 2:
      // The whole host, worker and runners.
      cluster.counters.stops += 1
      host.process.stoppedUntil = end
      for runner in host.runners.values { stop(runner, until: end) }
    case 3:
      cluster.counters.stops += 1
      for runner in host.runners.values { stop(runner, until: end) }
    case 4:
      cluster.counters.stops += 1
      host.process.stoppedUntil = end
      cluster.checks.disturbed(host)
    case 5:
      cluster.network.controlCutUntil[host.index] = end
      cluster.network.links[host.index]?.cut(
        reason: "network is unreachable", coordinatorHears: false, hostHears: false)
      cluster.checks.disturbed(host)
    case 6:
      cluster.network.peersCutUntil[.init(UInt32(host.index), UInt32(other.index))] = end
      for runner in host.runners.values.sorted(by: { $0.assignment < $1.assignment }) {
        for peer in other.runners.keys.sorted() { runner.resetPeer(peer) }
      }
    case 7: host.crash()
    default: if let runner = host.runners.values.min(by: { $0.assignment < $1.assignment }) { runner.crash() }
    }
  }

  private static func stop(_ runner: SimulatedRunner, until end: UInt64) {
    runner.process.stoppedUntil = end
    runner.cluster.checks.disturbed(runner.host)
  }
}
