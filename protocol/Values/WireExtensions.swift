/// A message's optional trailing fields by tag. Tags nobody asks for are skipped, which is how an older version reads
/// a newer one's messages.
public struct WireExtensions: Sendable {
  let fields: [(tag: UInt16, bytes: [UInt8])]

  /// The field under `tag`, or `nil` when the sender did not write it.
  public func value<Value>(
    _ tag: UInt16, _ field: String, _ read: (inout WireReader) throws(WireError) -> Value
  ) throws(WireError) -> Value? {
    guard let found = fields.first(where: { $0.tag == tag }) else { return nil }
    var reader = WireReader(found.bytes)
    let value = try read(&reader)
    guard reader.remaining == 0 else {
      throw .init(
        .trailingBytes, field: field, offset: reader.offset, found: "\(reader.remaining) bytes more",
        expected: "the field's end")
    }
    return value
  }
}
