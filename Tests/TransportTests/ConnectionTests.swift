import Testing
@testable import Transport
import WireProtocol

@Suite("Connections")
struct ConnectionTests {
  @Test("Frames go to and fro over TCP and Unix sockets, in order: 10,000 of them")
  func manyFramesInOrder() throws {
    try withDirectory { directory in
      for endpoint in [Endpoint.tcp(host: "127.0.0.1", port: 0), .unix(path: "\(directory)/s")] {
        let count = 10_000
        let received: [UInt64] = try withLoop { loop, finish in
          try connectedPair(loop, .worker, over: endpoint) { opener, acceptor in
            acceptor.onFrame = { frame in
              do {
                let sequence = try frame.decode(Heartbeat.self).sequence
                try acceptor.send(HeartbeatAcknowledged(sequence: sequence), correlation: frame.header.correlation)
              } catch { Issue.record("\(error)") }
            }
            var answers: [UInt64] = []
            opener.onFrame = { frame in
              answers.append(frame.header.correlation)
              if answers.count == count { finish(answers) }
            }
            for index in 0..<count {
              let message = Heartbeat(sequence: UInt64(index), residentBytes: 1)
              do { try opener.send(message, correlation: UInt64(index)) } catch { Issue.record("\(error)") }
            }
          }
        }
        #expect(received == (0..<UInt64(count)).map { $0 })
      }
    }
  }

  @Test("A socketpair carries frames without body checksums")
  func socketPair() throws {
    let frame: Frame = try withLoop { loop, finish in
      let pair = try SocketPair.make()
      var policy = servesAll
      policy.allowsMissingBodyChecksum = true
      let worker = try Connection.adopt(fileDescriptor: pair.ours, name: "runner", loop: loop)
      let runner = try Connection.adopt(fileDescriptor: pair.theirs, name: "worker", loop: loop)
      worker.awaitHello(policy) { _ in
        worker.admit(welcome)
        try? worker.send(Unfence(generation: 7))
      }
      runner.onFrame = { finish($0) }
      runner.sayHello(hello(.runner), checksums: false) { _ in }
    }
    #expect(try frame.decode(Unfence.self).generation == 7)
    #expect(frame.header.flags == .withoutBodyChecksum && frame.header.bodyChecksum == 0)
  }

  @Test("Large frames pass whole, packed where that gains and stored where it does not")
  func bulkFrames() throws {
    let payloads = [
      [UInt8](repeating: 7, count: WireLimits.chunkBytes), noise(WireLimits.chunkBytes),
      [UInt8](repeating: 0, count: 100), noise(333_333, seed: 9),
    ]
    let (roots, counters): ([Root], ConnectionCounters) = try withLoop { loop, finish in
      try connectedPair(loop, .peer) { opener, acceptor in
        var roots: [Root] = []
        acceptor.onFrame = { frame in
          if let root = try? frame.decode(Root.self) { roots.append(root) }
          if roots.count == payloads.count { finish((roots, acceptor.counters)) }
        }
        for (index, payload) in payloads.enumerated() {
          do {
            try opener.send(Root(step: 1, chunk: UInt32(index), encoding: .stored, payload: payload), packed: true)
          } catch { Issue.record("\(error)") }
        }
      }
    }
    #expect(roots.map(\.payload) == payloads)
    // One megabyte of sevens packs to some kilobytes; the noise stays as it is.
    #expect(counters.bytesReceived < 1_400_000 && counters.bytesReceived > 1_380_000)
  }

  @Test("A packed body that does not unpack to its raw length ends the connection")
  func lyingCompression() throws {
    var frame = Frame(Root(step: 1, chunk: 0, encoding: .stored, payload: [UInt8](repeating: 1, count: 4096))).packed()
    #expect(frame.header.codec == .lz4)
    frame.header.rawLength += 1
    let wrong = frame
    let reason: CloseReason = try withLoop { loop, finish in
      try connectedPair(loop, .peer) { opener, acceptor in
        acceptor.onClose = { finish($0) }
        opener.stream.write(wrong.encoded())
      }
    }
    guard case .malformed(let error) = reason.cause else {
      Issue.record("\(reason)")
      return
    }
    #expect(error.code == .compression)
  }

