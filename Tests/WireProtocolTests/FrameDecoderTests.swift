import Testing
import WireProtocol

@Suite("Frame decoder")
struct FrameDecoderTests {
  static let worker = ConnectionState.established(.init(link: .worker, side: .acceptor))
  static let peer = ConnectionState.established(.init(link: .peer, side: .acceptor))

  /// `frame` with bytes of its header replaced and the header's checksum made to fit.
  static func header(_ frame: Frame, _ changes: [Int: [UInt8]]) -> [UInt8] {
    var bytes = frame.encoded()
    for (offset, replacement) in changes {
      bytes.replaceSubrange(offset..<offset + replacement.count, with: replacement)
    }
    let checksum = CRC32C.checksum(Array(bytes[..<44]))
    for index in 0..<4 { bytes[44 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(index))) }
    return bytes
  }

  static func failure(_ bytes: [UInt8], in state: ConnectionState) -> WireError.Code? {
    var decoder = FrameDecoder(state: state)
    do {
      _ = try decoder.feed(bytes)
      return nil
    } catch { return error.code }
  }

  @Test("Checks run in the contract's order: magic, version, header checksum, type, limits")
  func order() {
    var bytes = Frame(Heartbeat(sequence: 1, residentBytes: 2)).encoded()
    // Everything wrong at once; then each repaired in turn.
    bytes[0] = 0
    bytes[4] = 9
    bytes[6] = 0xEE
    bytes[15] = 0xFF
    #expect(Self.failure(bytes, in: Self.worker) == .magic)
    bytes[0] = 0x41
    #expect(Self.failure(bytes, in: Self.worker) == .version)
    bytes[4] = 1
    #expect(Self.failure(bytes, in: Self.worker) == .headerChecksum)
    let checksum = CRC32C.checksum(Array(bytes[..<44]))
    for index in 0..<4 { bytes[44 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(index))) }
    #expect(Self.failure(bytes, in: Self.worker) == .unknownType)
    let frame = Frame(Heartbeat(sequence: 1, residentBytes: 2))
    #expect(Self.failure(Self.header(frame, [15: [0xFF]]), in: Self.worker) == .tooLarge)
    #expect(Self.failure(Self.header(frame, [19: [0xFF]]), in: Self.worker) == .tooLarge)
    #expect(Self.failure(Self.header(frame, [12: [1]]), in: Self.worker) == .compression)
    #expect(Self.failure(frame.encoded(), in: Self.worker) == nil)
  }

  @Test("What is no Admix stream is refused at its first wrong byte")
  func otherProtocols() {
    #expect(Self.failure(Array("G".utf8), in: .awaitingHello) == .magic)
    #expect(Self.failure(Array("ADM".utf8), in: .awaitingHello) == nil)
    #expect(Self.failure(Array("ADMI".utf8), in: .awaitingHello) == .magic)
  }

  @Test("Before the handshake only its own frames pass, and only at 4 KiB")
  func beforeTheHandshake() {
    let heartbeat = Frame(Heartbeat(sequence: 1, residentBytes: 2)).encoded()
    #expect(Self.failure(heartbeat, in: .awaitingHello) == .unexpectedType)
    #expect(Self.failure(heartbeat, in: .awaitingAnswer) == .unexpectedType)
    let hello = Frame(MessageSamples.handshake[0] as? Hello ?? Hello.empty)
    #expect(Self.failure(hello.encoded(), in: .awaitingHello) == nil)
    #expect(Self.failure(hello.encoded(), in: Self.worker) == .unexpectedType)
    let length: [UInt8] = [1, 0x10, 0, 0]
    #expect(Self.failure(Self.header(hello, [12: length, 16: length]), in: .awaitingHello) == .tooLarge)
  }

  @Test("A type arrives only where its route leads")
  func routes() {
    for message in MessageSamples.all {
      let type = type(of: message).type
      for link in Role.allCases {
        for side in ConnectionSide.allCases {
          let state = ConnectionState.established(.init(link: link, side: side))
          let expected: WireError.Code? = type.mayArrive(at: side, of: link) ? nil : .unexpectedType
          #expect(Self.failure(message.sampleFrame().encoded(), in: state) == expected, "\(type) \(link) \(side)")
        }
      }
    }
  }

  @Test("Lengths that lz4 cannot mean are refused before memory is asked for")
  func impossibleLengths() {
    let frame = Frame(Node(step: 1, chunk: 0, lower: 0, upper: 1, encoding: .stored, payload: [1, 2, 3]))
    let large: [UInt8] = [0x00, 0x10, 0x10, 0]  // 1 MiB + 4 KiB
    #expect(Self.failure(Self.header(frame, [16: large]), in: Self.peer) == .compression)
    // lz4: 255 × body_len + 64 is the most.
    let body = frame.body.count
    let most = UInt32(255 * body + 64)
    func bytes(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    #expect(Self.failure(Self.header(frame, [10: [1], 16: bytes(most + 1)]), in: Self.peer) == .compression)
    #expect(Self.failure(Self.header(frame, [10: [1], 16: bytes(most)]), in: Self.peer) == nil)
    #expect(Self.failure(Self.header(frame, [10: [1]]), in: Self.peer) == .compression)
    #expect(Self.failure(Self.header(frame, [10: [2]]), in: Self.peer) == .header)
    let beyond: [UInt8] = [0x01, 0x10, 0x10, 0]
    #expect(Self.failure(Self.header(frame, [12: beyond, 16: beyond]), in: Self.peer) == .tooLarge)
  }

  @Test("A missing body checksum passes on a socketpair only")
  func withoutBodyChecksum() {
    let frame = Frame(Fence(), bodyChecksum: false).encoded()
    let pair = ConnectionState.established(.init(link: .runner, side: .opener, allowsMissingBodyChecksum: true))
    let tcp = ConnectionState.established(.init(link: .runner, side: .opener))
    #expect(Self.failure(frame, in: pair) == nil)
    #expect(Self.failure(frame, in: tcp) == .header)
  }

  @Test("After an error the decoder repeats it")
  func errorsStay() {
    var decoder = FrameDecoder(state: Self.worker)
    #expect(throws: WireError.self) { try decoder.feed([1]) }
    #expect(throws: WireError.self) { try decoder.feed(Frame(Heartbeat(sequence: 1, residentBytes: 2)).encoded()) }
    #expect(throws: WireError.self) { try decoder.finish() }
  }

  @Test("Frames are cut from pieces of any size, and the state may change between two of them")
  func piecesOfAnySize() throws {
    let frames = (0..<50).map { Frame(Heartbeat(sequence: $0, residentBytes: 1), correlation: $0) }
    let bytes = frames.flatMap { $0.encoded() }
    for size in [1, 3, 47, 48, 49, 1000, bytes.count] {
      var decoder = FrameDecoder(state: Self.worker)
      var found: [Frame] = []
      for start in stride(from: 0, to: bytes.count, by: size) {
        found += try decoder.feed(Array(bytes[start..<min(start + size, bytes.count)]))
      }
      #expect(found == frames)
    }
    let stream = Frame(Hello.empty).encoded() + frames[0].encoded()
    var decoder = FrameDecoder(state: .awaitingHello)
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: stream.count, alignment: 8)
    defer { copy.deallocate() }
    copy.copyBytes(from: stream)
    var input = UnsafeRawBufferPointer(copy)
    #expect(try decoder.next(&input)?.type == .hello)
    decoder.state = Self.worker
    #expect(try decoder.next(&input) == frames[0])
    #expect(try decoder.next(&input) == nil)
  }

  @Test("CRC-32C is RFC 3720's", arguments: [
    ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
    (Array(UInt8(0)...31), 0x46DD_794E), (Array("123456789".utf8), 0xE306_9283), ([], 0),
  ] as [([UInt8], UInt32)])
  func checksums(_ bytes: [UInt8], _ expected: UInt32) { #expect(CRC32C.checksum(bytes) == expected) }
}

extension Hello {
  static let empty = Hello(
    wireVersionLow: 1, wireVersionHigh: 1, role: .client, boot: .zero, build: "test", numericsVersion: 1)
}
