import HTTPTypes
import Templates

/// The members of a JSON object, read with their types: every refusal names the field, what was found and what is
/// expected. Fields that nobody asked for are left alone, as clients send many.
struct RequestFields {
  let object: TemplateDictionary

  /// - Throws: `APIError` for a body that is no JSON object.
  init(json: [UInt8]) throws(APIError) {
    let value: TemplateValue
    do {
      value = try TemplateValue(json: json)
    } catch {
      throw APIError(.badRequest, "invalid_json", "the body is no JSON: \(error)")
    }
    guard case .dictionary(let object) = value else {
      throw APIError(.badRequest, "invalid_json", "the body is \(Self.name(value)), expected a JSON object")
    }
    self.object = object
  }

  /// Nil for a field that is absent or null.
  func value(_ field: String) -> TemplateValue? {
    switch object[field] {
    case nil, TemplateValue.none?: nil
    case let value?: value
    }
  }

  func number(_ field: String, in range: ClosedRange<Double>) throws(APIError) -> Double? {
    let number: Double
    switch value(field) {
    case nil: return nil
    case .int(let value)?: number = Double(value)
    case .float(let value)?: number = value
    case let other?: throw .invalid(field, found: Self.name(other), expected: Self.text(range))
    }
    guard range.contains(number) else { throw .invalid(field, found: "\(number)", expected: Self.text(range)) }
    return number
  }

  func integer(_ field: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
    let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    switch value(field) {
    case nil: return nil
    case .int(let value)?:
      guard range.contains(value) else { throw .invalid(field, found: "\(value)", expected: expected) }
      return value
    case let other?: throw .invalid(field, found: Self.name(other), expected: expected)
    }
  }

  func boolean(_ field: String) throws(APIError) -> Bool? {
    switch value(field) {
    case nil: return nil
    case .bool(let value)?: return value
    case let other?: throw .invalid(field, found: Self.name(other), expected: "true or false")
    }
  }

  func text(_ field: String) throws(APIError) -> String? {
    switch value(field) {
    case nil: return nil
    case .string(let text)?: return text
    case let other?: throw .invalid(field, found: Self.name(other), expected: "text")
    }
  }

  /// One text, or a list of them.
  func texts(_ field: String, atMost limit: Int) throws(APIError) -> [String] {
    let expected = "a text, or a list of at most \(limit) texts"
    switch value(field) {
    case nil: return []
    case .string(let text)?: return [text]
    case .list(let elements)?:
      var texts: [String] = []
      for element in elements {
        guard case .string(let text) = element else {
          throw .invalid(field, found: Self.name(element), expected: expected)
        }
        texts.append(text)
      }
      guard texts.count <= limit else { throw .invalid(field, found: "\(texts.count) texts", expected: expected) }
      return texts
    case let other?: throw .invalid(field, found: Self.name(other), expected: expected)
    }
  }

  private static func text(_ range: ClosedRange<Double>) -> String {
    "a number from \(range.lowerBound) to \(range.upperBound)"
  }

  /// What a value is, in a message.
  static func name(_ value: TemplateValue) -> String {
    switch value {
    case .none, .undefined: "null"
    case .bool(let value): value ? "true" : "false"
    case .int(let value): "\(value)"
    case .float(let value): "\(value)"
    case .string: "a text"
    case .list, .tuple: "a list"
    default: "an object"
    }
  }
}
