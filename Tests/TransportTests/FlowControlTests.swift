import Testing
@testable import Transport
import WireProtocol

@Suite("Flow control")
struct FlowControlTests {
  static let payload = noise(WireLimits.chunkBytes)

  static func node(_ index: Int) -> Node {
    Node(step: 1, chunk: UInt32(index), lower: 0, upper: 1, encoding: .stored, payload: payload)
  }

  @Test("A reader that does not consume bounds its sender's memory; once it consumes, everything comes, in order")
  func slowReader() throws {
    struct Outcome {
      var accepted = 0
      var queuedMax = 0
      var receivedWhileSlow = 0
      var chunks: [UInt32] = []
      var writableSaid = false
    }
    let outcome: Outcome = try withLoop { loop, finish in
      try connectedPair(loop, .peer) { sender, receiver in
        var outcome = Outcome()
        var held: [Frame] = []
        receiver.consumesOnReceipt = false
        receiver.onFrame = { held.append($0) }
        sender.onWritable = { outcome.writableSaid = true }
        // Far more than fits: the queue must say no.
        for index in 0..<200 {
          do throws(TransportError) { try sender.send(Self.node(index)) } catch {
            if case .queueFull = error { break }
            Issue.record("\(error)")
          }
          outcome.accepted += 1
        }
        #expect(!sender.isWritable)
        loop.schedule(after: .milliseconds(500)) {
          outcome.receivedWhileSlow = held.count
          outcome.queuedMax = sender.counters.queuedBytesMax
          receiver.onFrame = { frame in
            outcome.chunks.append((try? frame.decode(Node.self).chunk) ?? .max)
            receiver.consumed(frame)
            if outcome.chunks.count == outcome.accepted { loop.schedule(after: .milliseconds(50)) { finish(outcome) } }
          }
          for frame in held { receiver.onFrame?(frame) }
        }
      }
    }
    #expect(outcome.receivedWhileSlow == 4, "the initial credit is four bodies")
    #expect(outcome.queuedMax <= WireLimits.bulkQueueBytes)
    #expect(outcome.accepted >= 15 && outcome.accepted <= 20)
    #expect(outcome.chunks == (0..<UInt32(outcome.accepted)).map { $0 })
    #expect(outcome.writableSaid)
  }

  @Test("A control peer that stops reading is closed at the limit of its queue")
  func slowControlPeer() throws {
    let (reason, queued): (CloseReason, Int) = try withLoop { loop, finish in
      try connectedPair(loop, .worker) { opener, acceptor in
        acceptor.pauseReading()
        opener.onClose = { finish(($0, opener.counters.queuedBytesMax)) }
        let line = LogLine(text: String(repeating: "x", count: 4000))
        for _ in 0..<20_000 {
          do { try opener.send(line) } catch { break }
        }
      }
    }
    guard case .peerTooSlow(let bytes) = reason.cause else {
      Issue.record("\(reason)")
      return
    }
    #expect(bytes <= WireLimits.controlQueueBytes && queued <= WireLimits.controlQueueBytes)
    #expect(bytes > WireLimits.controlQueueBytes - 8192)
  }

  @Test("A sender that ignores its credit is cut off")
  func brokenCredit() throws {
    let reason: CloseReason = try withLoop { loop, finish in
      try connectedPair(loop, .peer) { sender, receiver in
        receiver.consumesOnReceipt = false
        receiver.onClose = { finish($0) }
        for index in 0..<6 { sender.stream.write(Frame(Self.node(index)).encoded()) }
      }
    }
    guard case .malformed(let error) = reason.cause else {
      Issue.record("\(reason)")
      return
    }
    #expect(error.code == .flowControl)
  }

  @Test("Both directions full at once do not lock each other")
  func bothDirections() throws {
    let counts: [Int] = try withLoop { loop, finish in
      try connectedPair(loop, .peer) { left, right in
        var received = [0, 0]
        var sent = [0, 0]
        func pump(_ connection: Connection, _ side: Int) {
          while sent[side] < 40, connection.isWritable {
            do { try connection.send(Self.node(sent[side])) } catch { Issue.record("\(error)") }
            sent[side] += 1
          }
        }
        for (side, connection) in [left, right].enumerated() {
          connection.onWritable = { pump(connection, side) }
          connection.onFrame = { _ in
            received[side] += 1
            if received == [40, 40] { finish(received) }
          }
        }
        pump(left, 0)
        pump(right, 1)
      }
    }
    #expect(counts == [40, 40])
  }

  @Test("Credit is given back a body at a time, never lost and never beyond what was consumed")
  func arithmetic() throws {
    var incoming = IncomingCredit()
    var outgoing = OutgoingQueue()
    outgoing.openFlowControl()
    let frame = Frame(
      Node(step: 1, chunk: 0, lower: 0, upper: 1, encoding: .stored, payload: [UInt8](repeating: 1, count: 100_000)))
    var sent = 0
    for _ in 0..<500 {
      outgoing.push(frame)
      for leaving in outgoing.take(upTo: 1 << 20, wireVersion: 1) {
        try incoming.receive(leaving)
        sent += 1
        let grant = incoming.consume(leaving.creditCost)
        if grant > 0 { try outgoing.receive(Credit(byteCount: UInt32(grant))) }
      }
    }
    #expect(sent == 500)
    #expect(outgoing.credit == incoming.outstanding)
    #expect(throws: WireError.self) { try outgoing.receive(Credit(byteCount: .max)) }
    var control = OutgoingQueue()
    #expect(throws: WireError.self) { try control.receive(Credit(byteCount: 1)) }
  }
}
