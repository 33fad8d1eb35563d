/// A value as templates see it: Python's, as far as templates use them.
public indirect enum TemplateValue: Sendable {
  case undefined(name: String)
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case list([TemplateValue])
  /// A tuple: prints in parentheses, otherwise a list.
  case tuple([TemplateValue])
  case dictionary(TemplateDictionary)
  case namespace(TemplateNamespace)
  case function(TemplateFunction)
  case loop(LoopState)
}

/// A mapping that keeps its order, as Python's. Keys are compared by code points, never by canonical equivalence.
public struct TemplateDictionary: Sendable {
  public private(set) var entries: [(key: TemplateValue, value: TemplateValue)] = []
  private var places: [Key: Int] = [:]

  /// What makes two keys one: `1`, `1.0` and `True` are, as in Python.
  private enum Key: Hashable {
    case none
    case number(Double)
    case text([UInt8])
    case tuple([Key])

    init?(_ value: TemplateValue) {
      switch value {
      case .none: self = .none
      case .bool(let value): self = .number(value ? 1 : 0)
      case .int(let value): self = .number(Double(value))
      case .float(let value): self = .number(value)
      case .string(let text): self = .text(Array(text.utf8))
      case .tuple(let elements):
        var keys: [Key] = []
        for element in elements {
          guard let key = Key(element) else { return nil }
          keys.append(key)
        }
        self = .tuple(keys)
      default: return nil
      }
    }
  }

  public init() {}

  public init(_ members: KeyValuePairs<String, TemplateValue>) {
    for (key, value) in members { self[key] = value }
  }

  /// - Throws: `.type` for a key that Python could not hash.
  public mutating func set(_ key: TemplateValue, _ value: TemplateValue) throws(TemplateError) {
    guard let place = Key(key) else {
      throw TemplateError(.type, line: 0, "unhashable type: '\(key.typeName)' as a key")
    }
    if let index = places[place] {
      entries[index].value = value
    } else {
      places[place] = entries.count
      entries.append((key, value))
    }
  }

  public func get(_ key: TemplateValue) -> TemplateValue? {
    Key(key).flatMap { places[$0] }.map { entries[$0].value }
  }

  public subscript(key: String) -> TemplateValue? {
    get { get(.string(key)) }
    set {
      if let newValue { try? set(.string(key), newValue) }
    }
  }

  public var count: Int { entries.count }
}

/// `namespace()`: the one thing that an inner scope may change.
///
/// `@unchecked Sendable` is true because a namespace lives in one rendering, on one thread.
public final class TemplateNamespace: @unchecked Sendable {
  var members: TemplateDictionary
  init(_ members: TemplateDictionary) { self.members = members }
}

/// Something that a template may call.
public struct TemplateFunction: Sendable {
  public struct Arguments {
    public var positional: [TemplateValue]
    public var named: [(name: String, value: TemplateValue)]
    public init(_ positional: [TemplateValue] = [], named: [(name: String, value: TemplateValue)] = []) {
      self.positional = positional
      self.named = named
    }
  }
  public let name: String
  let body: @Sendable (inout Rendering, Arguments) throws(TemplateError) -> TemplateValue

  init(
    _ name: String, _ body: @escaping @Sendable (inout Rendering, Arguments) throws(TemplateError) -> TemplateValue
  ) {
    self.name = name
    self.body = body
  }

  /// A function of the host's own.
  public static func named(
    _ name: String, _ body: @escaping @Sendable (Arguments) throws(TemplateError) -> TemplateValue
  ) -> TemplateFunction {
    TemplateFunction(name) { (_, arguments) throws(TemplateError) in try body(arguments) }
  }
}

/// What `loop` knows of the loop around it.
public struct LoopState: Sendable {
  let index: Int
  let count: Int
  let previous: TemplateValue
  let next: TemplateValue
}

extension TemplateValue {
  /// Python's name for its type.
  var typeName: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "NoneType"
    case .bool: "bool"
    case .int: "int"
    case .float: "float"
    case .string: "str"
    case .list: "list"
    case .tuple: "tuple"
    case .dictionary: "dict"
    case .namespace: "Namespace"
    case .function: "function"
    case .loop: "LoopContext"
    }
  }
}