  @Test("Garbage before HELLO is answered with a refusal and closed with the reason")
  func garbage() throws {
    let (reason, answer): (CloseReason, [UInt8]) = try withLoop { loop, finish in
      var reason: CloseReason?
      var answer: [UInt8] = []
      let listener = try Listener.listen(on: .tcp(host: "127.0.0.1", port: 0), loop: loop) { connection in
        connection.onClose = { reason = $0 }
        connection.awaitHello(servesAll) { _ in Issue.record("garbage was taken for HELLO") }
      }
      rawStream(loop, to: listener.endpoint) { stream in
        stream.onBytes = { answer += $0 }
        stream.onEnd = { _ in if let reason { finish((reason, answer)) } }
        stream.startReading()
        stream.write(Array("GET / HTTP/1.1\r\n".utf8))
      }
    }
    guard case .malformed(let error) = reason.cause else {
      Issue.record("\(reason)")
      return
    }
    #expect(error.code == .magic)
    #expect(reason.description.contains("127.0.0.1") && reason.description.contains("ADMX"))
    var decoder = FrameDecoder(state: .awaitingAnswer)
    #expect(try decoder.feed(answer).first?.decode(Refusal.self).reason == .malformed)
  }

  @Test("A stream that ends inside a frame is an error, one that ends between two is not")
  func halfFrames() throws {
    let bytes = Frame(Heartbeat(sequence: 1, residentBytes: 1)).encoded()
    for length in [bytes.count, bytes.count - 1, 20] {
      let reason: CloseReason = try withLoop { loop, finish in
        try connectedPair(loop, .worker) { opener, acceptor in
          acceptor.onClose = { finish($0) }
          opener.stream.write(Array(bytes[..<length]))
          loop.schedule(after: .milliseconds(30)) { opener.stream.close() }
        }
      }
      switch reason.cause {
      case .ended(nil): #expect(length == bytes.count)
      case .malformed(let error): #expect(length < bytes.count && error.code == .truncated)
      default: Issue.record("\(reason)")
      }
    }
  }

  @Test("A goodbye travels behind what was queued, and names the reason to the peer")
  func goodbye() throws {
    let (count, reason): (Int, CloseReason) = try withLoop { loop, finish in
      try connectedPair(loop, .worker) { opener, acceptor in
        var count = 0
        acceptor.onFrame = { _ in count += 1 }
        acceptor.onClose = { finish((count, $0)) }
        for index in 0..<500 { try? opener.send(Heartbeat(sequence: UInt64(index), residentBytes: 0)) }
        opener.close("the worker is stopped")
      }
    }
    #expect(count == 500)
    #expect(reason.cause == .ended(goodbye: "the worker is stopped"))
  }

  @Test("A refusal reaches the one who is refused, with its sentence")
  func refusals() throws {
    var policy = servesAll
    policy.numericsVersion = 2
    let strict = policy
    let error: TransportError = try withLoop { loop, finish in
      let listener = try Listener.listen(on: .tcp(host: "127.0.0.1", port: 0), loop: loop) { connection in
        connection.awaitHello(strict) { _ in Issue.record("another numerics version was taken") }
      }
      Connection.open(to: listener.endpoint, hello: hello(.worker), loop: loop) { result in
        if case .failure(let error) = result { finish(error) }
      }
    }
    guard case .closed(let reason) = error, case .handshake(.refused(let refusal)) = reason.cause else {
      Issue.record("\(error)")
      return
    }
    #expect(refusal.reason == .numericsVersion && refusal.sentence.contains("numerics version 2"))
  }

