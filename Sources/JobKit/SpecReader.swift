/// Reads a mapping of a job file key by key: types, bounds, defaults; refuses what nobody asked for; and records every
/// value, defaults included, for the resolved job file.
///
///     let (recipe, resolved) = try SpecReader.read(specification) { reader in
///       let header = try reader.header(of: "cpt")
///       let seed = try reader.value("seed", .integer(from: 0), default: 1)
///       let rate = try reader.required("learning_rate", .number(above: 0), example: "1.0e-3")
///       ...
///     }
///
/// A key counts as known once it was asked for, present or not; whatever else stands in the mapping when `body` returns
/// is refused, with the nearest known key. Keys that other trainers use are refused at once, with ours. Everything
/// thrown is a `SpecError`.
public final class SpecReader {
  public let mapping: SpecMapping
  let foreignKeys: [String: String]
  private(set) var knownKeys: [String] = []
  private var recorded = ResolvedSpec()

  init(_ mapping: SpecMapping, foreignKeys: [String: String]) throws {
    self.mapping = mapping
    self.foreignKeys = foreignKeys
    for entry in mapping.entries {
      guard let sentence = foreignKeys[entry.key] else { continue }
      throw SpecError(
        position: entry.keyPosition, path: path(of: entry.key), problem: "this key is not one of Admix's",
        remedy: sentence)
    }
  }

  /// Runs `body` over `mapping`, refuses keys it did not ask for, and returns its result with the resolved values.
  public static func read<Result>(
    _ mapping: SpecMapping, foreignKeys: [String: String] = foreignTrainingKeys,
    _ body: (SpecReader) throws -> Result
  ) throws -> (value: Result, resolved: ResolvedSpec) {
    let reader = try SpecReader(mapping, foreignKeys: foreignKeys)
    let value = try body(reader)
    try reader.refuseUnknownKeys()
    return (value, reader.recorded)
  }

  /// The value of `key`; a missing one is an error that shows `example` (or the kind's own).
  public func required<Value>(_ key: String, _ kind: SpecKind<Value>, example: String? = nil) throws -> Value {
    guard let value = try optional(key, kind, example: example) else {
      throw missing(key, example: example ?? kind.example)
    }
    return value
  }

  /// The value of `key`, or `fallback`, which is then written into the resolved job file.
  public func value<Value>(
    _ key: String, _ kind: SpecKind<Value>, default fallback: Value, example: String? = nil
  ) throws -> Value {
    if let value = try optional(key, kind, example: example) { return value }
    record(key, kind.resolve(fallback))
    return fallback
  }

  /// The value of `key`, or nil when it is not there.
  public func optional<Value>(_ key: String, _ kind: SpecKind<Value>, example: String? = nil) throws -> Value? {
    guard let written = find(key) else { return nil }
    let value = try parse(written, kind, key: key, example: example ?? kind.example)
    record(key, kind.resolve(value))
    return value
  }

  /// Whether `key` is there. It counts as known from now on.
  public func has(_ key: String) -> Bool { find(key) != nil }

  /// Writes `value` for `key` into the resolved job file, in place of what was recorded for it.
  public func record(_ key: String, _ value: ResolvedValue) { recorded.set(key, value) }

  /// Leaves `key` out of the resolved job file (`tokens`, once it has become `steps`).
  public func forget(_ key: String) { recorded.remove(key) }

  /// An error at `key`, or at the mapping when the key is not there, for checks across keys. Throw it.
  public func refusal(_ key: String, _ problem: String, remedy: String) -> SpecError {
    SpecError(
      position: mapping.keyPosition(of: key) ?? mapping.position, path: path(of: key), problem: problem, remedy: remedy)
  }

  /// `recipe.learning_rate` for `learning_rate` inside `recipe`.
  public func path(of key: String) -> String { mapping.path.isEmpty ? key : "\(mapping.path).\(key)" }

  // MARK: what the extensions build on

  func find(_ key: String) -> SpecValue? {
    if !knownKeys.contains(key) { knownKeys.append(key) }
    return mapping[key]
  }

  func parse<Value>(_ written: SpecValue, _ kind: SpecKind<Value>, key: String, example: String) throws -> Value {
    guard case .scalar(let scalar) = written else {
      throw written.mismatch(expected: kind.expectation, key: key, example: example)
    }
    guard let value = kind.parse(scalar) else {
      throw written.mismatch(
        expected: kind.expectation, key: key, example: example,
        hint: scalar.isQuoted && kind.parse(scalar.unquoted) != nil ? "Leave out the quotes" : nil)
    }
    return value
  }

  /// A missing key; but when a key that was not asked for looks like it, that one is the mistake.
  func missing(_ key: String, example: String) -> SpecError {
    for entry in mapping.entries where !knownKeys.contains(entry.key) {
      if nearest(to: entry.key, among: [key]) != nil { return unknown(entry.key, at: entry.keyPosition) }
    }
    return SpecError(
      position: mapping.position, path: path(of: key), problem: "this key is missing",
      remedy: "Write for example `\(key): \(example)`")
  }

  private func refuseUnknownKeys() throws {
    for entry in mapping.entries where !knownKeys.contains(entry.key) {
      throw unknown(entry.key, at: entry.keyPosition)
    }
  }

  private func unknown(_ key: String, at position: SpecPosition) -> SpecError {
    let remedy =
      if let near = nearest(to: key, among: knownKeys) { "Did you mean `\(near)`?" } else {
        "Known here: \(knownKeys.joined(separator: ", "))"
      }
    return SpecError(position: position, path: path(of: key), problem: "unknown key", remedy: remedy)
  }
}
