import GradientExchange
import JobKit
import Transport
import WireProtocol

/// Checkpoints and final outputs that were asked for, so that a request that comes again gets the same answer.
struct BoundaryWork {
  enum Save {
    case running
    case answered(CheckpointSaved)
  }
  /// By step; the last few.
  var saves: [UInt64: Save] = [:]
  var isFinishing = false
  var completed: Completed?

  /// The coordinator keeps two checkpoints and asks for one at a time.
  static let savesKept = 4

  mutating func forgetOldSaves() {
    for step in saves.keys.sorted().dropLast(Self.savesKept) { saves[step] = nil }
  }
}

extension SteppedSession {
  // MARK: Checkpoints

  func saveRequested(_ request: SaveCheckpoint) {
    switch boundaryWork.saves[request.step] {
    case .running: return
    case .answered(let answer) where answer.failure == nil: supervisor.say(answer)
    case .answered, nil: drive(.saveCheckpointReceived(request))
    }
  }

  /// Written on the compute thread, published while training goes on.
  func saveCheckpoint(_ step: UInt64, _ chain: Digest) {
    guard boundaryWork.saves[step].map({ if case .running = $0 { false } else { true } }) ?? true else { return }
    boundaryWork.saves[step] = .running
    boundaryWork.forgetOldSaves()
    board.note("saving", isOpaque: true)
    let directory = "\(context.scratchDirectory)/checkpoint-\(step)"
    let failpoints = failpoints
    onCompute { thread, reply in
      let written = Result {
        OutputFiles.remove(directory)
        try thread.loaded().member.writeCheckpoint(step: step, chain: chain, to: directory)
        failpoints.reached(.savingCheckpoint, step: step)
        return try OutputFiles.list(below: directory)
      }.mapError { WrittenError(description: "\($0)") }
      reply { $0.publishCheckpoint(step, chain, directory, written) }
    }
  }

  private func publishCheckpoint(
    _ step: UInt64, _ chain: Digest, _ directory: String, _ written: Result<[Publish.Item], WrittenError>
  ) {
    board.note("publishing the checkpoint of step \(step)", isOpaque: true)
    let answer = { (tree: NamedTree, failure: String?) in
      self.board.note("checkpoint of step \(step) published")
      OutputFiles.remove(directory)
      let saved = CheckpointSaved(step: step, chain: chain, tree: tree, failure: failure)
      self.boundaryWork.saves[step] = .answered(saved)
      self.supervisor.say(saved)
    }
    switch written {
    case .success(let items): supervisor.publish(tree: "checkpoint", items, completion: answer)
    case .failure(let error): answer(NamedTree(name: "checkpoint", files: []), error.description)
    }
  }

  // MARK: The end

  func finishRequested(_ request: Finish) {
    if let completed = boundaryWork.completed { return supervisor.say(completed) }
    if !boundaryWork.isFinishing { drive(.finishReceived(request)) }
  }

  func finish(_ request: Finish, _ chain: Digest) {
    guard !boundaryWork.isFinishing else { return }
    boundaryWork.isFinishing = true
    board.note("finishing", isOpaque: true)
    onCompute { thread, reply in
      let result = try thread.loaded().member.finish(request, chain: chain)
      let outputs = try result.outputs.map { (name: $0.name, items: try OutputFiles.list(below: $0.directory)) }
      let text = result.result
      reply { $0.publishOutputs(outputs[...], text, []) }
    }
  }

  private func publishOutputs(
    _ outputs: ArraySlice<(name: String, items: [Publish.Item])>, _ result: String, _ trees: [NamedTree]
  ) {
    guard let output = outputs.first else {
      let completed = Completed(outputs: trees, result: result)
      boundaryWork.completed = completed
      return supervisor.say(completed)
    }
    board.note("publishing \(output.name)", isOpaque: true)
    supervisor.publish(tree: output.name, output.items) { tree, failure in
      if let failure {
        // The same FINISH may come again, when there is room.
        self.boundaryWork.isFinishing = false
        return self.fail("its output \(output.name) could not be published: \(failure)")
      }
      self.publishOutputs(outputs.dropFirst(), result, trees + [tree])
    }
  }
}

/// A thrown error, as text that may cross threads.
struct WrittenError: Error, Sendable {
  let description: String
}
