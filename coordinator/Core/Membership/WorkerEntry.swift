import WireProtocol

/// A node that has ever been a worker of this cluster.
struct WorkerEntry: Sendable {
  let id: WorkerID
  let node: Token128
  var name: String
  var address = ""
  var description: WorkerDescription?
  var plugins: Set<PluginVersion> = []
  /// What its host lacks for some work, in its own words.
  var shortcomings = ""
  /// Of the process that was here last; nil when this boot of the coordinator has not seen it.
  var boot: Token128?
  var connection: ConnectionID?
  /// Of its newest registration.
  var generation: UInt64 = 0
  /// INVENTORY has come on this connection: now it is known what lives there.
  var hasInventory = false
  /// Nil when it is not a member: its lease has ended, or it has not come since the coordinator started.
  var lastHeard: MonotonicTime?
  /// Its runners were told to the phases as not reachable now.
  var isSuspected = false
  /// It said GOODBYE; not missed, and not shown.
  var hasLeft = false
  var residentBytes: UInt64 = 0
  /// Assignments that are live or lost there.
  var assignments: Set<AssignmentID> = []
  /// Runners that live there and are nobody's any more; the worker is busy until they are gone.
  var leaving: Set<AssignmentID> = []

  var title: String { name.isEmpty ? "\(id)" : "\(id) (\(name))" }

  func leaseEnd(_ settings: CoordinatorSettings) -> MonotonicTime? { lastHeard.map { $0 + settings.leaseDuration } }

  /// When the next silence ends: suspicion, then the lease.
  func silenceEnd(_ settings: CoordinatorSettings) -> MonotonicTime? {
    guard let lastHeard, !isSuspected, connection != nil else { return leaseEnd(settings) }
    return lastHeard + settings.suspicionDuration
  }

  func isSuspect(_ settings: CoordinatorSettings, now: MonotonicTime) -> Bool {
    guard let lastHeard else { return false }
    return connection == nil || now.elapsed(since: lastHeard) >= settings.suspicionDuration
  }

  /// Whether work may be given to it as far as the worker itself goes; how much of it is free is another question.
  func isReachable(_ settings: CoordinatorSettings, now: MonotonicTime) -> Bool {
    connection != nil && hasInventory && leaving.isEmpty && !isSuspect(settings, now: now)
  }
}
