public import WireProtocol

/// `admix status --json`.
public func statusObject(_ status: ClusterStatus) -> JSONNode {
  [
    "schema": .integer(schemaVersion),
    "cluster": [
      "tokens_per_second": .number(status.workUnitsPerSecond),
      "wait_share": .number(status.waitShare),
    ],
    "workers": .array(status.workers.map(workerObject)),
    "jobs": .array(status.jobs.map { jobObject($0, in: status) }),
  ]
}

/// `admix jobs --json`.
public func jobsObject(_ status: ClusterStatus) -> JSONNode {
  ["schema": .integer(schemaVersion), "jobs": .array(status.jobs.map { jobObject($0, in: status) })]
}

/// Raised when a key changes its meaning or goes; added keys leave it alone.
public let schemaVersion: Int64 = 1

private func workerObject(_ worker: WorkerStatus) -> JSONNode {
  [
    "id": .unsigned(UInt64(worker.id.number)),
    "name": .string(worker.name),
    "address": .string(worker.address),
    "state": .string(word(worker.state)),
    "isa": .string(worker.isa),
    "threads": .unsigned(UInt64(worker.threads)),
    "tokens_per_second": .number(worker.workUnitsPerSecond),
    "rss_bytes": .unsigned(worker.residentBytes),
    "reason": .string(worker.reason),
  ]
}

private func jobObject(_ job: JobStatus, in status: ClusterStatus) -> JSONNode {
  [
    "id": .unsigned(UInt64(job.id.number)),
    "parent": job.parent.number == 0 ? .null : .unsigned(UInt64(job.parent.number)),
    "name": .string(job.name),
    "kind": .string(job.kind),
    "state": .string(job.state.word),
    "phase": .string(job.phase),
    "step": .unsigned(job.step),
    "steps": .unsigned(job.steps),
    "losses": .object(job.losses.map { JSONNode.Member($0.label, .number($0.value)) }),
    "tokens_per_second": .number(job.workUnitsPerSecond),
    "eta_seconds": job.etaSeconds < 0 ? .null : .number(job.etaSeconds),
    "checkpoint_age_seconds": job.checkpointAgeSeconds < 0 ? .null : .number(job.checkpointAgeSeconds),
    "reason": .string(reason(of: job, in: status)),
  ]
}
