/// Writes a message's fields, little-endian, in `SPEC.md`'s order.
public struct WireWriter: Sendable {
  public private(set) var bytes: [UInt8] = []
  private var wroteExtensions = false

  public init(reservingCapacity capacity: Int = 0) {
    if capacity > 0 { bytes.reserveCapacity(capacity) }
  }

  public mutating func u8(_ value: UInt8) { bytes.append(value) }
  public mutating func u16(_ value: UInt16) { integer(value) }
  public mutating func u32(_ value: UInt32) { integer(value) }
  public mutating func u64(_ value: UInt64) { integer(value) }
  public mutating func i64(_ value: Int64) { integer(value) }
  /// IEEE 754 bits: a NaN's payload survives, and so does minus zero.
  public mutating func f64(_ value: Double) { integer(value.bitPattern) }
  public mutating func f32(_ value: Float) { integer(value.bitPattern) }
  public mutating func bool(_ value: Bool) { bytes.append(value ? 1 : 0) }

  /// u32 length, then the bytes.
  public mutating func bytes(_ value: some Collection<UInt8>) {
    count(value.count)
    // With room for what follows: an array that is full doubles.
    bytes.reserveCapacity(bytes.count + value.count + 16)
    bytes.append(contentsOf: value)
  }

  /// u32 length in bytes, then UTF-8.
  public mutating func string(_ value: String) {
    count(value.utf8.count)
    bytes.append(contentsOf: value.utf8)
  }

  /// A sentence or lines for people. Longer ones are cut, as a peer refuses them: its beginning matters most.
  public mutating func sentence(_ value: String, max limit: Int = WireLimits.sentenceBytes) {
    guard value.utf8.count > limit else { return string(value) }
    var end = value.utf8.index(value.utf8.startIndex, offsetBy: limit - 3)
    while String.Index(end, within: value.unicodeScalars) == nil { end = value.utf8.index(before: end) }
    string(String(value[..<end]) + "…")
  }

  /// 32 bytes, no length.
  public mutating func digest(_ value: Digest) { bytes.append(contentsOf: value.bytes) }

  /// 16 bytes, no length.
  public mutating func token(_ value: Token128) {
    u64(value.low)
    u64(value.high)
  }

  /// u32 count, then the elements.
  public mutating func list<Element>(_ values: [Element], _ write: (inout WireWriter, Element) -> Void) {
    count(values.count)
    for value in values { write(&self, value) }
  }

  public mutating func list<Element: WireValue>(_ values: [Element]) {
    list(values) { writer, value in value.encode(into: &writer) }
  }

  public mutating func list(_ values: [String]) { list(values) { $0.string($1) } }
  public mutating func list(_ values: [UInt32]) { list(values) { $0.u32($1) } }
  public mutating func list(_ values: [UInt64]) { list(values) { $0.u64($1) } }
  public mutating func list(_ values: [Double]) { list(values) { $0.f64($1) } }
  public mutating func list(_ values: [Digest]) { list(values) { $0.digest($1) } }

  /// u8 0 for `nil`, or 1 and the value.
  public mutating func optional<Value>(_ value: Value?, _ write: (inout WireWriter, Value) -> Void) {
    bool(value != nil)
    if let value { write(&self, value) }
  }

  public mutating func optional<Value: WireValue>(_ value: Value?) {
    optional(value) { writer, value in value.encode(into: &writer) }
  }

  public mutating func value(_ value: some WireValue) { value.encode(into: &self) }

  /// The optional trailing fields, last in a message: u16 count, then (tag u16, u32 length, bytes), tags ascending.
  ///
  /// Fields added after version 1 go here and only here; readers skip the tags they do not know. `nil` is left out.
  public mutating func extensions(_ fields: [(tag: UInt16, write: ((inout WireWriter) -> Void)?)]) {
    precondition(!wroteExtensions, "a message has one section of optional fields")
    precondition(zip(fields, fields.dropFirst()).allSatisfy { $0.tag < $1.tag }, "tags ascend")
    wroteExtensions = true
    let present = fields.filter { $0.write != nil }
    precondition(present.count <= WireLimits.extensionCount, "too many optional fields")
    u16(UInt16(truncatingIfNeeded: present.count))
    for field in present {
      var nested = WireWriter()
      field.write?(&nested)
      u16(field.tag)
      bytes(nested.bytes)
    }
  }

  /// The finished body: with an empty section of optional fields if the message wrote none.
  public consuming func finish() -> [UInt8] {
    if !wroteExtensions { u16(0) }
    return bytes
  }

  private mutating func count(_ value: Int) {
    // Our own mistake: no message holds 4 GiB, and frames are measured again before they leave.
    precondition(value <= Int(UInt32.max), "longer than the wire can say")
    integer(UInt32(truncatingIfNeeded: value))
  }

  private mutating func integer<Integer: FixedWidthInteger>(_ value: Integer) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
