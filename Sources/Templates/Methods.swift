/// Methods of strings and mappings. Those that change a value in place are refused, as in Jinja's immutable sandbox.
enum Methods {
  private static let changing: Set<String> = [
    "append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse", "update", "setdefault", "popitem", "add",
  ]

  static func method(_ name: String, of value: TemplateValue) -> TemplateFunction? {
    switch value {
    case .string(let text): return string(name, text)
    case .dictionary(let dictionary):
      if changing.contains(name) { return refused(name) }
      return mapping(name, dictionary)
    case .list(let elements), .tuple(let elements):
      if changing.contains(name) { return refused(name) }
      return list(name, elements)
    default: return nil
    }
  }

  private static func refused(_ name: String) -> TemplateFunction {
    TemplateFunction(name) { (_, _) throws(TemplateError) in
      throw TemplateError(.unsupported, line: 0, "`\(name)` would change a value; templates may not")
    }
  }

  private static func mapping(_ name: String, _ dictionary: TemplateDictionary) -> TemplateFunction? {
    switch name {
    case "items":
      return TemplateFunction(name) { (_, _) throws(TemplateError) in
        .list(dictionary.entries.map { .tuple([$0.key, $0.value]) })
      }
    case "keys": return TemplateFunction(name) { (_, _) throws(TemplateError) in .list(dictionary.entries.map(\.key)) }
    case "values":
      return TemplateFunction(name) { (_, _) throws(TemplateError) in .list(dictionary.entries.map(\.value)) }
    case "get":
      return TemplateFunction(name) { (_, arguments) throws(TemplateError) in
        let (key, fallback) = (arguments[0, "key"], arguments[1, "default"])
        guard let key else { throw TemplateError(.type, line: 0, "get expected at least 1 argument, got 0") }
        return dictionary.get(key) ?? fallback ?? .none
      }
    case "copy": return TemplateFunction(name) { (_, _) throws(TemplateError) in .dictionary(dictionary) }
    default: return nil
    }
  }

  private static func list(_ name: String, _ elements: [TemplateValue]) -> TemplateFunction? {
    switch name {
    case "count":
      return TemplateFunction(name) { (_, arguments) throws(TemplateError) in
        let wanted = arguments.positional.first ?? .none
        return .int(elements.count { Operators.isEqual($0, wanted) })
      }
    case "index":
      return TemplateFunction(name) { (_, arguments) throws(TemplateError) in
        let wanted = arguments.positional.first ?? .none
        guard let place = elements.firstIndex(where: { Operators.isEqual($0, wanted) }) else {
          throw TemplateError(.type, line: 0, "\(wanted.pythonRepresentation) is not in list")
        }
        return .int(place)
      }
    case "copy": return TemplateFunction(name) { (_, _) throws(TemplateError) in .list(elements) }
    default: return nil
    }
  }

  // MARK: Strings

  private typealias Body = @Sendable (String, TemplateFunction.Arguments) throws(TemplateError) -> TemplateValue

  private static func string(_ name: String, _ text: String) -> TemplateFunction? {
    guard let body = body(name) else { return nil }
    return TemplateFunction(name) { (rendering, arguments) throws(TemplateError) in
      let value = try body(text, arguments)
      if case .string(let result) = value { try rendering.checkSize(result.utf8.count, 0) }
      return value
    }
  }

