// Lists, mappings and the keys that every job file has.

extension SpecReader {
  /// What a mapping under `key` holds; a missing one is an error. `example` is its inside: `steps: 60, …`.
  public func mapping<Result>(
    _ key: String, example: String, _ body: (SpecReader) throws -> Result
  ) throws -> Result {
    guard let written = find(key) else { throw missing(key, example: "{\(example)}") }
    return try nested(written, key: key, example: example, body)
  }

  /// What a mapping under `key` holds; a missing one is read as an empty one, so that its defaults are filled in.
  public func mappingOrEmpty<Result>(
    _ key: String, example: String, _ body: (SpecReader) throws -> Result
  ) throws -> Result {
    let empty = SpecValue.mapping(SpecMapping(entries: [], path: path(of: key), position: mapping.position))
    return try nested(find(key) ?? empty, key: key, example: example, body)
  }

  /// What a mapping under `key` holds, or nil when it is not there.
  public func mappingIfPresent<Result>(
    _ key: String, example: String, _ body: (SpecReader) throws -> Result
  ) throws -> Result? {
    guard let written = find(key) else { return nil }
    return try nested(written, key: key, example: example, body)
  }

  /// A list of mappings under `key`, each read by `body`. A missing list is an error unless `count` begins at 0.
  public func mappings<Result>(
    _ key: String, count: ClosedRange<Int>, example: String, _ body: (SpecReader) throws -> Result
  ) throws -> [Result] {
    guard let written = find(key) else {
      if count.lowerBound == 0 { return [] }
      throw missing(key, example: "[{\(example)}]")
    }
    let expected = "a list of \(counted(count, "mapping"))"
    guard case .sequence(let elements, _, _) = written, count.contains(elements.count) else {
      throw written.mismatch(expected: expected, key: key, example: "[{\(example)}]")
    }
    var results: [Result] = []
    var resolved: [ResolvedValue] = []
    for element in elements {
      guard case .mapping(let inner) = element else {
        throw element.mismatch(expected: "a mapping", key: nil, example: "{\(example)}")
      }
      let (value, values) = try SpecReader.read(inner, foreignKeys: foreignKeys, body)
      results.append(value)
      resolved.append(.mapping(values))
    }
    record(key, .sequence(resolved))
    return results
  }

  /// A list of scalars under `key`; one scalar alone is a list of one. Nil when it is not there.
  public func list<Value>(
    _ key: String, of kind: SpecKind<Value>, count: ClosedRange<Int>, example: String? = nil
  ) throws -> [Value]? {
    guard let written = find(key) else { return nil }
    let elements: [SpecValue]
    switch written {
    case .sequence(let all, _, _): elements = all
    case .scalar(let scalar) where count.contains(1) && !scalar.isNothing: elements = [written]
    default: elements = []
    }
    guard count.contains(elements.count), !elements.isEmpty || count.lowerBound == 0 else {
      throw written.mismatch(
        expected: "a list of \(counted(count, "value")), each \(kind.expectation)", key: key,
        example: example ?? exampleList(kind, count))
    }
    let values = try elements.map { element in
      guard case .scalar(let scalar) = element, let value = kind.parse(scalar) else {
        throw element.mismatch(expected: kind.expectation, key: nil, example: kind.example)
      }
      return value
    }
    record(key, .sequence(values.map(kind.resolve)))
    return values
  }

  /// A list of scalars under `key`, which must be there.
  public func requiredList<Value>(
    _ key: String, of kind: SpecKind<Value>, count: ClosedRange<Int>, example: String? = nil
  ) throws -> [Value] {
    guard let values = try list(key, of: kind, count: count, example: example) else {
      throw missing(key, example: example ?? exampleList(kind, count))
    }
    return values
  }

  /// A list of scalars under `key`, or `fallback`.
  public func list<Value>(
    _ key: String, of kind: SpecKind<Value>, count: ClosedRange<Int>, default fallback: [Value], example: String? = nil
  ) throws -> [Value] {
    if let values = try list(key, of: kind, count: count, example: example) { return values }
    record(key, .sequence(fallback.map(kind.resolve)))
    return fallback
  }

  /// A mapping under `key` from the user's own names to scalars (`shares: {zh: 0.3, en: 0.7}`), as it is written. Nil
  /// when it is not there.
  public func dictionary<Value>(
    _ key: String, of kind: SpecKind<Value>, example: String
  ) throws -> [(key: String, position: SpecPosition, value: Value)]? {
    guard let written = find(key) else { return nil }
    guard case .mapping(let inner) = written, !inner.entries.isEmpty else {
      throw written.mismatch(expected: "a mapping of names to values", key: key, example: "{\(example)}")
    }
    var resolved = ResolvedSpec()
    let values = try inner.entries.map { entry in
      let value = try parse(entry.value, kind, key: entry.key, example: kind.example)
      resolved.set(entry.key, kind.resolve(value))
      return (key: entry.key, position: entry.keyPosition, value: value)
    }
    record(key, .mapping(resolved))
    return values
  }

  private func nested<Result>(
    _ written: SpecValue, key: String, example: String, _ body: (SpecReader) throws -> Result
  ) throws -> Result {
    guard case .mapping(let inner) = written else {
      throw written.mismatch(expected: "a mapping", key: key, example: "{\(example)}")
    }
    let (value, values) = try SpecReader.read(inner, foreignKeys: foreignKeys, body)
    record(key, .mapping(values))
    return value
  }
}

/// The keys that every job file has.
public struct JobHeader: Sendable {
  public let job: String
  public let name: String
  /// Where `run` and `fetch` put the results, as written or `out/NAME`.
  public let output: String
}

extension SpecReader {
  /// Reads `job`, `name` and `output`. Call it first; it also makes them the head of the resolved job file.
  public func header(of jobType: String) throws -> JobHeader {
    let job = try required("job", .word, example: jobType)
    precondition(job == jobType, "the job type \(jobType) was handed a job of type \(job)")
    let name = try value("name", .name, default: jobType)
    return JobHeader(job: job, name: name, output: try value("output", .text, default: "out/\(name)"))
  }
}

private func exampleList<Value>(_ kind: SpecKind<Value>, _ count: ClosedRange<Int>) -> String {
  "[\(Array(repeating: kind.example, count: max(1, count.lowerBound)).joined(separator: ", "))]"
}

private func counted(_ range: ClosedRange<Int>, _ noun: String) -> String {
  if range.lowerBound == range.upperBound { return "\(range.lowerBound) \(noun)\(range.lowerBound == 1 ? "" : "s")" }
  return range.upperBound == .max ? "at least \(range.lowerBound) \(noun)\(range.lowerBound == 1 ? "" : "s")"
    : "\(range.lowerBound) to \(range.upperBound) \(noun)s"
}
