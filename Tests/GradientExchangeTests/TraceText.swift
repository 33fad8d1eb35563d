import GradientExchange
import WireProtocol

/// Effects as the stories write them.
enum TraceText {
  static func line(_ effect: RoundEffect) -> String {
    switch effect {
    case .compute(let round, _, let subtrees): "compute \(round): \(subtrees.map(\.span).joined(separator: ", "))"
    case .stopComputing: "stop computing"
    case .assess(let round, _): "assess \(round)"
    case .apply(let step): "apply step \(step)"
    case .hashState(let step): "hash step \(step)"
    case .evaluate(let request): "evaluate step \(request.step)"
    case .saveCheckpoint(let step, _): "save step \(step)"
    case .finish(let request, _): "finish step \(request.step)"
    case .writeStateChunk(_, let chunk, let part): "write chunk \(chunk) \(part)"
    case .finishCopy(let step): "finish copy of step \(step)"
    case .retain(let key): "retain \(key)"
    case .release(let key): "release \(key)"
    case .releaseRounds(let round): "release rounds before \(round)"
    case .combine(let left, let right, _): "combine \(left) + \(right.range.span)"
    case .connect(let participant): "connect \(participant.assignment.number)"
    case .reset(let peer, let reason): "reset \(peer.number): \(reason)"
    case .sendNode(let key, let peer): "send node \(key) to \(peer.number)"
    case .sendRoot(let key, let peer): "send root \(key) to \(peer.number)"
    case .requestStateChunk(let request, let peer):
      "request chunk \(request.chunk) after step \(request.step) from \(peer.number)"
    case .sendStateChunk(let request, let peer): "send state chunk \(request.chunk) to \(peer.number)"
    case .sendPrepared(let said): "prepared step \(said.step) attempt \(said.attempt)"
    case .sendAborted(let said): "aborted step \(said.step) attempt \(said.attempt): \(said.reason)"
    case .sendApplied(let step, _): "applied step \(step)"
    case .sendState(let said): state(said)
    case .sendStateHashed(let said): "state hashed step \(said.step)"
    case .sendPeerUnreachable(let said): "unreachable \(said.peer.number) at \(said.address): \(said.reason)"
    }
  }

  private static func state(_ said: RunnerState) -> String {
    if said.chain == .noState { return "state of no step" }
    let slices = said.slices.isEmpty ? "" : " keeps \(said.slices.map(\.span).joined(separator: ", "))"
    return "state step \(said.step) attempt \(said.attempt)\(slices)\(said.prepared == nil ? "" : " prepared")"
  }
}