  @Test("Reading that is paused in the middle of a batch goes on where it stopped")
  func pausing() throws {
    let received: [UInt64] = try withLoop { loop, finish in
      try connectedPair(loop, .worker) { opener, acceptor in
        var received: [UInt64] = []
        acceptor.onFrame = { frame in
          received.append((try? frame.decode(Heartbeat.self).sequence) ?? 0)
          if received.count == 1000 { finish(received) }
          guard received.count % 7 == 0 else { return }
          acceptor.pauseReading()
          loop.schedule(after: .zero) { acceptor.resumeReading() }
        }
        for index in 0..<1000 { try? opener.send(Heartbeat(sequence: UInt64(index), residentBytes: 0)) }
      }
    }
    #expect(received == (0..<1000).map { UInt64($0) })
  }

  @Test("Work from other threads runs on the loop, in its order, and not after its end")
  func execute() throws {
    final class Order: @unchecked Sendable {
      // Touched on the loop's thread, and after `join`.
      var values: [Int] = []
    }
    let order = Order()
    let loop = EventLoop(name: "other")
    loop.start()
    for index in 0..<1000 {
      #expect(
        loop.execute {
          loop.preconditionOnLoop()
          order.values.append(index)
        })
    }
    loop.stop()
    loop.join()
    #expect(order.values == Array(0..<1000))
    #expect(!loop.execute { order.values.append(-1) })
  }

  @Test("A connection handed over before its admission goes on, on the other loop, with its frames in order")
  func handingOver() throws {
    let other = EventLoop(name: "bulk")
    other.start()
    defer {
      other.stop()
      other.join()
    }
    let offsets: [UInt64] = try withLoop { loop, finish in
      let listener = try Listener.listen(on: .tcp(host: "127.0.0.1", port: 0), loop: loop) { connection in
        connection.awaitHello(servesAll) { hello in
          connection.handOver(hello, to: other, policy: servesAll) { moved, _ in
            other.preconditionOnLoop()
            moved.onFrame = { frame in
              guard let get = try? frame.decode(GetArtifact.self) else { return }
              try? moved.send(ArtifactOffset(digest: get.digest, offset: get.offset, complete: false))
            }
            moved.admit(welcome)
          }
        }
      }
      Connection.open(to: listener.endpoint, hello: hello(.bulk), loop: loop) { result in
        guard let connection = try? result.get().0 else {
          Issue.record("\(result)")
          return
        }
        var offsets: [UInt64] = []
        connection.onFrame = { frame in
          offsets.append((try? frame.decode(ArtifactOffset.self).offset) ?? .max)
          if offsets.count == 100 { finish(offsets) }
        }
        for offset in 0..<100 { try? connection.send(GetArtifact(digest: .zero, offset: UInt64(offset))) }
      }
    }
    #expect(offsets == (0..<100).map { UInt64($0) })
  }

  @Test("A loop ends whatever its handlers open while they hear of the end")
  func stubbornHandlers() throws {
    let reasons: [CloseReason.Cause] = try withLoop { loop, finish in
      try connectedPair(loop, .worker) { opener, acceptor in
        var causes: [CloseReason.Cause] = []
        for connection in [opener, acceptor] {
          connection.onClose = { reason in
            causes.append(reason.cause)
            loop.schedule(after: .seconds(60), repeating: .seconds(60)) {}
            Connection.connect(to: .tcp(host: "127.0.0.1", port: 1), loop: loop) { _ in }
            if causes.count == 2 { finish(causes) }
          }
        }
        loop.stop()
      }
    }
    #expect(reasons == [.loopEnded, .loopEnded])
  }

  @Test("Timers fire after their time and not before, repeat, and stop when cancelled")
  func timers() throws {
    let elapsed: [Duration] = try withLoop { loop, finish in
      let start = loop.now
      var fired: [Duration] = []
      var timer: LoopTimer?
      timer = loop.schedule(after: .milliseconds(20), repeating: .milliseconds(10)) {
        fired.append(loop.now.elapsed(since: start))
        guard fired.count == 3 else { return }
        timer?.cancel()
        loop.schedule(after: .milliseconds(40)) { finish(fired) }
      }
    }
    #expect(elapsed.count == 3)
    #expect(elapsed[0] >= .milliseconds(19) && elapsed[2] >= .milliseconds(38))
  }
}
