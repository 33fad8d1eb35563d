import Testing
@testable import Transport
import WireProtocol

@Suite("Packed bodies")
struct PackedBodyTests {
  static let message = Root(
    step: 3, chunk: 1, encoding: .stored, payload: (0..<2000).map { UInt8(truncatingIfNeeded: $0 / 50) })

  @Test("The processor's checksum is the table's", arguments: [0, 1, 7, 8, 9, 63, 4096, 100_003])
  func checksums(count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    for first in 0..<min(9, count + 1) {
      let part = Array(bytes[first...])
      #expect(part.withUnsafeBytes { bodyChecksum($0) } == CRC32C.checksum(part), "from byte \(first)")
    }
  }

  @Test("Packing and unpacking gives the same message; small or noisy bodies stay as they are")
  func roundTrip() throws {
    let frame = Frame(Self.message)
    let packed = frame.packed()
    #expect(packed.header.codec == .lz4 && packed.body.count < frame.body.count)
    #expect(try packed.unpacked().decode(Root.self) == Self.message)
    #expect(throws: WireError.self) { try packed.decode(Root.self) }
    let small = Frame(Root(step: 1, chunk: 1, encoding: .stored, payload: [UInt8](repeating: 0, count: 100)))
    #expect(small.packed() == small)
    let noisy = Frame(Root(step: 1, chunk: 1, encoding: .stored, payload: noise(5000)))
    #expect(noisy.packed() == noisy)
  }

  @Test("A flipped bit in a packed body, under a checksum that fits, is a typed error or a body of the right length")
  func flips() throws {
    let packed = Frame(Self.message).packed()
    let state = ConnectionState.established(.init(link: .peer, side: .acceptor))
    var outcomes = (unpacked: 0, refused: 0)
    for bit in 0..<packed.body.count * 8 {
      var changed = packed
      changed.body[bit / 8] ^= 1 << (bit % 8)
      changed.header.bodyChecksum = CRC32C.checksum(changed.body)
      var decoder = FrameDecoder(state: state)
      let frame = try #require(try decoder.feed(changed.encoded()).first)
      do throws(WireError) {
        let unpacked = try frame.unpacked()
        #expect(unpacked.body.count == Int(packed.header.rawLength))
        outcomes.unpacked += 1
      } catch {
        #expect(error.code == .compression)
        outcomes.refused += 1
      }
    }
    #expect(outcomes.unpacked > 0 && outcomes.refused > 0)
  }
}
