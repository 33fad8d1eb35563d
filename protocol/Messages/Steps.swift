/// Coordinator → runner: say where you are (after a reconnection, after a coordinator's restart, when nothing was
/// heard).
public struct ReportState: Equatable, Sendable {
  public init() {}
}

/// Runner → coordinator: the answer to REPORT_STATE, and said unasked when a runner has loaded its inputs.
public struct RunnerState: Equatable, Sendable {
  /// Where peers reach its data listener.
  public var dataAddress: String
  /// The last step applied to the weights it holds, and the chain digest there.
  public var step: UInt64
  public var chain: Digest
  /// The highest attempt it has seen for `step + 1`; 0 for none.
  public var attempt: UInt64
  /// The slices of `step + 1` whose nodes it keeps.
  public var slices: [SliceRange]
  /// The digest of the reduced chunks of `step + 1` when it holds all of them, with the step's metrics.
  public var prepared: Prepared?
  public init(
    dataAddress: String, step: UInt64, chain: Digest, attempt: UInt64, slices: [SliceRange], prepared: Prepared?
  ) {
    self.dataAddress = dataAddress
    self.step = step
    self.chain = chain
    self.attempt = attempt
    self.slices = slices
    self.prepared = prepared
  }
}

/// A member of a step's gang.
public struct Participant: Hashable, Sendable {
  public let assignment: AssignmentID
  public let dataAddress: String
  /// The slices it computes; disjoint among participants, together all slices.
  public let slices: [SliceRange]
  public init(assignment: AssignmentID, dataAddress: String, slices: [SliceRange]) {
    self.assignment = assignment
    self.dataAddress = dataAddress
    self.slices = slices
  }
}

/// Coordinator → each participant: compute and exchange step `step`. A participant's rank is its place in the list;
/// chunk `c` is owned by rank `(c + rotation) % participants.count`, statistics (the chunk after the last) included.
public struct Plan: Equatable, Sendable {
  public var step: UInt64
  public var attempt: UInt64
  public var sliceCount: UInt32
  public var participants: [Participant]
  public var rotation: UInt32
  /// Throw away what is kept of this step and compute it anew (digests disagreed).
  public var discard: Bool
  public init(
    step: UInt64, attempt: UInt64, sliceCount: UInt32, participants: [Participant], rotation: UInt32, discard: Bool
  ) {
    self.step = step
    self.attempt = attempt
    self.sliceCount = sliceCount
    self.participants = participants
    self.rotation = rotation
    self.discard = discard
  }
}

/// Runner → coordinator: it holds every reduced chunk of the step.
public struct Prepared: Hashable, Sendable {
  public var step: UInt64
  public var attempt: UInt64
  /// SHA-256 over the SHA-256 of each reduced chunk's canonical bytes, in chunk order, statistics last.
  public var digest: Digest
  /// Units of work in the step (tokens), for rates.
  public var workUnits: UInt64
  /// The step's metrics, functions of the reduced values alone, so equal on every runner.
  public var metrics: [Metric]
  public init(step: UInt64, attempt: UInt64, digest: Digest, workUnits: UInt64, metrics: [Metric]) {
    self.step = step
    self.attempt = attempt
    self.digest = digest
    self.workUnits = workUnits
    self.metrics = metrics
  }
}

/// Runner → coordinator: the step has no result (a loss or norm that is not finite).
public struct StepAborted: Equatable, Sendable {
  public var step: UInt64
  public var attempt: UInt64
  public var reason: String
  public init(step: UInt64, attempt: UInt64, reason: String) {
    self.step = step
    self.attempt = attempt
    self.reason = reason
  }
}

/// Runner → coordinator: a peer could not be reached for the time allowed.
public struct PeerUnreachable: Equatable, Sendable {
  public var peer: AssignmentID
  public var address: String
  public var reason: String
  public init(peer: AssignmentID, address: String, reason: String) {
    self.peer = peer
    self.address = address
    self.reason = reason
  }
}

/// Coordinator → runner, after the commit is in the journal: apply the step if it is the one after the last applied.
public struct Commit: Equatable, Sendable {
  public var step: UInt64
  public var digest: Digest
  public init(step: UInt64, digest: Digest) {
    self.step = step
    self.digest = digest
  }
}

