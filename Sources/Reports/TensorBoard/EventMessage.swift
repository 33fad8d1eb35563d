/// `tensorflow.Event` and what it holds, as protocol buffers: the few fields that scalars need, written in the order of
/// their numbers, zeros left out where proto3 leaves them out, so that the bytes are those of TensorBoard's own writer.
///
///     message Event   { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; }
///     message Summary { message Value { string tag = 1; float simple_value = 2; } repeated Value value = 1; }
struct EventMessage {
  enum Content {
    case fileVersion
    case scalars([(tag: String, value: Double)])
  }
  /// Seconds since 1970.
  let wallTime: Double
  let step: UInt64
  let content: Content

  /// What readers look for in the first record.
  static let fileVersion = "brain.Event:2"

  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    if wallTime != 0 { bytes += [1 << 3 | 1] + TFRecord.littleEndian(wallTime.bitPattern) }
    if step != 0 { bytes += [2 << 3] + Self.varint(step) }
    switch content {
    case .fileVersion: bytes += Self.lengthDelimited(3, Array(Self.fileVersion.utf8))
    case .scalars(let scalars):
      let values = scalars.map { scalar in
        // In a `oneof`: written even when it is zero.
        Self.lengthDelimited(
          1,
          Self.lengthDelimited(1, Array(scalar.tag.utf8)) + [2 << 3 | 5]
            + TFRecord.littleEndian(Float(scalar.value).bitPattern))
      }
      bytes += Self.lengthDelimited(5, values.flatMap(\.self))
    }
    return bytes
  }

  private static func lengthDelimited(_ field: UInt8, _ payload: [UInt8]) -> [UInt8] {
    [field << 3 | 2] + varint(UInt64(payload.count)) + payload
  }

  /// Seven bits a byte, least first, the top bit on all but the last.
  private static func varint(_ value: UInt64) -> [UInt8] {
    var rest = value
    var bytes: [UInt8] = []
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(truncatingIfNeeded: rest)]
  }
}
