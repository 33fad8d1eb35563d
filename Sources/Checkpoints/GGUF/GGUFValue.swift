/// The types a GGUF metadata value can have, numbered as in the file.
/// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
public enum GGUFValueType: UInt32, Sendable, CaseIterable {
  case uint8 = 0
  case int8 = 1
  case uint16 = 2
  case int16 = 3
  case uint32 = 4
  case int32 = 5
  case float32 = 6
  case bool = 7
  case string = 8
  case array = 9
  case uint64 = 10
  case int64 = 11
  case float64 = 12

  /// Bytes of a value; nil for strings and arrays, which say their own length.
  public var byteCount: Int? {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    case .string, .array: nil
    }
  }
}

/// A metadata value of a GGUF file.
public enum GGUFValue: Sendable, Hashable {
  /// `uint8` to `uint64`.
  case unsigned(UInt64, GGUFValueType)
  /// `int8` to `int64`.
  case signed(Int64, GGUFValueType)
  case float32(Float)
  case float64(Double)
  case bool(Bool)
  /// Valid UTF-8; anything else is refused when the file is opened.
  case string(String)
  case array(GGUFArray)

  public var type: GGUFValueType {
    switch self {
    case .unsigned(_, let type), .signed(_, let type): type
    case .float32: .float32
    case .float64: .float64
    case .bool: .bool
    case .string: .string
    case .array: .array
    }
  }

  /// What the value is, for messages and `inspect`.
  public var summary: String {
    switch self {
    case .unsigned(let value, _): "\(value)"
    case .signed(let value, _): "\(value)"
    case .float32(let value): "\(value)"
    case .float64(let value): "\(value)"
    case .bool(let value): value ? "true" : "false"
    case .string(let text): "\"\(quotable(text))\""
    case .array(let array): "array of \(array.count) \(array.elementType)"
    }
  }

  var integer: Int? {
    switch self {
    case .unsigned(let value, _): Int(exactly: value)
    case .signed(let value, _): Int(exactly: value)
    default: nil
    }
  }
}

/// An array as it stands in the file: memory for it is in proportion to its bytes there.
public enum GGUFArray: Sendable, Hashable {
  /// Elements of a type with a fixed size, little-endian, one after the other.
  case scalars(GGUFValueType, [UInt8])
  /// Strings as bytes: a vocabulary's pieces need not be valid UTF-8, and must not be compared as characters, under
  /// which "é" equals "e" with an accent behind it.
  case strings(ByteStrings)
  case arrays([GGUFArray])

  public var elementType: GGUFValueType {
    switch self {
    case .scalars(let type, _): type
    case .strings: .string
    case .arrays: .array
    }
  }

  public var count: Int {
    switch self {
    case .scalars(let type, let bytes): bytes.count / (type.byteCount ?? 1)
    case .strings(let strings): strings.count
    case .arrays(let arrays): arrays.count
    }
  }

  /// The elements of an array of integers; nil for other arrays and for a `uint64` beyond `Int`.
  public var integers: [Int]? {
    guard case .scalars(let type, let bytes) = self else { return nil }
    switch type {
    case .uint8: return elements(UInt8.self, bytes)
    case .int8: return elements(Int8.self, bytes)
    case .uint16: return elements(UInt16.self, bytes)
    case .int16: return elements(Int16.self, bytes)
    case .uint32: return elements(UInt32.self, bytes)
    case .int32: return elements(Int32.self, bytes)
    case .uint64: return elements(UInt64.self, bytes)
    case .int64: return elements(Int64.self, bytes)
    case .float32, .float64, .bool, .string, .array: return nil
    }
  }

  /// The elements of an array of `float32`; nil for other arrays.
  public var floats: [Float]? {
    guard case .scalars(.float32, let bytes) = self else { return nil }
    return bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map { index in
        Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
      }
    }
  }

  private func elements<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type, _ bytes: [UInt8]) -> [Int]? {
    let size = MemoryLayout<Value>.size
    var result: [Int] = []
    result.reserveCapacity(bytes.count / size)
    for index in 0..<bytes.count / size {
      let stored = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: index * size, as: Value.self) }
      guard let value = Int(exactly: Value(littleEndian: stored)) else { return nil }
      result.append(value)
    }
    return result
  }
}

/// Many strings of bytes in one block of memory.
public struct ByteStrings: Sendable, Hashable, RandomAccessCollection {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []

  public init() {}

  public var startIndex: Int { 0 }
  public var endIndex: Int { ends.count }
  /// Bytes of all strings together.
  public var byteCount: Int { bytes.count }

  public subscript(index: Int) -> ArraySlice<UInt8> { bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]] }

  public mutating func append(_ string: some Sequence<UInt8>) {
    bytes.append(contentsOf: string)
    ends.append(bytes.count)
  }
}
