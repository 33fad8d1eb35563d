import GradientExchange
import Transport
import WireProtocol

/// Frames to and from other runners.
extension SteppedSession {
  // MARK: Receiving

  /// Payloads are decoded on the codec threads before the machine hears of them, so that it deals only in values that
  /// are there. The frame's memory counts against the peer's credit until then.
  func peerFrame(_ frame: Frame, _ link: PeerLink) {
    do throws(WireError) {
      switch frame.type {
      case .node:
        let node = try frame.decode(Node.self)
        let round = Round(step: node.step, restart: frame.header.correlation)
        let key = NodeKey(round: round, chunk: node.chunk, range: SliceRange(node.lower, node.upper))
        decode(key, EncodedValues(encoding: node.encoding, payload: node.payload), frame, link)
      case .root:
        let root = try frame.decode(Root.self)
        let key = NodeKey.root(Round(step: root.step, restart: frame.header.correlation), chunk: root.chunk)
        decode(key, EncodedValues(encoding: root.encoding, payload: root.payload), frame, link)
      case .stateRequest:
        link.connection?.consumed(frame)
        drive(.stateRequested(try frame.decode(StateRequest.self), from: link.peer))
      case .stateChunk:
        decode(try frame.decode(StateChunk.self), frame, link)
      default:
        link.connection?.consumed(frame)
      }
    } catch {
      broken(link, "\(error)")
    }
  }

  private func decode(_ key: NodeKey, _ encoded: EncodedValues, _ frame: Frame, _ link: PeerLink) {
    guard let shape, Int(key.chunk) <= shape.gradientChunkCount else {
      return broken(link, "chunk \(key.chunk) of \((shape?.gradientChunkCount ?? 0) + 1)")
    }
    let (count, format) = shape.values(ofChunk: Int(key.chunk))
    let bytes = encoded.payload.count
    decode(encoded, chunk: key.chunk, format: format, count: count, frame, link) { session, values, peer in
      let isRoot = key.range == NodeKey.received
      session.timeline?.note(isRoot ? .rootReceived : .nodeReceived, key, bytes: bytes)
      session.drive(isRoot ? .rootReceived(key, from: peer) : .nodeReceived(key, from: peer), payload: values)
    }
  }

  private func decode(_ part: StateChunk, _ frame: Frame, _ link: PeerLink) {
    guard let shape, Int(part.chunk) < shape.gradientChunkCount else {
      return broken(link, "chunk \(part.chunk) of a state of \(shape?.gradientChunkCount ?? 0)")
    }
    let count = shape.parameters(ofChunk: Int(part.chunk)).count
    let encoded = EncodedValues(encoding: part.encoding, payload: part.payload)
    decode(encoded, chunk: part.chunk, format: .fp32, count: count, frame, link) { session, values, peer in
      session.board.note("copying")
      session.drive(
        .stateChunkReceived(step: part.step, chunk: part.chunk, part: part.part, from: peer), payload: values)
    }
  }

  private func decode(
    _ encoded: EncodedValues, chunk: UInt32, format: NodeFormat, count: Int, _ frame: Frame, _ link: PeerLink,
    _ deliver: @escaping @Sendable (SteppedSession, NodeValues, AssignmentID) -> Void
  ) {
    guard let gradientCodec = arithmetic?.codec else { return broken(link, "a payload before the member is loaded") }
    let reply = reply
    let (peer, number) = (link.peer, link.number)
    codec.run(chunk: chunk) { _ in
      let result = Result { () throws(PayloadError) in
        try gradientCodec.decode(encoded.payload, encoding: encoded.encoding, format: format, count: count)
      }
      reply { session in
        // A frame of a connection that is no more is no more either: its sender sends it again.
        guard let link = session.links.links[peer], link.number == number else { return }
        link.connection?.consumed(frame)
        session.board.move()
        switch result {
        case .success(let values): deliver(session, values, peer)
        case .failure(let error): session.broken(link, "\(error)")
        }
      }
    }
  }

  private func broken(_ link: PeerLink, _ reason: String) {
    supervisor.log("\(link.peer) sent what is not understood: \(reason)")
    link.connection?.abort(reason)
  }

  // MARK: Sending