  private static func body(_ name: String) -> Body? {
    switch name {
    case "strip", "lstrip", "rstrip":
      { (text, arguments) throws(TemplateError) in
        .string(
          text.pythonStripped(try arguments.optionalText(0), leading: name != "rstrip", trailing: name != "lstrip"))
      }
    case "upper": { (text, _) throws(TemplateError) in .string(text.uppercased()) }
    case "lower": { (text, _) throws(TemplateError) in .string(text.lowercased()) }
    case "title": { (text, _) throws(TemplateError) in .string(Casing.title(text)) }
    case "capitalize": { (text, _) throws(TemplateError) in .string(Casing.capitalized(text)) }
    case "startswith", "endswith":
      { (text, arguments) throws(TemplateError) in
        let bytes = Array(text.utf8)
        return .bool(
          try arguments.texts(0, name).contains {
            name == "startswith" ? bytes.starts(with: $0.utf8) : bytes.reversed().starts(with: $0.utf8.reversed())
          })
      }
    case "split", "rsplit":
      { (text, arguments) throws(TemplateError) in
        let separator = try arguments.optionalText(0, "sep")
        if separator?.utf8.isEmpty == true { throw TemplateError(.type, line: 0, "empty separator") }
        let limit = try arguments.integer(1, "maxsplit") ?? -1
        if name == "rsplit", limit >= 0 {
          guard let separator else {
            throw TemplateError(.unsupported, line: 0, "`rsplit` at whitespace with a limit is not there")
          }
          let parts = text.pythonSplit(separator)
          let kept = max(0, parts.count - limit)
          let head = kept > 0 ? [parts[..<kept].joined(separator: separator)] : []
          return .list((head + parts[kept...]).map { .string($0) })
        }
        return .list(text.pythonSplit(separator, limit: limit).map { .string($0) })
      }
    case "splitlines":
      { (text, _) throws(TemplateError) in
        var lines = text.pythonReplaced("\r\n", with: "\n").pythonReplaced("\r", with: "\n").pythonSplit("\n")
        if lines.last?.utf8.isEmpty == true { lines.removeLast() }
        return .list(lines.map { .string($0) })
      }
    case "replace":
      { (text, arguments) throws(TemplateError) in
        .string(
          text.pythonReplaced(
            try arguments.text(0, "old", name), with: try arguments.text(1, "new", name),
            count: try arguments.integer(2, "count") ?? -1))
      }
    case "join":
      { (text, arguments) throws(TemplateError) in
        var parts: [String] = []
        guard case .list(let elements)? = arguments[0, "iterable"] else {
          throw TemplateError(.type, line: 0, "can only join an iterable")
        }
        for element in elements {
          guard case .string(let part) = element else {
            throw TemplateError(.type, line: 0, "sequence item: expected str instance, \(element.typeName) found")
          }
          parts.append(part)
        }
        return .string(parts.joined(separator: text))
      }
    case "find", "rfind":
      { (text, arguments) throws(TemplateError) in
        let needle = try arguments.text(0, "sub", name)
        if needle.utf8.isEmpty { return .int(name == "find" ? 0 : text.unicodeScalars.count) }
        let bytes = Array(text.utf8)
        let wanted = Array(needle.utf8)
        let places = stride(from: 0, through: bytes.count - wanted.count, by: 1)
        func matches(_ place: Int) -> Bool { bytes[place...].starts(with: wanted) }
        let place = name == "find" ? places.first(where: matches) : places.reversed().first(where: matches)
        return .int(place.map { String(decoding: bytes[..<$0], as: UTF8.self).unicodeScalars.count } ?? -1)
      }
    case "count":
      { (text, arguments) throws(TemplateError) in
        let needle = try arguments.text(0, "sub", name)
        return .int(needle.utf8.isEmpty ? text.unicodeScalars.count + 1 : text.bytePlaces(of: needle).count)
      }
    case "isdigit", "isdecimal", "isnumeric":
      { (text, _) throws(TemplateError) in
        .bool(
          !text.unicodeScalars.isEmpty
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory == .decimalNumber })
      }
    case "isalpha":
      { (text, _) throws(TemplateError) in
        .bool(!text.unicodeScalars.isEmpty && text.unicodeScalars.allSatisfy(Casing.isLetter))
      }
    case "isspace":
      { (text, _) throws(TemplateError) in
        .bool(!text.unicodeScalars.isEmpty && text.unicodeScalars.allSatisfy(\.isPythonSpace))
      }
    case "isupper", "islower":
      { (text, _) throws(TemplateError) in
        let cased = text.unicodeScalars.filter { $0.properties.isUppercase || $0.properties.isLowercase }
        return .bool(
          !cased.isEmpty
            && cased.allSatisfy { name == "isupper" ? $0.properties.isUppercase : $0.properties.isLowercase })
      }
    case "removeprefix", "removesuffix":
      { (text, arguments) throws(TemplateError) in
        let part = Array(try arguments.text(0, "prefix", name).utf8)
        let bytes = Array(text.utf8)
        if name == "removeprefix", bytes.starts(with: part) {
          return .string(String(decoding: bytes.dropFirst(part.count), as: UTF8.self))
        }
        if name == "removesuffix", !part.isEmpty, bytes.reversed().starts(with: part.reversed()) {
          return .string(String(decoding: bytes.dropLast(part.count), as: UTF8.self))
        }
        return .string(text)
      }
    case "format":
      { (text, arguments) throws(TemplateError) in .string(try Formatting.braces(text, arguments)) }
    case "zfill", "ljust", "rjust", "center":
      { (text, arguments) throws(TemplateError) in
        let width = try arguments.integer(0, "width") ?? 0
        guard width <= 100_000 else { throw TemplateError(.limit, line: 0, "a width of \(width)") }
        return .string(try Formatting.padded(text, name, width, fill: try arguments.optionalText(1, "fillchar") ?? " "))
      }
    default: nil
    }
  }
}

