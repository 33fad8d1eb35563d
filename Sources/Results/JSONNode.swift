internal import Foundation

/// A JSON value that keeps its members in order, so that the same thing is always written as the same bytes.
public indirect enum JSONNode: Sendable, Equatable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case unsigned(UInt64)
  case number(Double)
  case string(String)
  case array([JSONNode])
  case object([Member])

  public struct Member: Sendable, Equatable {
    public let key: String
    public var value: JSONNode
    public init(_ key: String, _ value: JSONNode) {
      self.key = key
      self.value = value
    }
  }

  /// The member named `key` of an object; nil for everything else.
  public subscript(key: String) -> JSONNode? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// An object with the members of both; `other` wins, objects in both are merged in turn.
  public func merged(with other: JSONNode) -> JSONNode {
    guard case .object(var members) = self, case .object(let added) = other else { return other }
    for member in added {
      if let index = members.firstIndex(where: { $0.key == member.key }) {
        members[index].value = members[index].value.merged(with: member.value)
      } else {
        members.append(member)
      }
    }
    return .object(members)
  }

}

extension JSONNode: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral {
  public init(dictionaryLiteral elements: (String, JSONNode)...) { self = .object(elements.map { Member($0, $1) }) }
  public init(arrayLiteral elements: JSONNode...) { self = .array(elements) }
  public init(stringLiteral value: String) { self = .string(value) }
}

extension JSONNode {
  /// Nil for text that is no JSON. Members come in the order of their keys.
  public init?(parsing text: String) {
    guard let parsed = try? JSONDecoder().decode(ParsedNode.self, from: Data(text.utf8)) else { return nil }
    self = parsed.node
  }

  /// On one line, or indented by two spaces a level.
  public func text(indented: Bool = false) -> String {
    var text = ""
    write(to: &text, newline: indented ? "\n" : nil)
    return text
  }

  private func write(to text: inout String, newline: String?) {
    switch self {
    case .null: text += "null"
    case .boolean(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .unsigned(let value): text += String(value)
    // JSON has no NaN: what is not a number is not there.
    case .number(let value): text += value.isFinite ? value.description : "null"
    case .string(let value): text += Self.quoted(value)
    case .array(let elements):
      // Lists of numbers stay on a line.
      let inner = elements.allSatisfy(\.isScalar) ? nil : newline.map { $0 + "  " }
      text += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { text += inner == nil ? ", " : "," }
        text += inner ?? ""
        element.write(to: &text, newline: inner)
      }
      text += (elements.isEmpty || inner == nil ? "" : newline ?? "") + "]"
    case .object(let members):
      let inner = newline.map { $0 + "  " }
      text += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { text += inner == nil ? ", " : "," }
        text += (inner ?? "") + Self.quoted(member.key) + ": "
        member.value.write(to: &text, newline: inner)
      }
      text += (members.isEmpty ? "" : newline ?? "") + "}"
    }
  }

  private var isScalar: Bool {
    switch self {
    case .array, .object: false
    default: true
    }
  }

  private static func quoted(_ value: String) -> String {
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 32 || scalar.value == 127:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}

/// What Foundation's parser hands over, in the order: most special first.
private struct ParsedNode: Decodable {
  let node: JSONNode

  init(from decoder: any Decoder) throws {
    if let object = try? decoder.container(keyedBy: Key.self) {
      node = .object(
        try object.allKeys.sorted { $0.stringValue < $1.stringValue }.map {
          JSONNode.Member($0.stringValue, try object.decode(ParsedNode.self, forKey: $0).node)
        })
      return
    }
    if var array = try? decoder.unkeyedContainer() {
      var elements: [JSONNode] = []
      while !array.isAtEnd { elements.append(try array.decode(ParsedNode.self).node) }
      node = .array(elements)
      return
    }
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      node = .null
    } else if let boolean = try? value.decode(Bool.self) {
      node = .boolean(boolean)
    } else if let integer = try? value.decode(Int64.self) {
      node = .integer(integer)
    } else if let unsigned = try? value.decode(UInt64.self) {
      node = .unsigned(unsigned)
    } else if let number = try? value.decode(Double.self) {
      node = .number(number)
    } else {
      node = .string(try value.decode(String.self))
    }
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
