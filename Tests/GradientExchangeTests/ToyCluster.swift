import GradientExchange
import WireProtocol

/// A gang of toy runners with links between them and a coordinator, all driven by one random number generator: which
/// link delivers next, which thread goes on, what breaks.
struct ToyCluster {
  enum Item {
    case up
    case down
    case frame(RoundEvent, payload: UInt64)
  }
  struct Link: Hashable {
    let from: AssignmentID
    let to: AssignmentID
  }

  var random: SplitMix
  var runners: [AssignmentID: ToyRunner] = [:]
  /// What is on its way to `to`, in order; and the connection (by number) that each end believes in.
  var links: [Link: [Item]] = [:]
  var live: [Set<AssignmentID>: Int] = [:]
  var believed: [Link: Int] = [:]
  var arriving: [Link: [Int]] = [:]
  var connections = 0
  /// From the coordinator to runners, and back.
  var orders: [AssignmentID: [RoundEvent]] = [:]
  var reports: [(from: AssignmentID, effect: RoundEffect)] = []
  let doublesFrames: Bool

  init(seed: UInt64, doublesFrames: Bool = true) {
    random = SplitMix(state: seed)
    self.doublesFrames = doublesFrames
  }

  mutating func perform(_ effects: [RoundEffect], by runner: AssignmentID) {
    for effect in effects {
      switch effect {
      case .connect(let participant): connect(runner, participant.assignment)
      case .reset(let peer, _):
        disconnect(runner, peer)
        connect(runner, peer)
      case .sendNode(let key, let peer):
        send(.nodeReceived(key, from: runner), key, from: runner, to: peer)
      case .sendRoot(let key, let peer):
        send(.rootReceived(.root(key.round, chunk: key.chunk), from: runner), key, from: runner, to: peer)
      case .requestStateChunk(let request, let peer):
        append(.frame(.stateRequested(request, from: runner), payload: 0), from: runner, to: peer)
      case .sendStateChunk(let request, let peer):
        for part in StateChunk.Part.allCases {
          let event = RoundEvent.stateChunkReceived(
            step: request.step, chunk: request.chunk, part: part, from: runner)
          append(.frame(event, payload: runners[runner]?.state ?? 0), from: runner, to: peer)
        }
      default: reports.append((runner, effect))
      }
    }
  }

  private mutating func send(_ event: RoundEvent, _ key: NodeKey, from: AssignmentID, to: AssignmentID) {
    guard let payload = runners[from]?.store[key] else { preconditionFailure("\(from) has no payload for \(key)") }
    append(.frame(event, payload: payload), from: from, to: to)
    if doublesFrames, random.chance(1, in: 8) { append(.frame(event, payload: payload), from: from, to: to) }
  }

  /// What is written to a connection that is no more is lost.
  private mutating func append(_ item: Item, from: AssignmentID, to: AssignmentID) {
    guard let number = believed[Link(from: from, to: to)], live[[from, to]] == number else { return }
    links[Link(from: from, to: to), default: []].append(item)
  }

  mutating func connect(_ a: AssignmentID, _ b: AssignmentID) {
    guard live[[a, b]] == nil, runners[a] != nil, runners[b] != nil else { return }
    connections += 1
    live[[a, b]] = connections
    for link in [Link(from: a, to: b), Link(from: b, to: a)] {
      links[link, default: []].append(.up)
      arriving[link, default: []].append(connections)
    }
  }

  /// Any number of the last frames is lost.
  mutating func disconnect(_ a: AssignmentID, _ b: AssignmentID) {
    guard live.removeValue(forKey: [a, b]) != nil else { return }
    for link in [Link(from: a, to: b), Link(from: b, to: a)] {
      while case .frame = links[link]?.last, random.chance(3, in: 4) { links[link]?.removeLast() }
      links[link, default: []].append(.down)
    }
  }

  mutating func kill(_ runner: AssignmentID) {
    for other in runners.keys.sorted() where other != runner { disconnect(runner, other) }
    runners[runner] = nil
    orders[runner] = nil
    links = links.filter { $0.key.to != runner }
    arriving = arriving.filter { $0.key.to != runner }
  }

  /// One event somewhere; false when nothing is left to happen.
  mutating func tick() -> Bool {
    var choices: [(inout ToyCluster) -> Void] = []
    for link in links.keys.sorted(by: { ($0.from, $0.to) < ($1.from, $1.to) }) where links[link]?.isEmpty == false {
      choices.append { $0.deliver(link) }
    }
    for id in runners.keys.sorted() {
      if orders[id]?.isEmpty == false { choices.append { $0.deliverOrder(to: id) } }
      if runners[id]?.isBusy == true { choices.append { $0.letWork(id) } }
    }
    guard let choice = choices.randomElement(using: &random) else { return false }
    choice(&self)
    return true
  }

  private mutating func letWork(_ id: AssignmentID) {
    guard var runner = runners[id] else { return }
    let effects = runner.work(&random)
    runners[id] = runner
    perform(effects, by: id)
  }

  private mutating func deliverOrder(to id: AssignmentID) {
    guard let order = orders[id]?.removeFirst() else { return }
    give(order, to: id)
    // Doubled and late messages are the daemon's to expect too.
    if doublesFrames, random.chance(1, in: 10) { give(order, to: id) }
  }

  mutating func give(_ event: RoundEvent, payload: UInt64? = nil, to id: AssignmentID) {
    guard var runner = runners[id] else { return }
    let effects = runner.handle(event, payload: payload)
    runners[id] = runner
    perform(effects, by: id)
  }

  private mutating func deliver(_ link: Link) {
    guard let item = links[link]?.removeFirst() else { return }
    let back = Link(from: link.to, to: link.from)
    switch item {
    case .up:
      believed[back] = arriving[link]?.removeFirst()
      give(.peerConnected(link.from), to: link.to)
    case .down:
      believed[back] = nil
      give(.peerDisconnected(link.from), to: link.to)
    case .frame(let event, let payload):
      give(event, payload: payload, to: link.to)
    }
  }
}
