/// How a body's bytes are stored on the wire.
public enum BodyCodec: UInt8, Sendable, CaseIterable {
  case stored = 0
  /// One raw lz4 block (no lz4 frame around it). Used only where it gains.
  case lz4 = 1

  /// Whether the header's two lengths can be true for this codec, asked before memory is.
  func check(bodyLength: UInt32, rawLength: UInt32) throws(WireError) {
    switch self {
    case .stored:
      guard bodyLength == rawLength else {
        throw .init(
          .compression, field: "raw_len", offset: FrameHeader.Offset.rawLength, found: "\(rawLength)",
          expected: "body_len, \(bodyLength), as the body is stored")
      }
    case .lz4:
      guard bodyLength < rawLength else {
        throw .init(
          .compression, field: "raw_len", offset: FrameHeader.Offset.rawLength, found: "\(rawLength)",
          expected: "more than body_len, \(bodyLength): what does not gain is stored")
      }
      let bound =
        UInt64(bodyLength) &* UInt64(WireLimits.lz4ExpansionPerByte) &+ UInt64(WireLimits.lz4ExpansionConstant)
      guard UInt64(rawLength) <= bound else {
        throw .init(
          .compression, field: "raw_len", offset: FrameHeader.Offset.rawLength, found: "\(rawLength)",
          expected: "at most \(bound), all that lz4 can make of \(bodyLength) bytes")
      }
    }
  }
}
