public import WireProtocol

/// What `admix status` tells a person: one line on the cluster, a line a job, then what is wrong and what to type next.
public func statusLines(_ status: ClusterStatus) -> [String] {
  var lines = [headline(status)]
  let shown = status.jobs.filter { !$0.state.isFinal } + status.jobs.filter(\.state.isFinal).suffix(finishedJobsShown)
  if shown.isEmpty {
    lines.append("no jobs; start one with: admix submit job.yaml")
  } else {
    lines += jobLines(shown.sorted { $0.id < $1.id }, in: status)
  }
  lines += problems(status)
  return lines.map(printable)
}

/// Finished jobs stay in sight for a while; `admix jobs` has all.
private let finishedJobsShown = 5

private func headline(_ status: ClusterStatus) -> String {
  let alive = status.workers.count { $0.state == .idle || $0.state == .busy }
  let word =
    switch (alive, status.workers.count) {
    case (_, 0): "NO WORKERS"
    case (0, _): "DOWN"
    case (let alive, let all) where alive < all: "DEGRADED"
    default: "OK"
    }
  let speed = "\(rate(status.workUnitsPerSecond)) tok/s"
  return "\(word) \(alive)/\(status.workers.count) workers · \(speed) · exchange wait \(percent(status.waitShare))"
}

/// A table of jobs; a pipeline's stages stand below it, their names indented.
public func jobLines(_ jobs: [JobStatus], in status: ClusterStatus) -> [String] {
  var table = Table([
    ("ID", .right), ("NAME", .left), ("STATE", .left), ("KIND", .left), ("STEP", .right), ("LOSS", .left),
    ("TOK/S", .right), ("CKPT", .right), ("ETA", .right), ("REASON", .left),
  ])
  for job in jobs {
    let isRunning = job.state == .running
    table.add([
      "\(job.id)", (job.parent.number == 0 ? "" : "  ") + job.name, job.state.word, job.kind,
      job.steps == 0 ? "–" : "\(job.step)/\(job.steps)",
      job.losses.map { "\($0.label) \(fixed($0.value, digits: 2))" }.joined(separator: " "),
      isRunning ? rate(job.workUnitsPerSecond) : "–", duration(job.checkpointAgeSeconds),
      isRunning ? duration(job.etaSeconds) : "–", shortened(reason(of: job, in: status)),
    ])
  }
  return table.lines
}

/// A table is for the glance; `admix show` has the whole of it.
private func shortened(_ text: String) -> String {
  let line = printable(text)
  return line.count <= 100 ? line : line.prefix(99) + "…"
}

/// Why a job waits or ended; while it runs well, what it is at. Never empty for a job that waits.
public func reason(of job: JobStatus, in status: ClusterStatus) -> String {
  if !job.reason.isEmpty { return job.reason }
  switch job.state {
  case .pending:
    if !status.workers.contains(where: { $0.state == .idle || $0.state == .busy }) { return "no worker is connected" }
    let earlier = status.jobs.first { $0.state == .running && $0.id < job.id && $0.id != job.parent }
    return earlier.map { "waits for job \($0.id) \($0.name)" } ?? "waits to be assigned"
  case .paused: return "paused; go on with: admix resume \(job.id)"
  case .running: return job.phase
  case .completed, .failed, .cancelled: return ""
  }
}

private func problems(_ status: ClusterStatus) -> [String] {
  var lines: [String] = []
  for worker in status.workers where worker.state == .suspect || worker.state == .lost {
    let word = worker.state == .suspect ? "suspect" : "lost"
    lines.append("! \(worker.name) (\(worker.address)) \(word): \(worker.reason)")
  }
  for job in status.jobs where job.parent.number == 0 {
    switch job.state {
    case .paused: lines.append("! job \(job.id) \(job.name) is paused → admix resume \(job.id)")
    case .failed where status.jobs.suffix(finishedJobsShown).contains { $0.id == job.id }:
      lines.append("! job \(job.id) \(job.name) failed → admix logs \(job.id)")
    default: continue
    }
  }
  if status.workers.isEmpty { lines.append("! nobody works → on each host: admix worker --coordinator HOST:PORT") }
  return lines
}

/// A table of workers.
public func workerLines(_ workers: [WorkerStatus]) -> [String] {
  var table = Table([
    ("WORKER", .left), ("ADDRESS", .left), ("STATE", .left), ("ISA", .left), ("THREADS", .right), ("TOK/S", .right),
    ("MEMORY", .right), ("REASON", .left),
  ])
  for worker in workers {
    table.add([
      worker.name, worker.address, word(worker.state), worker.isa, "\(worker.threads)",
      rate(worker.workUnitsPerSecond), bytes(worker.residentBytes), worker.reason,
    ])
  }
  return table.lines
}

func word(_ state: WorkerStatus.State) -> String {
  switch state {
  case .idle: "idle"
  case .busy: "busy"
  case .suspect: "suspect"
  case .lost: "lost"
  }
}
