internal import CoordinatorCore
internal import Transport
internal import WireProtocol

/// Frames of workers and clients, decoded for the core. A frame that does not decode costs its sender the connection.
extension CoordinatorService {
  func workerFrame(_ frame: Frame, _ id: ConnectionID) {
    do throws(WireError) {
      if frame.header.stream == 0 {
        take(.workerSaid(id, generation: frame.header.generation, try workerMessage(frame)))
      } else {
        take(
          .runnerSaid(
            id, generation: frame.header.generation, AssignmentID(frame.header.stream), try runnerMessage(frame)))
      }
    } catch {
      refuse(id, error)
    }
  }

  func clientFrame(_ frame: Frame, _ id: ConnectionID) {
    let correlation = frame.header.correlation
    do throws(WireError) {
      switch frame.type {
      case .findMissing:
        findMissing(try frame.decode(), id, correlation)
      case .submit:
        submit(try frame.decode(), id, correlation)
      case .controlJob: take(.clientAsked(id, correlation: correlation, .controlJob(try frame.decode())))
      case .queryStatus: take(.clientAsked(id, correlation: correlation, .queryStatus(try frame.decode())))
      case .queryJob: take(.clientAsked(id, correlation: correlation, .queryJob(try frame.decode())))
      case .queryMetrics: take(.clientAsked(id, correlation: correlation, .queryMetrics(try frame.decode())))
      case .queryEvents: take(.clientAsked(id, correlation: correlation, .queryEvents(try frame.decode())))
      default: throw unexpected(frame, "a client's request")
      }
    } catch {
      refuse(id, error)
    }
  }

  private func workerMessage(_ frame: Frame) throws(WireError) -> WorkerMessage {
    switch frame.type {
    case .heartbeat: .heartbeat(try frame.decode())
    case .inventory: .inventory(try frame.decode())
    case .runnerExited: .runnerExited(try frame.decode())
    default: throw unexpected(frame, "a worker's own message, as stream_id is 0")
    }
  }

  private func runnerMessage(_ frame: Frame) throws(WireError) -> RunnerMessage {
    switch frame.type {
    case .runnerState: .runnerState(try frame.decode())
    case .prepared: .prepared(try frame.decode())
    case .stepAborted: .stepAborted(try frame.decode())
    case .applied: .applied(try frame.decode())
    case .evaluated: .evaluated(try frame.decode())
    case .stateHashed: .stateHashed(try frame.decode())
    case .checkpointSaved: .checkpointSaved(try frame.decode())
    case .peerUnreachable: .peerUnreachable(try frame.decode())
    case .completed: .completed(try frame.decode())
    case .failed: .failed(try frame.decode())
    case .progress: .progress(try frame.decode())
    case .logLine: .logLine(try frame.decode())
    default: throw unexpected(frame, "a runner's message, as stream_id is an assignment")
    }
  }

  private func findMissing(_ request: FindMissing, _ id: ConnectionID, _ correlation: UInt64) {
    let bound = LoopBound(self, loop: loop)
    artifacts.missing(among: request.digests) { [loop] digests in
      loop.execute { bound.value.reply(Missing(digests: digests), id, correlation) }
    }
  }

  /// The core hears of a job only when all its files are here.
  private func submit(_ submit: Submit, _ id: ConnectionID, _ correlation: UInt64) {
    let bound = LoopBound(self, loop: loop)
    let files = submit.plan.uploadedFiles
    artifacts.missing(among: Set(files.map(\.digest)).sorted { $0.hex < $1.hex }) { [loop] digests in
      loop.execute {
        guard let digest = digests.first else {
          return bound.value.take(.clientAsked(id, correlation: correlation, .submit(submit)))
        }
        let path = files.first { $0.digest == digest }?.path ?? digest.hex
        bound.value.reply(
          RequestFailed(
            reason: .refused,
            sentence: "\(digests.count) of the job's \(files.count) files are not in the coordinator's store, "
              + "\(path) among them. Upload them first."), id, correlation)
      }
    }
  }

  private func refuse(_ id: ConnectionID, _ error: WireError) {
    guard let connection = peers[id]?.connection else { return }
    log("\(connection.peer) sent what is not understood: \(error)")
    connection.close("\(error)")
  }

  private func unexpected(_ frame: Frame, _ expected: String) -> WireError {
    WireError(
      .unexpectedType, field: "type", offset: FrameHeader.Offset.type, found: "\(frame.type)", expected: expected)
  }
}

extension JobPlan {
  /// All files that the submitter gave, those of the stages included.
  var uploadedFiles: [FileReference] {
    func files(_ inputs: [InputReference]) -> [FileReference] {
      inputs.flatMap { input in
        if case .files(let tree) = input { tree.files } else { [FileReference]() }
      }
    }
    return phases.flatMap { phase in
      switch phase.work {
      case .sharded(let shards): shards.flatMap { files($0.inputs) }
      case .stepped(let stepped): files(stepped.inputs)
      case .graph(let stages): stages.flatMap(\.plan.uploadedFiles)
      }
    }
  }
}
