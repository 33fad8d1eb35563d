public import WireProtocol

/// The coordinator's decisions, without I/O, clock or randomness: events in, batches of records and effects out.
public struct Coordinator: Sendable {
  let settings: CoordinatorSettings

  /// Takes up where the journal stands. Call `start` before anything else.
  public init(settings: CoordinatorSettings, recovering journal: JournalContents) {
    self.settings = settings
  }

  /// Counts this boot in the journal. Its batch comes before all others.
  public mutating func start(now: Moment) -> CoordinatorBatch {
    CoordinatorBatch()
  }

  public mutating func handle(_ event: CoordinatorEvent, now: Moment) -> CoordinatorBatch {
    CoordinatorBatch()
  }

  /// Every blob that a job, a cache entry, a checkpoint or an assignment refers to. The daemon may delete all others
  /// when it starts.
  public var referencedArtifacts: Set<Digest> { [] }
}
