internal import Transport
internal import WireProtocol
internal import WorkerCore

/// What the core wants done.
extension WorkerService {
  func run(_ effect: WorkerEffect<Frame>) {
    switch effect {
    case .connect(let link): connect(link)
    case .close(let link, let reason):
      if let connection = links[link] { connection.close(reason) } else { abandonedLinks.insert(link) }
    case .send(let word, let link, let generation): send(word, link, generation)
    case .relayToCoordinator(var frame, let link, let assignment, let generation):
      frame.header.stream = assignment.number
      frame.header.generation = generation
      send(link) { (connection) throws(TransportError) in try connection.send(frame) }
    case .relayToRunner(let frame, let assignment): runners[assignment]?.send(frame)
    case .fetchInputs(let assignment, let inputs, let checkpoint): fetch(assignment, inputs, checkpoint)
    case .cancelFetch(let assignment): transfers.cancel(assignment)
    case .startRunner(let assignment, let assign): startRunner(assignment, assign)
    case .sendToRunner(let word, let assignment): send(word, assignment)
    case .killRunner(let assignment): runners[assignment]?.kill()
    case .upload(let assignment, let request, let items): upload(assignment, request, items)
    case .discardDirectory(let assignment):
      directories[assignment] = nil
      transfers.discard(assignment, log: options.log)
    case .wake(let time): wake(at: time)
    case .stop(let refusal):
      log("the coordinator refused this worker: \(refusal.sentence)")
      stop(.refused(refusal))
    case .log(let line): log(line)
    }
  }

  private func send(_ word: WorkerWord, _ link: LinkID, _ generation: UInt64) {
    self.generation = generation
    send(link) { (connection) throws(TransportError) in
      switch word {
      case .inventory(let message): try connection.send(message, generation: generation)
      case .heartbeat(let message): try connection.send(message, generation: generation)
      case .runnerExited(let message): try connection.send(message, generation: generation)
      }
    }
  }

  private func send(_ link: LinkID, _ body: (Connection) throws(TransportError) -> Void) {
    guard let connection = links[link] else { return }
    do throws(TransportError) {
      try body(connection)
    } catch .unsendable(let error) {
      log("a message for the coordinator cannot be sent: \(error)")
    } catch {
      // It closed meanwhile; its `onClose` tells the core.
    }
  }

  private func send(_ word: RunnerWord, _ assignment: AssignmentID) {
    guard let runner = runners[assignment] else { return }
    switch word {
    case .begin(var begin):
      begin.advertisedHost = advertisedHost
      runner.send(begin, generation: generation)
    case .fence(let message): runner.send(message, generation: generation)
    case .unfence(let message): runner.send(message, generation: generation)
    case .published(let message): runner.send(message, generation: generation)
    case .leave(let message): runner.send(message, generation: generation)
    }
  }

  // MARK: Transfers

  private func fetch(_ assignment: AssignmentID, _ inputs: [NamedTree], _ checkpoint: NamedTree?) {
    let bound = LoopBound(self, loop: loop)
    transfers.fetch(assignment, inputs: inputs, checkpoint: checkpoint) { [loop] result in
      loop.execute {
        switch result {
        case .success(let directory):
          bound.value.directories[assignment] = directory
          bound.value.take(.inputsFetched(assignment, directory: directory))
        case .failure(let failure): bound.value.take(.fetchFailed(assignment, reason: failure.sentence))
        }
      }
    }
  }

  private func upload(_ assignment: AssignmentID, _ request: UInt64, _ items: [Publish.Item]) {
    let bound = LoopBound(self, loop: loop)
    transfers.upload(assignment, items) { [loop] result in
      loop.execute {
        switch result {
        case .success(let files): bound.value.take(.uploaded(assignment, request: request, files))
        case .failure(let failure):
          bound.value.take(.uploadFailed(assignment, request: request, reason: failure.sentence))
        }
      }
    }
  }
}
