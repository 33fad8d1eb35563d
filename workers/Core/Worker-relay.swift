import WireProtocol

// Frames between the coordinator and a runner pass unread.
extension Worker {
  /// Dropped when no runner can take it: the coordinator repeats what is not answered.
  mutating func relay(_ frame: RelayedFrame, from link: LinkID, to id: AssignmentID) {
    guard case .up(link, _) = self.link, let runner = runners[id], !runner.isRevoked else { return }
    if runner.isReady {
      effects.append(.relayToRunner(frame, id))
    } else {
      runners[id]?.waitingFrames.append(frame)
      if runner.waitingFrames.count >= settings.framesKeptForStartingRunner {
        runners[id]?.waitingFrames.removeFirst()
      }
    }
  }

  /// Dropped while there is no link: the coordinator asks again when there is one.
  mutating func relay(_ frame: RelayedFrame, from id: AssignmentID) {
    guard case .up(let link, let generation) = link, !isFenced, let runner = runners[id], !runner.isRevoked else {
      return
    }
    effects.append(.relayToCoordinator(frame, link, id, generation: generation))
  }
}
