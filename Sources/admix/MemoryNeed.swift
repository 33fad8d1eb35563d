import KernelTable
import Results
import WireProtocol

/// What a job's largest phase makes every worker hold, against what this machine has.
struct MemoryNeed {
  /// 0 when no phase says, as when its model is an earlier stage's: then the runner checks.
  let bytesPerWorker: UInt64

  init(_ plan: JobPlan) { bytesPerWorker = Self.largest(plan) }

  private static func largest(_ plan: JobPlan) -> UInt64 {
    plan.phases.map { phase in
      switch phase.work {
      case .sharded: 0
      case .stepped(let stepped): stepped.stateBytes
      case .graph(let stages): stages.map { largest($0.plan) }.max() ?? 0
      }
    }.max() ?? 0
  }

  /// Nil when `workers` of them fit into `memory`; else the figures.
  func shortage(workers: Int, _ memory: HostMemory) -> String? {
    let (needed, overflow) = bytesPerWorker.multipliedReportingOverflow(by: UInt64(workers))
    guard overflow || needed > memory.availableBytes else { return nil }
    let asked =
      workers == 1
      ? "the training must hold \(bytes(bytesPerWorker))"
      : "each of the \(workers) workers must hold \(bytes(bytesPerWorker))"
    return "\(asked) (weights, gradient, moments, activations), and this machine has "
      + "\(bytes(memory.availableBytes)) left"
  }

  /// - Throws: `CommandFailure` before anything is made.
  func check(workers: Int) throws {
    guard let shortage = shortage(workers: workers, try HostMemory.now()) else { return }
    let fewer = workers > 1 ? "fewer --workers, " : ""
    throw CommandFailure(
      .usage,
      "\(shortage); use \(fewer)a smaller model, a shorter recipe.sequence_length, or a cluster of machines with more "
        + "memory")
  }
}
