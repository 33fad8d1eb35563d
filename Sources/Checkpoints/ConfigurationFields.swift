/// Typed reading of the fields of a JSON object, with errors that name file and field.
struct ConfigurationFields {
  let file: String
  /// What stands before a field's name in messages, such as "rope_scaling.".
  let prefix: String
  let members: [JSONValue.Member]

  /// - Throws: `CheckpointError` when `value` is no object.
  init(_ value: JSONValue, file: String, prefix: String = "") throws {
    self.file = file
    self.prefix = prefix
    guard case .object(let members) = value else {
      throw CheckpointError(
        .wrongType, file: file, field: prefix.isEmpty ? nil : String(prefix.dropLast()), found: value.kind,
        expected: "an object")
    }
    self.members = members
  }

  func failure(
    _ code: CheckpointError.Code, _ field: String, _ found: String, _ expected: String, _ wayOut: String? = nil
  ) -> CheckpointError {
    CheckpointError(code, file: file, field: prefix + field, found: found, expected: expected, wayOut: wayOut)
  }

  /// The field's value; absent and null are the same, as for transformers.
  func value(_ field: String) -> JSONValue? {
    let value = members.first { $0.key == field }?.value
    return value == .null ? nil : value
  }

  func required<Value>(_ field: String, _ expected: String, _ value: Value?) throws -> Value {
    guard let value else { throw failure(.missingField, field, "nothing", expected) }
    return value
  }

  func optionalInteger(_ field: String, in range: ClosedRange<Int>) throws -> Int? {
    try value(field).map { try integer($0, field, in: range) }
  }

  func integer(_ field: String, in range: ClosedRange<Int>) throws -> Int {
    try required(field, "an integer from \(range.lowerBound) to \(range.upperBound)", optionalInteger(field, in: range))
  }

  func integer(_ value: JSONValue, _ field: String, in range: ClosedRange<Int>) throws -> Int {
    let expected = "an integer from \(range.lowerBound) to \(range.upperBound)"
    guard case .number(let literal) = value, !literal.utf8.contains(where: { ".eE".utf8.contains($0) }) else {
      throw failure(.wrongType, field, value.kind, expected)
    }
    guard let integer = Int(literal), range.contains(integer) else {
      throw failure(.outOfRange, field, literal, expected)
    }
    return integer
  }

  func optionalNumber(_ field: String, in range: ClosedRange<Double>) throws -> Double? {
    guard let value = value(field) else { return nil }
    let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
    guard case .number(let literal) = value, let number = Double(literal) else {
      throw failure(.wrongType, field, value.kind, expected)
    }
    guard range.contains(number) else { throw failure(.outOfRange, field, literal, expected) }
    return number
  }

  func number(_ field: String, in range: ClosedRange<Double>) throws -> Double {
    try required(field, "a number from \(range.lowerBound) to \(range.upperBound)", optionalNumber(field, in: range))
  }

  func optionalBool(_ field: String) throws -> Bool? {
    guard let value = value(field) else { return nil }
    guard case .bool(let bool) = value else { throw failure(.wrongType, field, value.kind, "true or false") }
    return bool
  }

  func optionalString(_ field: String) throws -> String? {
    guard let value = value(field) else { return nil }
    guard case .string(let text) = value else { throw failure(.wrongType, field, value.kind, "a string") }
    return text
  }

  func string(_ field: String) throws -> String { try required(field, "a string", optionalString(field)) }

  func optionalObject(_ field: String) throws -> ConfigurationFields? {
    try value(field).map { try ConfigurationFields($0, file: file, prefix: prefix + field + ".") }
  }

  /// A list, or one value in place of a list of one.
  func list(_ field: String) -> [JSONValue] {
    switch value(field) {
    case .array(let values)?: values
    case let value?: [value]
    case nil: []
    }
  }

  func refuseUnknown(besides known: [String]) throws {
    guard let unknown = members.first(where: { !known.contains($0.key) && $0.value != .null }) else { return }
    throw failure(.unknownField, unknown.key, unknown.value.kind, "only \(known.joined(separator: ", "))")
  }
}
