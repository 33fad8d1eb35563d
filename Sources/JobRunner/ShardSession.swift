import Foundation
import Glibc
import JobKit
import Transport
import WireProtocol

/// One shard of a sharded phase: the plugin works on its thread, its outputs are published, COMPLETED says so.
final class ShardSession: WorkSession {
  private let context: WorkContext
  private let index: Int
  private let count: Int
  private let thread = WorkThread<Void>(name: "compute") {}
  private let progress: ProgressReporter
  private let saving: RunnerShardSaving
  /// The last word, said again whenever the coordinator asks.
  private var completed: Completed?
  private var failed: Failed?
  private var heldUp: CheckpointSaved?
  private var marksReported: UInt64?

  init(_ context: WorkContext, index: Int, of count: Int) {
    self.context = context
    self.index = index
    self.count = count
    progress = ProgressReporter(context)
    saving = RunnerShardSaving(context)
  }

  func start() {
    progress.values = { [saving] in saving.values }
    progress.start()
    thread.start()
    let bound = LoopBound(self, loop: context.loop)
    let jobType = context.jobType
    let board = context.board
    let shard = (
      phase: context.assign.phaseName, index: index, count: count, payload: context.assign.payload,
      inputs: context.inputs, scratch: context.scratchDirectory, threads: Int(context.begin.threads)
    )
    let checkpoint = context.assign.checkpoint.map { _ in
      ShardCheckpoint(
        directory: "\(context.begin.directory)/checkpoint", step: context.assign.checkpointStep,
        chain: context.assign.checkpointChain)
    }
    let saving = saving
    thread.run {
      do {
        let result = try jobType.runShard(
          ShardContext(
            phaseName: shard.phase, shardIndex: shard.index, shardCount: shard.count, payload: shard.payload,
            inputs: shard.inputs, scratchDirectory: shard.scratch, threads: shard.threads, checkpoint: checkpoint,
            saving: saving, progress: { board.note($0, $1) }))
        let outputs = try result.outputs.map { (name: $0.name, items: try OutputFiles.list(below: $0.directory)) }
        bound.loop.execute {
          // The last values, which may be newer than the last report.
          if !bound.value.saving.values.isEmpty { bound.value.progress.report() }
          bound.value.publish(outputs[...], result.result, [])
        }
      } catch let error as CheckpointUnpublished {
        bound.loop.execute { bound.value.holdUp("its checkpoint could not be published: \(error)") }
      } catch let error as HostUnfit {
        // FAILED would end the job; after an exit the shard goes to another worker.
        FileHandle.standardError.write(Data("\(error)\n".utf8))
        _exit(1)
      } catch {
        let message = "\(error)"
        bound.loop.execute { bound.value.fail(message) }
      }
    }
  }

  private func publish(
    _ outputs: ArraySlice<(name: String, items: [Publish.Item])>, _ result: String, _ trees: [NamedTree]
  ) {
    guard let output = outputs.first else {
      let completed = Completed(outputs: trees, result: result)
      self.completed = completed
      progress.stop()
      return context.supervisor.say(completed)
    }
    context.board.note("publishing \(output.name)", isOpaque: true)
    context.supervisor.publish(tree: output.name, output.items) { tree, failure in
      if let failure { return self.holdUp("its output \(output.name) could not be published: \(failure)") }
      self.publish(outputs.dropFirst(), result, trees + [tree])
    }
  }

  private func fail(_ message: String) {
    let failed = Failed(message: message)
    self.failed = failed
    progress.stop()
    context.supervisor.say(failed)
  }

  /// Nothing is wrong with the work; the coordinator pauses the job, and the shard is run again when there is room.
  private func holdUp(_ reason: String) {
    progress.stop()
    let unsaved = CheckpointSaved(
      step: 0, chain: .zero, tree: NamedTree(name: "checkpoint", files: []), failure: reason)
    heldUp = unsaved
    context.supervisor.say(unsaved)
  }

  func receive(_ frame: Frame) throws(WireError) {
    if frame.type == .saveCheckpoint { return saving.want() }
    guard frame.type == .reportState else { return }
    if let heldUp { return context.supervisor.say(heldUp) }
    if let completed { return context.supervisor.say(completed) }
    if let failed { return context.supervisor.say(failed) }
    // Standing still is told by silence.
    let latest = context.board.latest
    if latest.marks != marksReported || latest.isOpaque { progress.report() }
    marksReported = latest.marks
  }

  func fenced() {}
  func unfenced() {}
  func stop() { thread.stop() }
}

/// Sends the latest of the progress board, at most once an interval, and only when something has moved.
final class ProgressReporter {
  private let context: WorkContext
  private var timer: LoopTimer?
  private var marks: UInt64 = 0
  var values: () -> [Metric] = { [] }

  init(_ context: WorkContext) { self.context = context }

  func start() {
    let interval = context.settings.progressInterval
    timer = context.loop.schedule(after: interval, repeating: interval) { self.reportChange() }
  }

  func stop() {
    timer?.cancel()
    timer = nil
  }

  private func reportChange() {
    let latest = context.board.latest
    if latest.marks != marks || latest.isOpaque { report() }
  }

  func report() {
    let latest = context.board.latest
    marks = latest.marks
    context.supervisor.say(Progress(activity: latest.activity, fraction: latest.fraction, values: values()))
  }
}