/// Upper and lower case as Python has them.
enum Casing {
  static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  private static func isCased(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isUppercase || scalar.properties.isLowercase
      || scalar.properties.generalCategory == .titlecaseLetter
  }

  /// Every run of cased letters begins with a capital.
  static func title(_ text: String) -> String {
    var result = ""
    var isInside = false
    for scalar in text.unicodeScalars {
      result += isInside ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
      isInside = isCased(scalar)
    }
    return result
  }

  static func capitalized(_ text: String) -> String {
    guard let first = text.unicodeScalars.first else { return "" }
    return first.properties.titlecaseMapping + String(text.unicodeScalars.dropFirst()).lowercased()
  }
}

extension TemplateFunction.Arguments {
  /// By place or by name.
  subscript(place: Int, name: String) -> TemplateValue? {
    positional.indices.contains(place) ? positional[place] : named.first { $0.name == name }?.value
  }

  func text(_ place: Int, _ name: String, _ function: String) throws(TemplateError) -> String {
    switch self[place, name] {
    case .string(let text)?: return text
    case .undefined(let name)?: throw TemplateError(.undefined, line: 0, name)
    case let other?:
      throw TemplateError(.type, line: 0, "\(function)() argument \(place + 1) must be str, not \(other.typeName)")
    case nil: throw TemplateError(.type, line: 0, "\(function)() needs argument \(place + 1)")
    }
  }

  /// Nil when it is left out or None.
  func optionalText(_ place: Int, _ name: String = "chars") throws(TemplateError) -> String? {
    switch self[place, name] {
    case nil, TemplateValue.none?: return nil
    case .string(let text)?: return text
    case let other?:
      throw TemplateError(.type, line: 0, "argument \(place + 1) must be str or None, not \(other.typeName)")
    }
  }

  /// One text, or a tuple of some.
  func texts(_ place: Int, _ function: String) throws(TemplateError) -> [String] {
    guard case .tuple(let elements)? = self[place, "prefix"] else { return [try text(place, "prefix", function)] }
    var texts: [String] = []
    for element in elements {
      guard case .string(let text) = element else {
        throw TemplateError(.type, line: 0, "\(function)() takes a str or a tuple of str")
      }
      texts.append(text)
    }
    return texts
  }

  func integer(_ place: Int, _ name: String) throws(TemplateError) -> Int? {
    switch self[place, name] {
    case nil, TemplateValue.none?: return nil
    case .int(let value)?: return value
    case .bool(let value)?: return value ? 1 : 0
    case let other?:
      throw TemplateError(.type, line: 0, "'\(other.typeName)' object cannot be interpreted as an integer")
    }
  }

  func flag(_ place: Int, _ name: String, default fallback: Bool) throws(TemplateError) -> Bool {
    switch self[place, name] {
    case nil: return fallback
    case .bool(let value)?: return value
    case .int(let value)?: return value != 0
    case TemplateValue.none?: return false
    case let other?: throw TemplateError(.type, line: 0, "`\(name)` must be true or false, not \(other.typeName)")
    }
  }
}
