import WireProtocol

/// The phase a job is in.
enum ActivePhase: Sendable {
  case sharded(ShardedPhase)
  case stepped(SteppedPhase)
  case graph(GraphPhase)

  mutating func begin(now: Moment, generation: UInt64) {
    mutate(
      sharded: { $0.now = now },
      stepped: {
        $0.now = now
        $0.generation = generation
      })
  }

  mutating func takeActions() -> [PhaseAction] {
    var taken: [PhaseAction] = []
    mutate(sharded: { swap(&$0.actions, &taken) }, stepped: { swap(&$0.actions, &taken) })
    return taken
  }

  mutating func handle(_ message: RunnerMessage, from assignment: AssignmentID) {
    mutate(
      sharded: { $0.handle(message, from: assignment) }, stepped: { $0.handle(message, from: assignment) })
  }

  mutating func setConnected(_ isConnected: Bool, _ assignment: AssignmentID) {
    mutate(
      sharded: { $0.setConnected(isConnected, assignment) }, stepped: { $0.setConnected(isConnected, assignment) })
  }

  /// The runner is dead, through no fault of its own.
  mutating func remove(_ assignment: AssignmentID) {
    mutate(sharded: { $0.removeRunner(assignment, exit: nil) }, stepped: { $0.removeMember(assignment) })
  }

  mutating func tick() { mutate(sharded: { $0.tick() }, stepped: { $0.tick() }) }

  var nextDeadline: MonotonicTime? {
    switch self {
    case .sharded(let phase): phase.nextDeadline
    case .stepped(let phase): phase.nextDeadline
    case .graph: nil
    }
  }

  /// Runners are a sharded or a stepped phase's; a graph's jobs have phases of their own.
  mutating func mutate(sharded: (inout ShardedPhase) -> Void, stepped: (inout SteppedPhase) -> Void) {
    switch self {
    case .sharded(var phase):
      // Emptied first, so that the phase's arrays are not copied when they change.
      self = .graph(GraphPhase(children: []))
      sharded(&phase)
      self = .sharded(phase)
    case .stepped(var phase):
      self = .graph(GraphPhase(children: []))
      stepped(&phase)
      self = .stepped(phase)
    case .graph: break
    }
  }
}

/// A graph phase: its stages as jobs, in the order of the plan.
struct GraphPhase: Sendable {
  var children: [JobID]
}
