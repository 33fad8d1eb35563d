import Dispatch
import JobKit
import Synchronization
import Transport
import WireProtocol

/// Saving from the compute thread, published by the loop.
///
/// `@unchecked Sendable` is true because what is bound is used on its loop only, and the rest lies under `state`.
final class RunnerShardSaving: ShardSaving, @unchecked Sendable {
  private let context: LoopBound<WorkContext>
  private struct State {
    var isWanted = false
    var values: [Metric] = []
  }
  private let state = Mutex(State())

  /// Called on the loop.
  init(_ context: WorkContext) { self.context = LoopBound(context, loop: context.loop) }

  var isWanted: Bool { state.withLock { $0.isWanted } }
  var values: [Metric] { state.withLock { $0.values } }

  func want() { state.withLock { $0.isWanted = true } }
  func show(_ values: [Metric]) { state.withLock { $0.values = values } }

  func save(_ checkpoint: ShardCheckpoint) throws {
    let items = try OutputFiles.list(below: checkpoint.directory)
    let context = context
    // One checkpoint is published at a time, and the compute thread waits: what is saved must not change meanwhile.
    let answered = DispatchSemaphore(value: 0)
    let failure = Mutex<String?>(nil)
    context.loop.execute {
      let context = context.value
      context.board.note("publishing the checkpoint of step \(checkpoint.step)", isOpaque: true)
      context.supervisor.publish(tree: "checkpoint", items) { tree, problem in
        failure.withLock { $0 = problem }
        if problem == nil {
          context.supervisor.say(
            CheckpointSaved(step: checkpoint.step, chain: checkpoint.chain, tree: tree, failure: nil))
        }
        answered.signal()
      }
    }
    answered.wait()
    state.withLock { $0.isWanted = false }
    if let problem = failure.withLock({ $0 }) { throw CheckpointUnpublished(description: problem) }
  }
}

/// The coordinator's store could not take it.
struct CheckpointUnpublished: Error, CustomStringConvertible {
  let description: String
}
