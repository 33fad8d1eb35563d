import Foundation
import Testing
import WireProtocol

/// The golden frames: one of each type, as bytes in the tree. `ADMIX_WRITE_GOLDEN=1 swift test` writes them anew, which
/// changes the protocol: say so in CHANGELOG.md, and raise the wire version unless only optional fields were added.
@Suite("Golden frames")
struct GoldenFrameTests {
  static let directory = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("protocol/Golden")

  static func golden(_ message: any WireMessage) throws -> [UInt8] {
    let file = directory.appendingPathComponent("\(type(of: message).type).hex")
    let text = try String(contentsOf: file, encoding: .utf8)
    return try #require(hexadecimal(text.filter { !$0.isWhitespace }))
  }

  static func hexadecimal(_ text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0 else { return nil }
    return stride(from: 0, to: digits.count, by: 2).reduce(into: []) { bytes, index in
      guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else { return }
      bytes.append(byte)
    }
  }

  @Test("There is a sample of every message type")
  func everyTypeHasASample() {
    #expect(MessageSamples.all.map { type(of: $0).type } == MessageType.allCases)
  }

  @Test("Every message has the bytes that are in the tree", arguments: MessageType.allCases)
  func bytesOfEveryType(_ messageType: MessageType) throws {
    let message = try #require(MessageSamples.all.first { type(of: $0).type == messageType })
    let bytes = message.sampleFrame().encoded()
    #expect(bytes.count <= 1024)
    if ProcessInfo.processInfo.environment["ADMIX_WRITE_GOLDEN"] == "1" {
      let lines = stride(from: 0, to: bytes.count, by: 32).map { start in
        bytes[start..<min(start + 32, bytes.count)].map { String(format: "%02x", $0) }.joined()
      }
      let file = Self.directory.appendingPathComponent("\(messageType).hex")
      try (lines.joined(separator: "\n") + "\n").write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(try Self.golden(message) == bytes)
  }

  @Test("A golden frame decodes to its message and encodes to its bytes, fed whole or byte by byte")
  func roundTrip() throws {
    for message in MessageSamples.all {
      let bytes = try Self.golden(message)
      var whole = FrameDecoder(state: type(of: message).type.stateThatTakesIt)
      let frames = try whole.feed(bytes)
      try whole.finish()
      let frame = try #require(frames.first)
      #expect(frames.count == 1 && frame.encoded() == bytes)
      #expect(try message.equals(frame))
      #expect(try type(of: message).reencoded(frame.body) == frame.body)

      var slow = FrameDecoder(state: type(of: message).type.stateThatTakesIt)
      var collected: [Frame] = []
      for byte in bytes { collected += try slow.feed([byte]) }
      #expect(collected == [frame])
    }
  }

  @Test("Every prefix of a frame is an unfinished frame, and its body's an error")
  func prefixes() throws {
    for message in MessageSamples.all {
      let bytes = try Self.golden(message)
      for length in 1..<bytes.count {
        var decoder = FrameDecoder(state: type(of: message).type.stateThatTakesIt)
        #expect(try decoder.feed(Array(bytes[..<length])).isEmpty)
        #expect(throws: WireError.self) { try decoder.finish() }
      }
      let body = message.encodedBody()
      for length in 0..<body.count {
        #expect(throws: WireError.self) { try type(of: message).reencoded(Array(body[..<length])) }
      }
      #expect(throws: WireError.self) { try type(of: message).reencoded(body + [0]) }
    }
  }

  @Test("Every flipped bit is found out by a checksum")
  func flipsAreFound() throws {
    for message in MessageSamples.all {
      let bytes = try Self.golden(message)
      for bit in 0..<bytes.count * 8 {
        var damaged = bytes
        damaged[bit / 8] ^= 1 << (bit % 8)
        var decoder = FrameDecoder(state: type(of: message).type.stateThatTakesIt)
        // A length that grew leaves the frame unfinished only if its header passes, which it must not.
        #expect(throws: WireError.self, "\(type(of: message)) bit \(bit)") { try decoder.feed(damaged) }
      }
    }
  }

  @Test("A flipped bit under a checksum that fits is a typed error, or a value with exactly those bytes")
  func flipsWithFittingChecksums() throws {
    var accepted = 0
    var refused = 0
    for message in MessageSamples.all {
      let bytes = try Self.golden(message)
      for bit in 0..<bytes.count * 8 where bit / 8 < 40 || bit / 8 >= FrameHeader.byteCount {
        var changed = bytes
        changed[bit / 8] ^= 1 << (bit % 8)
        let body = Array(changed[FrameHeader.byteCount...])
        set(CRC32C.checksum(body), at: FrameHeader.Offset.bodyChecksum, in: &changed)
        set(CRC32C.checksum(Array(changed[..<44])), at: FrameHeader.Offset.headerChecksum, in: &changed)
        var decoder = FrameDecoder(state: type(of: message).type.stateThatTakesIt)
        do {
          guard let frame = try decoder.feed(changed).first else {
            // A longer body_len: the decoder waits for the rest, within the type's limit.
            #expect(bit / 8 >= FrameHeader.Offset.bodyLength && bit / 8 < FrameHeader.Offset.stream)
            continue
          }
          guard frame.type == type(of: message).type else { continue }
          let again = try type(of: message).reencoded(frame.body)
          #expect(again == frame.body, "\(type(of: message)) bit \(bit)")
          accepted += 1
        } catch is WireError {
          refused += 1
        }
      }
    }
    // Neither all nor nothing: else this test would not test.
    #expect(accepted > 1000 && refused > 1000)
  }

  @Test("Bodies with several bytes changed are typed errors or values with exactly those bytes, from one seed")
  func manyChanges() throws {
    var state: UInt64 = 2024
    func random(below limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    for message in MessageSamples.all {
      let body = message.encodedBody()
      for _ in 0..<300 {
        var changed = body
        for _ in 0...random(below: 4) {
          changed[random(below: changed.count)] = [0, 1, 0x7F, 0x80, 0xFF, UInt8(random(below: 256))][random(below: 6)]
        }
        do {
          #expect(try type(of: message).reencoded(changed) == changed, "\(type(of: message)) \(changed)")
        } catch is WireError {}
      }
    }
  }

  private func set(_ value: UInt32, at offset: Int, in bytes: inout [UInt8]) {
    for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index))) }
  }

  @Test("What a host lacks travels in HELLO, cut to its limit, and a HELLO without it keeps its bytes")
  func shortcomings() throws {
    var hello = try #require(MessageSamples.handshake.compactMap { $0 as? Hello }.first)
    let bare = hello.sampleFrame().body
    hello.shortcomings = "no python3"
    let frame = hello.sampleFrame()
    #expect(try frame.decode(Hello.self) == hello)
    #expect(frame.body.dropLast(frame.body.count - bare.count + 2).elementsEqual(bare.dropLast(2)))
    hello.shortcomings = String(repeating: "语", count: 400)
    let cut = try hello.sampleFrame().decode(Hello.self).shortcomings
    #expect(cut.hasSuffix("语…") && cut.utf8.count <= 512 && cut.utf8.count > 500)
  }

  @Test("Shares of a worker and the states of shards travel, and plans without them keep their bytes")
  func shares() throws {
    let shard = ShardPlan(name: "a", payload: [1], inputs: [], threads: 2, memoryBytes: 1 << 33)
    let plan = JobPlan(
      jobType: "toy", pluginVersion: 1, name: "cells",
      phases: [PhasePlan(name: "cells", work: .sharded([shard, ShardPlan(name: "b", payload: [], inputs: [])]))],
      outputs: [])
    let submit = Submit(plan: plan, jobFile: "", recipeDigest: .zero, submission: MessageSamples.token)
    let frame = submit.sampleFrame()
    #expect(try frame.decode(Submit.self) == submit)
    var assign = MessageSamples.assign
    assign.work = .shard(index: 1, of: 2, threads: 3)
    #expect(try assign.sampleFrame().decode(Assign.self) == assign)
    var detail = try #require(MessageSamples.all.compactMap { $0 as? JobDetail }.first)
    detail.shards = [
      ShardStatus(
        name: "a", state: .running, worker: "host-a", activity: "training", fraction: 0.5,
        values: [Metric("loss", 2)])
    ]
    #expect(try detail.sampleFrame().decode(JobDetail.self) == detail)
    for end in 0..<frame.body.count {
      #expect(throws: WireError.self) { try Submit.reencoded(Array(frame.body[..<end])) }
    }
  }
}
