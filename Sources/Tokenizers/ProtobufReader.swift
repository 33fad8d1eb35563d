import Metering

/// Reads the fields of one protobuf message, in place, trusting nothing: every length is checked against what is left
/// before it is used. Wire format: https://protobuf.dev/programming-guides/encoding
struct ProtobufReader {
  enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    /// A length-delimited value: its bytes in the file.
    case bytes(Range<Int>)
  }

  struct Field {
    var number: Int
    var value: Value
    /// Offset of the field's tag.
    var offset: Int
  }

  let file: [UInt8]
  private(set) var position: Int
  let end: Int
  /// Name of the message, for errors.
  let path: String
  private let meter = ReadMeter.current

  init(file: [UInt8], range: Range<Int>, path: String) {
    precondition(range.lowerBound >= 0 && range.upperBound <= file.count)
    self.file = file
    self.position = range.lowerBound
    self.end = range.upperBound
    self.path = path
  }

  /// The next field, or nil at the message's end.
  mutating func next() throws -> Field? {
    guard position < end else { return nil }
    let start = position
    meter?.stepped(1)
    let tag = try varint(field: "tag")
    let number = tag >> 3
    guard number >= 1, number < 1 << 29 else {
      throw malformed("field number \(number) does not exist in protobuf", at: start)
    }
    let name = "field \(number)"
    switch tag & 7 {
    case 0:
      return Field(number: Int(number), value: .varint(try varint(field: name)), offset: start)
    case 1:
      return Field(number: Int(number), value: .fixed64(try fixed(bytes: 8, field: name)), offset: start)
    case 2:
      let lengthOffset = position
      let length = try varint(field: name)
      let left = end - position
      guard length <= UInt64(left) else {
        throw malformed("\(name) says \(length) bytes, only \(left) are left", at: lengthOffset)
      }
      let range = position..<position + Int(length)
      position = range.upperBound
      return Field(number: Int(number), value: .bytes(range), offset: start)
    case 5:
      return Field(
        number: Int(number), value: .fixed32(UInt32(truncatingIfNeeded: try fixed(bytes: 4, field: name))),
        offset: start)
    default:
      throw malformed("\(name) has wire type \(tag & 7); 0, 1, 2 or 5 expected", at: start)
    }
  }

  private mutating func varint(field: String) throws -> UInt64 {
    let start = position
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < end {
      let byte = file[position]
      position += 1
      // The tenth byte holds the one bit that is left of 64.
      if shift == 63, byte > 1 { break }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
      if shift > 63 { break }
    }
    if position == end, shift <= 63 { throw malformed("\(field) is cut off inside a number", at: start) }
    throw malformed("\(field) has a number longer than 64 bits", at: start)
  }

  private mutating func fixed(bytes count: Int, field: String) throws -> UInt64 {
    guard end - position >= count else {
      throw malformed("\(field) needs \(count) bytes, only \(end - position) are left", at: position)
    }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(file[position + index]) << UInt64(8 * index) }
    position += count
    return value
  }

  func malformed(_ message: String, at offset: Int) -> TokenizerError {
    TokenizerError(.malformed, message, offset: offset, field: path)
  }
}

extension ProtobufReader {
  /// The typed readings below name the field and both wire types when the file holds another one.
  func bytes(_ field: Field, _ name: String) throws -> Range<Int> {
    guard case .bytes(let range) = field.value else { throw wrongType(field, name, expected: "bytes") }
    return range
  }

  func string(_ field: Field, _ name: String) throws -> String {
    let range = try bytes(field, name)
    guard let text = String(validating: file[range], as: UTF8.self) else {
      throw malformed("\(name) is not UTF-8", at: range.lowerBound)
    }
    meter?.allocated(range.count)
    return text
  }

  func float(_ field: Field, _ name: String) throws -> Float {
    guard case .fixed32(let bits) = field.value else { throw wrongType(field, name, expected: "a 32-bit float") }
    let value = Float(bitPattern: bits)
    guard value.isFinite else { throw malformed("\(name) is \(value); a finite number expected", at: field.offset) }
    return value
  }

  func integer(_ field: Field, _ name: String) throws -> Int32 {
    guard case .varint(let raw) = field.value else { throw wrongType(field, name, expected: "an integer") }
    // int32 is sent sign-extended to 64 bits.
    guard let value = Int32(exactly: Int64(bitPattern: raw)) else {
      throw malformed("\(name) is \(Int64(bitPattern: raw)), which does not fit 32 bits", at: field.offset)
    }
    return value
  }

  func boolean(_ field: Field, _ name: String) throws -> Bool {
    guard case .varint(let raw) = field.value else { throw wrongType(field, name, expected: "a boolean") }
    guard raw <= 1 else { throw malformed("\(name) is \(raw); 0 or 1 expected", at: field.offset) }
    return raw == 1
  }

  private func wrongType(_ field: Field, _ name: String, expected: String) -> TokenizerError {
    let found =
      switch field.value {
      case .varint: "an integer"
      case .fixed64: "a 64-bit value"
      case .fixed32: "a 32-bit value"
      case .bytes: "bytes"
      }
    return malformed("\(name) holds \(found); \(expected) expected", at: field.offset)
  }
}
