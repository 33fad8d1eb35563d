import CoordinatorCore
import WireProtocol
import WorkerCore

/// A control connection between a worker and the coordinator: in order, each way with a delay, until it is cut. What is
/// under way when it is cut is lost, or comes late on a connection that its receiver has already replaced.
final class SimulatedLink {
  let connection: ConnectionID
  let link: LinkID
  unowned let host: SimulatedHost
  let hostLife: Int
  let coordinatorLife: Int
  var isCut = false
  var isAccepted = false
  private var lastArrivalUp: UInt64 = 0
  private var lastArrivalDown: UInt64 = 0

  init(connection: ConnectionID, link: LinkID, host: SimulatedHost, coordinatorLife: Int) {
    self.connection = connection
    self.link = link
    self.host = host
    self.hostLife = host.process.life
    self.coordinatorLife = coordinatorLife
  }

  var cluster: SimulatedCluster { host.cluster }

  func up(_ event: @escaping () -> CoordinatorEvent) {
    let coordinator = cluster.coordinator!
    deliver(&lastArrivalUp, to: coordinator.process, life: coordinatorLife) { coordinator.handle(event()) }
  }

  func down(_ event: WorkerEvent<SimulatedFrame>) {
    let host = host
    deliver(&lastArrivalDown, to: host.process, life: hostLife) { host.handle(event) }
  }

  private func deliver(
    _ lastArrival: inout UInt64, to process: SimulatedProcess, life: Int, _ action: @escaping () -> Void
  ) {
    let cluster = cluster
    guard !isCut, process.life == life else { return }
    let arrival = max(
      lastArrival + 1, cluster.time + UInt64(cluster.choices.milliseconds(0...12).wholeNanoseconds))
    lastArrival = arrival
    let isLostWhenCut = cluster.choices.chance(75)
    cluster.after(.nanoseconds(Int64(arrival - cluster.time)), in: process) { [self] in
      if !isCut || !isLostWhenCut { action() }
    }
    // Frames that come twice: TCP does not do it, but nothing may depend on that.
    if cluster.isTroubled, cluster.choices.below(1000) < 5 {
      cluster.after(cluster.choices.milliseconds(5...400), in: process) { [self] in if !isCut { action() } }
    }
  }

  /// Cuts it. Each side hears of it a little later, or (half-open) not at all.
  func cut(reason: String, coordinatorHears: Bool = true, hostHears: Bool = true) {
    guard !isCut else { return }
    isCut = true
    let cluster = cluster
    let coordinator = cluster.coordinator!
    if coordinatorHears, coordinator.process.life == coordinatorLife {
      cluster.after(cluster.choices.milliseconds(0...40), in: coordinator.process) { [self] in
        coordinator.handle(.workerDisconnected(connection))
      }
    }
    if hostHears, host.process.life == hostLife {
      cluster.after(cluster.choices.milliseconds(0...40), in: host.process) { [self] in
        host.handle(.disconnected(link, reason: reason))
      }
    }
  }
}

/// What travels between coordinator and runner, unread by the worker.
enum SimulatedFrame: Sendable {
  case down(CoordinatorMessage)
  case up(RunnerMessage)
}

/// A data connection between two runners.
final class SimulatedPeerLink {
  let ends: (SimulatedRunner, SimulatedRunner)
  var isCut = false
  private var lastArrival: UInt64 = 0

  init(_ a: SimulatedRunner, _ b: SimulatedRunner) { ends = (a, b) }

  func other(than runner: SimulatedRunner) -> SimulatedRunner { ends.0 === runner ? ends.1 : ends.0 }

  func send(from runner: SimulatedRunner, _ action: @escaping (SimulatedRunner) -> Void) {
    guard !isCut else { return }
    let receiver = other(than: runner)
    let cluster = runner.cluster
    lastArrival = max(lastArrival + 1, cluster.time + UInt64(cluster.choices.milliseconds(0...6).wholeNanoseconds))
    cluster.after(.nanoseconds(Int64(lastArrival - cluster.time)), in: receiver.process) { [self] in
      if !isCut { action(receiver) }
    }
  }
}

/// Who can reach whom.
final class SimulatedNetwork {
  var nextConnection: UInt64 = 1
  /// Control connections that stand, by the host's index.
  var links: [Int: SimulatedLink] = [:]
  var peerLinks: [Pair: SimulatedPeerLink] = [:]
  /// Until when no control connection of the host can be made, and none carries anything.
  var controlCutUntil: [Int: UInt64] = [:]
  /// Until when two hosts cannot reach each other's runners.
  var peersCutUntil: [Pair: UInt64] = [:]

  struct Pair: Hashable {
    let low: UInt32
    let high: UInt32
    init(_ a: UInt32, _ b: UInt32) {
      low = min(a, b)
      high = max(a, b)
    }
  }
}
