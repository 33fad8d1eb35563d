/// The 48 bytes before every body, little-endian; the layout is a contract (see `SPEC.md`).
///
/// ```
///  0 magic u32        8 flags u16      16 raw_len u32          32 generation u64
///  4 wire_version u8 10 codec u8       20 stream_id u32        40 body_crc32c u32
///  5 header_len u8   11 reserved u8    24 correlation_id u64   44 header_crc32c u32
///  6 type u16        12 body_len u32
/// ```
public struct FrameHeader: Sendable, Equatable {
  public static let byteCount = 48

  /// "ADMX" as the bytes stand on the wire.
  public static let magic: UInt32 = 0x584D_4441

  public enum Offset {
    public static let magic = 0
    public static let wireVersion = 4
    public static let headerLength = 5
    public static let type = 6
    public static let flags = 8
    public static let codec = 10
    public static let reserved = 11
    public static let bodyLength = 12
    public static let rawLength = 16
    public static let stream = 20
    public static let correlation = 24
    public static let generation = 32
    public static let bodyChecksum = 40
    public static let headerChecksum = 44
  }

  public struct Flags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    /// body_crc32c is zero and not checked: allowed only on a socketpair, where the kernel copies and nothing flips.
    public static let withoutBodyChecksum = Flags(rawValue: 1)
    public static let known: Flags = [.withoutBodyChecksum]
  }

  public var wireVersion: UInt8
  public var type: MessageType
  public var flags: Flags
  public var codec: BodyCodec
  public var bodyLength: UInt32
  public var rawLength: UInt32
  /// Names one of several conversations on a connection (an artifact's transfer); 0 where there is only one.
  public var stream: UInt32
  /// An answer repeats its question's; 0 where no answer is expected.
  public var correlation: UInt64
  /// The membership generation under which the sender acts; 0 before it has one.
  public var generation: UInt64
  public var bodyChecksum: UInt32

  public init(
    wireVersion: UInt8 = WireVersion.current, type: MessageType, flags: Flags = [], codec: BodyCodec = .stored,
    bodyLength: UInt32, rawLength: UInt32, stream: UInt32 = 0, correlation: UInt64 = 0, generation: UInt64 = 0,
    bodyChecksum: UInt32
  ) {
    self.wireVersion = wireVersion
    self.type = type
    self.flags = flags
    self.codec = codec
    self.bodyLength = bodyLength
    self.rawLength = rawLength
    self.stream = stream
    self.correlation = correlation
    self.generation = generation
    self.bodyChecksum = bodyChecksum
  }

  /// The header's 48 bytes, its checksum computed.
  public func encoded() -> [UInt8] {
    var writer = WireWriter(reservingCapacity: FrameHeader.byteCount)
    writer.u32(FrameHeader.magic)
    writer.u8(wireVersion)
    writer.u8(UInt8(FrameHeader.byteCount))
    writer.u16(type.rawValue)
    writer.u16(flags.rawValue)
    writer.u8(codec.rawValue)
    writer.u8(0)
    writer.u32(bodyLength)
    writer.u32(rawLength)
    writer.u32(stream)
    writer.u64(correlation)
    writer.u64(generation)
    writer.u32(bodyChecksum)
    writer.u32(CRC32C.checksum(writer.bytes))
    return writer.bytes
  }

  /// Checks 48 bytes in the contract's order: magic, version, header checksum, type known in this state, limits.
  public init(_ bytes: [UInt8], in state: ConnectionState) throws(WireError) {
    precondition(bytes.count == FrameHeader.byteCount, "the decoder collects whole headers")
    var reader = WireReader(bytes)
    let magic = try reader.u32("magic")
    guard magic == FrameHeader.magic else {
      throw .init(
        .magic, field: "magic", offset: Offset.magic, found: "\(bytes[0..<4])",
        expected: "[65, 68, 77, 88] (\"ADMX\")")
    }
    let wireVersion = try reader.u8("wire_version")
    let headerLength = try reader.u8("header_len")
    guard state.accepts(wireVersion: wireVersion) else {
      throw .init(
        .version, field: "wire_version", offset: Offset.wireVersion, found: "\(wireVersion)",
        expected: state.expectedWireVersion)
    }
    guard headerLength == UInt8(FrameHeader.byteCount) else {
      throw .init(
        .header, field: "header_len", offset: Offset.headerLength, found: "\(headerLength)",
        expected: "\(FrameHeader.byteCount)")
    }
    let computed = CRC32C.checksum(Array(bytes[0..<Offset.headerChecksum]))
    let type = try reader.u16("type")
    let flags = Flags(rawValue: try reader.u16("flags"))
    let codec = try reader.u8("codec")
    let reserved = try reader.u8("reserved")
    bodyLength = try reader.u32("body_len")
    rawLength = try reader.u32("raw_len")
    stream = try reader.u32("stream_id")
    correlation = try reader.u64("correlation_id")
    generation = try reader.u64("generation")
    bodyChecksum = try reader.u32("body_crc32c")
    let stated = try reader.u32("header_crc32c")
    guard stated == computed else {
      throw .init(
        .headerChecksum, field: "header_crc32c", offset: Offset.headerChecksum, found: "\(stated)",
        expected: "\(computed)")
    }
    self.wireVersion = wireVersion
    self.type = try state.accept(type: type)
    self.flags = flags
    self.codec = try FrameHeader.codec(codec)
    try checkFlags(reserved: reserved, in: state)
    try checkLengths()
  }

  private static func codec(_ raw: UInt8) throws(WireError) -> BodyCodec {
    guard let codec = BodyCodec(rawValue: raw) else {
      throw .init(
        .header, field: "codec", offset: Offset.codec, found: "\(raw)", expected: "0 (stored) or 1 (lz4)")
    }
    return codec
  }

  private func checkFlags(reserved: UInt8, in state: ConnectionState) throws(WireError) {
    guard flags.isSubset(of: .known) else {
      throw .init(
        .header, field: "flags", offset: Offset.flags, found: "\(flags.rawValue)",
        expected: "only \(Flags.known.rawValue)")
    }
    guard reserved == 0 else {
      throw .init(.header, field: "reserved", offset: Offset.reserved, found: "\(reserved)", expected: "0")
    }
    guard flags.contains(.withoutBodyChecksum) else { return }
    guard state.allowsMissingBodyChecksum else {
      throw .init(
        .header, field: "flags", offset: Offset.flags, found: "no body checksum",
        expected: "a body checksum, as this connection is no socketpair")
    }
    guard bodyChecksum == 0 else {
      throw .init(
        .header, field: "body_crc32c", offset: Offset.bodyChecksum, found: "\(bodyChecksum)",
        expected: "0, as flags say that there is none")
    }
  }

  private func checkLengths() throws(WireError) {
    let limit = type.sizeClass.bodyBytes
    guard let raw = Int(exactly: rawLength), raw <= limit else {
      throw .init(
        .tooLarge, field: "raw_len", offset: Offset.rawLength, found: "\(rawLength)",
        expected: "at most \(limit) for \(type)")
    }
    guard let body = Int(exactly: bodyLength), body <= limit else {
      throw .init(
        .tooLarge, field: "body_len", offset: Offset.bodyLength, found: "\(bodyLength)",
        expected: "at most \(limit) for \(type)")
    }
    try codec.check(bodyLength: bodyLength, rawLength: rawLength)
  }
}
