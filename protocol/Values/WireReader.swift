/// Reads a message's fields. Never traps: whatever the bytes, a typed error or a value.
///
/// A count is compared with its limit and with the bytes that are left before memory is asked for.
public struct WireReader: Sendable {
  private let bytes: [UInt8]
  private let end: Int
  /// The next byte's offset in the body.
  public private(set) var offset: Int
  private var depth = 0
  private var elements = 0
  private var readExtensions = false

  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
    self.offset = 0
    self.end = bytes.count
  }

  public var remaining: Int { end - offset }

  public mutating func u8(_ field: String) throws(WireError) -> UInt8 { try integer(field) }
  public mutating func u16(_ field: String) throws(WireError) -> UInt16 { try integer(field) }
  public mutating func u32(_ field: String) throws(WireError) -> UInt32 { try integer(field) }
  public mutating func u64(_ field: String) throws(WireError) -> UInt64 { try integer(field) }
  public mutating func i64(_ field: String) throws(WireError) -> Int64 { try integer(field) }
  public mutating func f64(_ field: String) throws(WireError) -> Double { Double(bitPattern: try integer(field)) }
  public mutating func f32(_ field: String) throws(WireError) -> Float { Float(bitPattern: try integer(field)) }

  public mutating func bool(_ field: String) throws(WireError) -> Bool {
    let start = offset
    switch try u8(field) {
    case 0: return false
    case 1: return true
    case let other: throw .init(.invalidValue, field: field, offset: start, found: "\(other)", expected: "0 or 1")
    }
  }

  /// At most `limit` bytes after a u32 length.
  public mutating func bytes(_ field: String, max limit: Int) throws(WireError) -> [UInt8] {
    let count = try count(field, max: limit, bytesEach: 1, what: "bytes")
    return Array(take(count))
  }

  /// UTF-8 of at most `limit` bytes.
  public mutating func string(_ field: String, max limit: Int = WireLimits.nameBytes) throws(WireError) -> String {
    let start = offset
    let count = try count(field, max: limit, bytesEach: 1, what: "bytes")
    guard let text = String(validating: take(count), as: UTF8.self) else {
      throw .init(.invalidText, field: field, offset: start, found: "\(count) other bytes", expected: "UTF-8")
    }
    return text
  }

  public mutating func digest(_ field: String) throws(WireError) -> Digest {
    try require(Digest.byteCount, field)
    let start = offset
    guard let digest = Digest(Array(take(Digest.byteCount))) else { throw short(field, start, Digest.byteCount) }
    return digest
  }

  public mutating func token(_ field: String) throws(WireError) -> Token128 {
    let low = try u64(field)
    return Token128(high: try u64(field), low: low)
  }

  /// A sentence or lines for people, of at most `limit` bytes.
  public mutating func sentence(_ field: String, max limit: Int = WireLimits.sentenceBytes) throws(WireError) -> String
  {
    try string(field, max: limit)
  }

  /// A list of at most `limit` elements, each at least `bytesEach` bytes long: a count that the rest of the body
  /// cannot hold is refused before anything is allocated.
  public mutating func list<Element>(
    _ field: String, max limit: Int = WireLimits.listElements, bytesEach: Int = 1,
    _ read: (inout WireReader) throws(WireError) -> Element
  ) throws(WireError) -> [Element] {
    let start = offset
    let count = try count(field, max: limit, bytesEach: max(1, bytesEach), what: "elements")
    // Both are bounded by the limits' file, so this sum cannot overflow.
    elements += count
    guard elements <= WireLimits.cumulativeElements else {
      throw .init(
        .tooLarge, field: field, offset: start, found: "\(elements) elements in this message",
        expected: "at most \(WireLimits.cumulativeElements)")
    }
    try enter(field)
    var values: [Element] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try read(&self)) }
    depth -= 1
    return values
  }

  public mutating func list<Element: WireValue>(
    _ field: String, of type: Element.Type, max limit: Int = WireLimits.listElements
  ) throws(WireError) -> [Element] {
    try list(field, max: limit, bytesEach: 1) { (reader) throws(WireError) in try Element(from: &reader) }
  }

  public mutating func strings(
    _ field: String, max limit: Int = WireLimits.listElements, each bytes: Int = WireLimits.nameBytes
  ) throws(WireError) -> [String] {
    try list(field, max: limit, bytesEach: 4) { (reader) throws(WireError) in try reader.string(field, max: bytes) }
  }

  public mutating func u32s(_ field: String, max limit: Int = WireLimits.listElements) throws(WireError) -> [UInt32] {
    try list(field, max: limit, bytesEach: 4) { (reader) throws(WireError) in try reader.u32(field) }
  }

  public mutating func u64s(_ field: String, max limit: Int = WireLimits.listElements) throws(WireError) -> [UInt64] {
    try list(field, max: limit, bytesEach: 8) { (reader) throws(WireError) in try reader.u64(field) }
  }

  public mutating func f64s(_ field: String, max limit: Int = WireLimits.listElements) throws(WireError) -> [Double] {
    try list(field, max: limit, bytesEach: 8) { (reader) throws(WireError) in try reader.f64(field) }
  }

  public mutating func digests(_ field: String, max limit: Int = WireLimits.listElements) throws(WireError) -> [Digest]
  {
    try list(field, max: limit, bytesEach: 32) { (reader) throws(WireError) in try reader.digest(field) }
  }

  public mutating func optional<Value>(
    _ field: String, _ read: (inout WireReader) throws(WireError) -> Value
  ) throws(WireError) -> Value? {
    guard try bool(field) else { return nil }
    return try read(&self)
  }

  public mutating func optional<Value: WireValue>(
    _ field: String, of type: Value.Type
  ) throws(WireError) -> Value? {
    try optional(field) { (reader) throws(WireError) in try reader.value(field, of: type) }
  }

  /// A nested struct.
  public mutating func value<Value: WireValue>(_ field: String, of type: Value.Type) throws(WireError) -> Value {
    try enter(field)
    let value = try Value(from: &self)
    depth -= 1
    return value
  }

  /// A value whose raw integer must be one of an enum's.
  public mutating func choice<Choice: RawRepresentable>(
    _ field: String, of type: Choice.Type = Choice.self
  ) throws(WireError) -> Choice where Choice.RawValue: FixedWidthInteger & UnsignedInteger {
    let start = offset
    let raw: Choice.RawValue = try integer(field)
    guard let choice = Choice(rawValue: raw) else {
      throw .init(.invalidValue, field: field, offset: start, found: "\(raw)", expected: "a \(Choice.self)")
    }
    return choice
  }

  /// The optional trailing fields; `finish` reads and skips them when the message itself does not ask.
  public mutating func extensions() throws(WireError) -> WireExtensions {
    let start = offset
    let count = try u16("extensions")
    guard count <= WireLimits.extensionCount else {
      throw .init(
        .tooLarge, field: "extensions", offset: start, found: "\(count)",
        expected: "at most \(WireLimits.extensionCount)")
    }
    var fields: [(tag: UInt16, bytes: [UInt8])] = []
    for _ in 0..<count {
      let start = offset
      let tag = try u16("extensions.tag")
      if let last = fields.last, last.tag >= tag {
        throw .init(
          .invalidValue, field: "extensions.tag", offset: start, found: "\(tag)", expected: "more than \(last.tag)")
      }
      fields.append((tag, try bytes("extensions.bytes", max: end)))
    }
    readExtensions = true
    return WireExtensions(fields: fields)
  }

  /// Call once after a message's fields: nothing may be left.
  public mutating func finish() throws(WireError) {
    if !readExtensions { _ = try extensions() }
    guard remaining == 0 else {
      throw .init(
        .trailingBytes, field: "body", offset: offset, found: "\(remaining) bytes more", expected: "the end")
    }
  }

  // MARK: Inner workings

  private mutating func enter(_ field: String) throws(WireError) {
    depth += 1
    guard depth <= WireLimits.nestingDepth else {
      throw .init(
        .tooLarge, field: field, offset: offset, found: "nesting \(depth) deep",
        expected: "at most \(WireLimits.nestingDepth)")
    }
  }

  private mutating func count(
    _ field: String, max limit: Int, bytesEach: Int, what: String
  ) throws(WireError) -> Int {
    let start = offset
    let raw = try u32(field)
    guard let count = Int(exactly: raw), count <= limit else {
      throw .init(.tooLarge, field: field, offset: start, found: "\(raw) \(what)", expected: "at most \(limit)")
    }
    let (needed, overflow) = count.multipliedReportingOverflow(by: bytesEach)
    guard !overflow, needed <= remaining else {
      throw .init(
        .truncated, field: field, offset: start, found: "\(remaining) bytes left",
        expected: "at least \(bytesEach) for each of \(count) \(what)")
    }
    return count
  }

  private mutating func integer<Integer: FixedWidthInteger>(_ field: String) throws(WireError) -> Integer {
    let size = MemoryLayout<Integer>.size
    try require(size, field)
    let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Integer.self) }
    offset += size
    return Integer(littleEndian: value)
  }

  private func require(_ count: Int, _ field: String) throws(WireError) {
    guard count <= remaining else { throw short(field, offset, count) }
  }

  private func short(_ field: String, _ start: Int, _ count: Int) -> WireError {
    WireError(
      .truncated, field: field, offset: start, found: "\(end - start) bytes left", expected: "\(count) bytes")
  }

  /// The next `count` bytes; callers have compared `count` with `remaining`.
  private mutating func take(_ count: Int) -> ArraySlice<UInt8> {
    let slice = bytes[offset..<offset + count]
    offset += count
    return slice
  }
}