  func queue(_ item: PeerLink.Outgoing, to peer: AssignmentID) {
    guard let link = links.links[peer], link.connection != nil else { return }
    switch item {
    case .node(let key), .root(let key): store[key]?.sendsDue += 1
    case .request, .stateChunk: break
    }
    link.outgoing.append(item)
    pump(link)
  }

  /// Sends as much as the connection takes now. Payloads that were released meanwhile are wanted by nobody. Fenced,
  /// everything waits: the machine counts it as sent.
  func pump(_ link: PeerLink) {
    while !supervisor.isFenced, link.encoding < PeerLink.encodingLimit, let connection = link.connection,
      connection.isWritable, let item = link.outgoing.popFirst()
    {
      switch item {
      case .node(let key), .root(let key): encodeAndSend(key, item, link)
      case .request(let request): try? connection.send(request)
      case .stateChunk(let chunk): try? connection.send(chunk)
      }
    }
  }

  private func encodeAndSend(_ key: NodeKey, _ item: PeerLink.Outgoing, _ link: PeerLink) {
    guard let stored = store[key] else { return }
    if let encoded = stored.encoded { return send(encoded, stored.values.byteCount, key, item, link) }
    link.encoding += 1
    let number = link.number
    stored.waiting.append { encoded in
      guard link.number == number else { return }
      link.encoding -= 1
      self.send(encoded, stored.values.byteCount, key, item, link)
      self.pump(link)
    }
    guard stored.waiting.count == 1, let gradientCodec = arithmetic?.codec else { return }
    let reply = reply
    let values = stored.values
    let bound = LoopBound(stored, loop: context.loop)
    codec.run(chunk: key.chunk) { _ in
      let encoded = gradientCodec.encode(values)
      reply { _ in
        let stored = bound.value
        stored.encoded = encoded
        let waiting = stored.waiting
        stored.waiting = []
        for send in waiting { send(encoded) }
      }
    }
  }

  private func send(
    _ encoded: EncodedValues, _ rawBytes: Int, _ key: NodeKey, _ item: PeerLink.Outgoing, _ link: PeerLink
  ) {
    guard let connection = link.connection else { return }
    guard !supervisor.isFenced else { return link.outgoing = [item] + link.outgoing }
    do throws(TransportError) {
      switch item {
      case .node:
        let node = Node(
          step: key.round.step, chunk: key.chunk, lower: key.range.lower, upper: key.range.upper,
          encoding: encoded.encoding, payload: encoded.payload)
        try connection.send(node, correlation: key.round.restart)
        store[key]?.wasSent()
        timeline?.note(.nodeSent, key, bytes: encoded.payload.count)
        failpoints.reached(.sendingNodes, step: key.round.step)
      case .root:
        let root = Root(
          step: key.round.step, chunk: key.chunk, encoding: encoded.encoding, payload: encoded.payload)
        try connection.send(root, correlation: key.round.restart)
        store[key]?.wasSent()
        timeline?.note(.rootSent, key, bytes: encoded.payload.count)
      case .request, .stateChunk: return
      }
      board.move()
      telemetry.rawBytes += UInt64(rawBytes)
      telemetry.sentBytes += UInt64(encoded.payload.count)
    } catch .queueFull {
      // `isWritable` spoke for one frame, and several were in the making: this one waits for `onWritable`.
      link.outgoing = [item] + link.outgoing
    } catch {
      // Closed: the machine hears of it, and owes the frame to the next connection.
    }
  }

  func sendStateChunk(_ request: StateRequest, to peer: AssignmentID) {
    guard let link = links.links[peer], let gradientCodec = arithmetic?.codec else { return }
    let number = link.number
    let codec = codec
    onCompute { thread, reply in
      for (part, values) in try thread.stateChunk(Int(request.chunk)) {
        codec.run(chunk: request.chunk) { _ in
          let encoded = gradientCodec.encode(values)
          let chunk = StateChunk(
            step: request.step, chunk: request.chunk, part: part, encoding: encoded.encoding, payload: encoded.payload)
          reply { session in
            guard session.links.links[peer]?.number == number else { return }
            session.queue(.stateChunk(chunk), to: peer)
          }
        }
      }
    }
  }
}
