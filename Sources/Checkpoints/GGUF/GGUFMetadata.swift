/// The key and value pairs of a GGUF file, in the file's order, with typed reading whose errors name key and offset.
public struct GGUFMetadata: Sendable {
  public struct Entry: Sendable, Hashable {
    public let key: String
    public let value: GGUFValue
    /// Where the pair begins in the file.
    public let byteOffset: Int
  }

  public let file: String
  public private(set) var entries: [Entry] = []
  private var indices: [String: Int] = [:]

  init(file: String) { self.file = file }

  /// Returns false, and leaves the first, when the key is there already.
  mutating func append(_ entry: Entry) -> Bool {
    guard indices.updateValue(entries.count, forKey: entry.key) == nil else { return false }
    entries.append(entry)
    return true
  }

  public subscript(key: String) -> GGUFValue? { indices[key].map { entries[$0].value } }

  public func string(_ key: String) throws -> String? {
    guard let entry = entry(key) else { return nil }
    guard case .string(let text) = entry.value else { throw wrongType(entry, "a string") }
    return text
  }

  public func bool(_ key: String) throws -> Bool? {
    guard let entry = entry(key) else { return nil }
    guard case .bool(let bool) = entry.value else { throw wrongType(entry, "a bool") }
    return bool
  }

  /// An integer of whichever width.
  public func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
    guard let entry = entry(key) else { return nil }
    let expected = "an integer from \(range.lowerBound) to \(range.upperBound)"
    switch entry.value {
    case .unsigned, .signed: break
    default: throw wrongType(entry, expected)
    }
    guard let integer = entry.value.integer, range.contains(integer) else {
      throw failure(.outOfRange, key, entry.value.summary, expected)
    }
    return integer
  }

  /// A `float32` or `float64`. The shortest decimal of a `float32` becomes the Double: 1e-5 stays 1e-5.
  public func number(_ key: String, in range: ClosedRange<Double>) throws -> Double? {
    guard let entry = entry(key) else { return nil }
    let number: Double
    switch entry.value {
    case .float32(let value): number = Double(value.description) ?? Double(value)
    case .float64(let value): number = value
    default: throw wrongType(entry, "a float32 or float64")
    }
    guard range.contains(number) else {
      throw failure(
        .outOfRange, key, entry.value.summary, "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  public func strings(_ key: String) throws -> ByteStrings? {
    guard let entry = entry(key) else { return nil }
    switch entry.value {
    case .array(.strings(let strings)): return strings
    default: throw wrongType(entry, "an array of strings")
    }
  }

  public func integers(_ key: String) throws -> [Int]? {
    guard let entry = entry(key) else { return nil }
    guard case .array(let array) = entry.value, let integers = array.integers else {
      throw wrongType(entry, "an array of integers")
    }
    return integers
  }

  public func floats(_ key: String) throws -> [Float]? {
    guard let entry = entry(key) else { return nil }
    guard case .array(let array) = entry.value, let floats = array.floats else {
      throw wrongType(entry, "an array of float32")
    }
    return floats
  }

  /// An error about the pair named `key`, or about its absence.
  func failure(
    _ code: CheckpointError.Code, _ key: String, _ found: String, _ expected: String, _ wayOut: String? = nil
  ) -> CheckpointError {
    let place = entry(key).map { "\(key) at byte \($0.byteOffset)" } ?? key
    return CheckpointError(code, file: file, field: place, found: found, expected: expected, wayOut: wayOut)
  }

  private func entry(_ key: String) -> Entry? { indices[key].map { entries[$0] } }

  private func wrongType(_ entry: Entry, _ expected: String) -> CheckpointError {
    failure(.wrongType, entry.key, "\(entry.value.type) \(entry.value.summary)", expected)
  }
}