/// Runner → coordinator: the step is applied. The rest is telemetry of this runner alone; it is no function of the
/// data.
public struct Applied: Equatable, Sendable {
  public var step: UInt64
  /// SHA-256 over the chain before the step and the step's digest.
  public var chain: Digest
  public var slicesComputed: UInt32
  public var rawBytes: UInt64
  public var sentBytes: UInt64
  public var waitSeconds: Double
  public var stepSeconds: Double
  public var peakResidentBytes: UInt64
  public init(
    step: UInt64, chain: Digest, slicesComputed: UInt32, rawBytes: UInt64, sentBytes: UInt64, waitSeconds: Double,
    stepSeconds: Double, peakResidentBytes: UInt64
  ) {
    self.step = step
    self.chain = chain
    self.slicesComputed = slicesComputed
    self.rawBytes = rawBytes
    self.sentBytes = sentBytes
    self.waitSeconds = waitSeconds
    self.stepSeconds = stepSeconds
    self.peakResidentBytes = peakResidentBytes
  }
}

/// Coordinator → runner: evaluate these rows at the weights after `step`.
public struct Evaluate: Equatable, Sendable {
  public var step: UInt64
  public var attempt: UInt64
  public var rows: [SliceRange]
  public init(step: UInt64, attempt: UInt64, rows: [SliceRange]) {
    self.step = step
    self.attempt = attempt
    self.rows = rows
  }
}

/// What one row contributes to one measure: the measure is Σ sum ÷ Σ weight.
public struct RowMeasure: Hashable, Sendable {
  public let row: UInt32
  public let measure: UInt16
  public let sum: Double
  public let weight: UInt64
  /// UTF-8 bytes the row's valid targets stand for.
  public let byteCount: UInt64
  public init(row: UInt32, measure: UInt16, sum: Double, weight: UInt64, byteCount: UInt64) {
    self.row = row
    self.measure = measure
    self.sum = sum
    self.weight = weight
    self.byteCount = byteCount
  }
}

/// Runner → coordinator: rows of an evaluation, in pieces as they are done.
public struct Evaluated: Equatable, Sendable {
  public var step: UInt64
  public var attempt: UInt64
  public var rows: [RowMeasure]
  public init(step: UInt64, attempt: UInt64, rows: [RowMeasure]) {
    self.step = step
    self.attempt = attempt
    self.rows = rows
  }
}

/// Coordinator → a runner that is behind (or new): copy the state after `step` from these peers.
public struct CopyState: Equatable, Sendable {
  public var step: UInt64
  public var chain: Digest
  public var holders: [Participant]
  public init(step: UInt64, chain: Digest, holders: [Participant]) {
    self.step = step
    self.chain = chain
    self.holders = holders
  }
}

/// Coordinator → runner: hash the state after `step` (weights and moments).
public struct HashState: Equatable, Sendable {
  public var step: UInt64
  public init(step: UInt64) { self.step = step }
}

/// Runner → coordinator: answers HASH_STATE, and COPY_STATE once the copy is whole.
public struct StateHashed: Equatable, Sendable {
  public var step: UInt64
  public var chain: Digest
  /// SHA-256 over the SHA-256 of each chunk's weights and moments, in chunk order.
  public var stateDigest: Digest
  public init(step: UInt64, chain: Digest, stateDigest: Digest) {
    self.step = step
    self.chain = chain
    self.stateDigest = stateDigest
  }
}

/// Coordinator → one runner: write a checkpoint of the state after `step` and publish it.
public struct SaveCheckpoint: Equatable, Sendable {
  public var step: UInt64
  public init(step: UInt64) { self.step = step }
}

/// Runner → coordinator: the checkpoint is in the coordinator's store; or `failure` says why not.
public struct CheckpointSaved: Equatable, Sendable {
  public var step: UInt64
  public var chain: Digest
  public var tree: NamedTree
  public var failure: String?
  public init(step: UInt64, chain: Digest, tree: NamedTree, failure: String?) {
    self.step = step
    self.chain = chain
    self.tree = tree
    self.failure = failure
  }
}

/// Coordinator → one runner: training is over; write the final outputs and answer COMPLETED. `measures` are the
/// journaled evaluations, oldest first, for the result.
public struct Finish: Equatable, Sendable {
  public struct Evaluation: Hashable, Sendable {
    public let step: UInt64
    public let measures: [MeasureTotal]
    public init(step: UInt64, measures: [MeasureTotal]) {
      self.step = step
      self.measures = measures
    }
  }
  public var step: UInt64
  public var evaluations: [Evaluation]
  public init(step: UInt64, evaluations: [Evaluation]) {
    self.step = step
    self.evaluations = evaluations
  }
}

/// A measure over all its rows, summed in row order.
public struct MeasureTotal: Hashable, Sendable {
  public let measure: UInt16
  public let sum: Double
  public let weight: UInt64
  public let byteCount: UInt64
  public init(measure: UInt16, sum: Double, weight: UInt64, byteCount: UInt64) {
    self.measure = measure
    self.sum = sum
    self.weight = weight
    self.byteCount = byteCount
  }
}

/// Coordinator → runner: exit cleanly; nothing more is wanted of you.
public struct Leave: Equatable, Sendable {
  public init() {}
}
