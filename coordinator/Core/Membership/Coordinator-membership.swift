import WireProtocol

// Registration, leases and generations: who is a member, and whose frames count.
extension Coordinator {
  /// The worker whose newest connection this is, if the frame is of its newest generation too.
  mutating func speaker(_ connection: ConnectionID, _ generation: UInt64) -> WorkerID? {
    guard let worker = connections[connection], workers[worker]?.generation == generation else { return nil }
    heard(worker)
    return worker
  }

  private mutating func heard(_ worker: WorkerID) {
    workers[worker]?.lastHeard = now.monotonic
    guard workers[worker]?.isSuspected == true, workers[worker]?.hasInventory == true else { return }
    workers[worker]?.isSuspected = false
    for assignment in workers[worker]?.assignments.sorted() ?? [] { setConnected(true, assignment) }
  }

  /// Silence on a connection that stands: its runners are not counted on for now.
  mutating func suspectSilentWorkers() {
    for worker in workers.keys.sorted() {
      guard let entry = workers[worker], entry.connection != nil, !entry.isSuspected,
        entry.isSuspect(settings, now: now.monotonic)
      else { continue }
      workers[worker]?.isSuspected = true
      for assignment in entry.assignments.sorted() { setConnected(false, assignment) }
    }
  }

  mutating func workerConnected(
    _ connection: ConnectionID, _ hello: Hello, address: String, wireVersion: UInt8
  ) {
    guard connections[connection] == nil else { return }  // A HELLO that came twice.
    let name = hello.worker?.name ?? ""
    let id = register(node: hello.node, name: name)
    guard var entry = workers[id] else { return }
    if let old = entry.connection, old != connection {
      connections[old] = nil
      batch.effects.append(.close(old, sentence: "a newer connection of the same worker replaces this one"))
    }
    let isNewProcess = entry.boot != nil && entry.boot != hello.boot
    let wasAbsent = entry.lastHeard == nil
    generation += 1
    entry.name = name
    entry.address = address
    entry.description = hello.worker
    entry.plugins = Set(hello.plugins)
    entry.shortcomings = hello.shortcomings
    entry.boot = hello.boot
    entry.connection = connection
    entry.generation = generation
    entry.hasInventory = false
    entry.lastHeard = now.monotonic
    entry.isSuspected = false
    entry.hasLeft = false
    if isNewProcess { entry.leaving = [] }
    workers[id] = entry
    connections[connection] = id
    batch.effects.append(
      .send(
        .welcome(welcome(id, entry.generation, wireVersion)), to: connection, stream: 0, correlation: 0,
        generation: entry.generation))
    if wasAbsent || isNewProcess { note("\(entry.title) joined from \(address)") }
    if isNewProcess {
      for assignment in entry.assignments.sorted() { end(assignment, because: "its worker was started again") }
    }
  }

  private mutating func register(node: Token128, name: String) -> WorkerID {
    let known = workersByNode[node]
    let id = known ?? WorkerID((workers.keys.max()?.number ?? 0) + 1)
    if known == nil {
      workersByNode[node] = id
      workers[id] = WorkerEntry(id: id, node: node, name: name)
    }
    if known == nil || workers[id]?.name != name {
      batch.records.append(.workerKnown(WorkerKnownRecord(node: node, worker: id, name: name)))
    }
    return id
  }

  private func welcome(_ worker: WorkerID, _ generation: UInt64, _ wireVersion: UInt8) -> Welcome {
    func milliseconds(_ duration: Duration) -> UInt32 { UInt32(clamping: duration.wholeNanoseconds / 1_000_000) }
    return Welcome(
      wireVersion: wireVersion, cluster: settings.cluster, worker: worker, generation: generation,
      heartbeatMilliseconds: milliseconds(settings.heartbeatInterval),
      suspicionMilliseconds: milliseconds(settings.suspicionDuration),
      leaseMilliseconds: milliseconds(settings.leaseDuration), fenceMilliseconds: milliseconds(settings.fenceDuration))
  }

