import WireProtocol

/// Heartbeats of the present link that are not acknowledged, with the times they were sent.
struct Heartbeats: Sendable {
  var sequence: UInt64 = 0
  var sent: [(sequence: UInt64, at: MonotonicTime)] = []
  var nextAt: MonotonicTime?
  /// A lease's worth and more; older ones prove nothing any more.
  static let keptLimit = 64
}

// The link: connecting and again, heartbeats, and the fence.
extension Worker {
  mutating func connect() {
    let id = LinkID(nextLink)
    nextLink += 1
    link = .connecting(id, since: now)
    effects.append(.connect(id))
  }

  mutating func welcomed(_ id: LinkID, _ welcome: Welcome) {
    guard case .connecting(id, let since) = link else { return }
    link = .up(id, generation: welcome.generation)
    self.welcome = welcome
    failedAttempts = 0
    // The coordinator began the lease no earlier than HELLO was sent.
    acknowledgedSendTime = since
    heartbeats.sent = []
    heartbeats.nextAt = now
    isFenced = false
    // First of all the coordinator learns what lives here; exits it did not hear of come right after, so that it knows
    // those runners as ended and not as lost.
    let living = runners.values.map { Inventory.Runner(assignment: $0.id, job: $0.assign.job) }
    let gone = exits.map { Inventory.Runner(assignment: $0.exit.assignment, job: $0.job) }
    say(.inventory(Inventory(runners: (living + gone).sorted { $0.assignment < $1.assignment })))
    for kept in exits { say(.runnerExited(kept.exit)) }
    for runner in runners.values.sorted(by: { $0.id < $1.id }) where runner.isReady {
      effects.append(.sendToRunner(.unfence(Unfence(generation: welcome.generation)), runner.id))
    }
    // A lease so short that it is over while HELLO travels: fence again.
    fenceIfDue()
  }

  mutating func refused(_ id: LinkID, _ refusal: Refusal) {
    guard case .connecting(id, _) = link else { return }
    effects.append(.log("the coordinator refused this worker: \(refusal.sentence)"))
    switch refusal.reason {
    case .draining: linkLost(refusal.sentence)
    case .wireVersion, .numericsVersion, .wrongCluster, .role, .runToken, .malformed:
      link = .stopped
      effects.append(.stop(refusal))
    }
  }

  mutating func disconnected(_ id: LinkID, _ reason: String) {
    switch link {
    case .connecting(id, _), .up(id, _): linkLost(reason)
    case .connecting, .up, .down, .stopped: break
    }
  }

  /// Tries again after a wait that doubles, up to a limit, and is shortened by chance.
  mutating func linkLost(_ reason: String) {
    let doublings = min(failedAttempts, 16)
    let delay = min(settings.firstReconnectDelay * (1 << doublings), settings.longestReconnectDelay)
    if failedAttempts == 0 { effects.append(.log("no connection to the coordinator: \(reason)")) }
    failedAttempts += 1
    heartbeats.nextAt = nil
    link = .down(retryAt: now + jitter.draw(upTo: delay))
  }

  mutating func say(_ word: WorkerWord) {
    guard case .up(let id, let generation) = link else { return }
    effects.append(.send(word, id, generation: generation))
  }

  // MARK: Heartbeats

  mutating func beat() {
    guard let nextAt = heartbeats.nextAt, nextAt <= now, let welcome else { return }
    heartbeats.sequence += 1
    heartbeats.sent.append((heartbeats.sequence, now))
    if heartbeats.sent.count > Heartbeats.keptLimit { heartbeats.sent.removeFirst() }
    // At least ten milliseconds, whatever WELCOME said: a period of zero would spin.
    heartbeats.nextAt = now + .milliseconds(Int64(max(10, welcome.heartbeatMilliseconds)))
    say(.heartbeat(Heartbeat(sequence: heartbeats.sequence, residentBytes: residentBytes)))
  }

  mutating func acknowledged(_ sequence: UInt64) {
    guard let index = heartbeats.sent.firstIndex(where: { $0.sequence == sequence }) else { return }
    let sentAt = heartbeats.sent[index].at
    heartbeats.sent.removeSubrange(...index)
    acknowledgedSendTime = max(acknowledgedSendTime ?? sentAt, sentAt)
  }

  // MARK: Fence

  var fenceAt: MonotonicTime? {
    guard let acknowledgedSendTime, let welcome else { return nil }
    return acknowledgedSendTime + .milliseconds(Int64(welcome.fenceMilliseconds))
  }

  var leaseEnd: MonotonicTime? {
    guard let acknowledgedSendTime, let welcome else { return nil }
    return acknowledgedSendTime + .milliseconds(Int64(welcome.leaseMilliseconds))
  }

  var leaseIsOver: Bool { leaseEnd.map { $0 <= now } ?? false }

  /// Counted from the sending, so that however slow the answer was, this side stops before the other side takes its
  /// runners for dead. Ends with the next WELCOME, or with an acknowledgement that is recent enough.
  mutating func fenceIfDue() {
    guard let fenceAt else { return }
    if !isFenced, fenceAt <= now {
      isFenced = true
      effects.append(.log("nothing was acknowledged for the fence duration: runners are fenced"))
      for runner in runners.values.sorted(by: { $0.id < $1.id }) where runner.isReady {
        effects.append(.sendToRunner(.fence(Fence()), runner.id))
      }
    } else if isFenced, fenceAt > now, case .up(_, let generation) = link {
      isFenced = false
      for runner in runners.values.sorted(by: { $0.id < $1.id }) where runner.isReady {
        effects.append(.sendToRunner(.unfence(Unfence(generation: generation)), runner.id))
      }
    }
  }
}