  /// A connection that is gone makes its worker suspect at once; its runners live on until the lease ends.
  mutating func workerDisconnected(_ connection: ConnectionID) {
    guard let worker = connections.removeValue(forKey: connection) else { return }
    workers[worker]?.connection = nil
    workers[worker]?.hasInventory = false
    for assignment in workers[worker]?.assignments.sorted() ?? [] { setConnected(false, assignment) }
  }

  /// No lease to wait for, and nobody misses it. Should it come back all the same, it is readmitted as after a lease.
  mutating func workerLeft(_ connection: ConnectionID) {
    guard let worker = connections.removeValue(forKey: connection), let entry = workers[worker] else { return }
    workers[worker]?.hasLeft = true
    note("\(entry.title) has left")
    endMembership(of: worker)
  }

  private mutating func endMembership(of worker: WorkerID) {
    workers[worker]?.lastHeard = nil
    workers[worker]?.connection = nil
    workers[worker]?.hasInventory = false
    workers[worker]?.leaving = []
    for assignment in workers[worker]?.assignments.sorted() ?? [] { lose(assignment) }
  }

  mutating func handle(_ message: WorkerMessage, from worker: WorkerID) {
    switch message {
    case .heartbeat(let heartbeat):
      workers[worker]?.residentBytes = heartbeat.residentBytes
      guard let entry = workers[worker], let connection = entry.connection else { return }
      let answer = HeartbeatAcknowledged(sequence: heartbeat.sequence)
      batch.urgent.append(
        .send(
          .heartbeatAcknowledged(answer), to: connection, stream: 0, correlation: 0, generation: entry.generation))
    case .inventory(let inventory): inventoryCame(inventory, from: worker)
    case .runnerExited(let exit): runnerExited(exit, on: worker)
    }
  }

  /// What lives on the worker: known runners go on, unknown ones are killed, and assignments that never arrived are
  /// sent again.
  private mutating func inventoryCame(_ inventory: Inventory, from worker: WorkerID) {
    // The first message of a connection, and only that one: a later copy would speak of the past.
    guard let entry = workers[worker], !entry.hasInventory else { return }
    workers[worker]?.hasInventory = true
    let listed = Set(inventory.runners.map(\.assignment))
    for assignment in entry.assignments.sorted() {
      guard let known = assignments[assignment] else { continue }
      switch (known.standing, listed.contains(assignment)) {
      case (.live, true): setConnected(true, assignment)
      case (.live, false) where known.hasSpoken: end(assignment, because: "its runner is gone from \(entry.title)")
      case (.live, false):
        sendAssign(assignment)
        setConnected(true, assignment)
      case (.lost, true): readmit(assignment)
      case (.lost, false): end(assignment, because: "")
      }
    }
    let strangers = listed.filter { assignments[$0]?.worker != worker }
    workers[worker]?.leaving = strangers
    for assignment in strangers.sorted() {
      send(.revoke(Revoke(assignment: assignment, kill: true)), to: worker)
    }
  }

  /// Workers that were silent for the lease: their runners count as dead, though they may come back later.
  mutating func endLeases() {
    for worker in workers.keys.sorted() {
      guard let entry = workers[worker], let end = entry.leaseEnd(settings), end <= now.monotonic else { continue }
      let sentence = "nothing was heard for \(settings.leaseDuration.inSeconds) s"
      if let connection = entry.connection {
        connections[connection] = nil
        batch.effects.append(.close(connection, sentence: "your lease has ended: \(sentence)"))
      }
      note("\(entry.title) is lost: \(sentence)")
      endMembership(of: worker)
    }
  }

  mutating func handle(_ message: RunnerMessage, of assignment: AssignmentID, from worker: WorkerID) {
    guard let known = assignments[assignment], known.worker == worker, known.standing == .live else { return }
    assignments[assignment]?.hasSpoken = true
    if case .logLine(let line) = message {
      note("\(workers[worker]?.title ?? "\(worker)"): \(line.text)", job: known.job)
    }
    withPhase(known.job) { $0.handle(message, from: assignment) }
  }
}
