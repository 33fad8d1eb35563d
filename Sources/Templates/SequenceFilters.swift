/// Filters that go over the elements of a value.
enum SequenceFilters {
  typealias Arguments = TemplateFunction.Arguments

  static func apply(
    _ name: String, to value: TemplateValue, _ arguments: Arguments, _ rendering: inout Rendering
  ) throws(TemplateError) -> TemplateValue {
    switch name {
    case "length", "count":
      if case .dictionary(let dictionary) = value { return .int(dictionary.count) }
      return .int(try rendering.elements(of: value, 0).count)
    case "items":
      switch value {
      case .undefined: return .list([])
      case .dictionary(let dictionary): return .list(dictionary.entries.map { .tuple([$0.key, $0.value]) })
      default: throw TemplateError(.type, line: 0, "Can only get item pairs from a mapping.")
      }
    case "dictsort": return try dictionarySorted(value, arguments)
    case "reverse":
      if case .string(let text) = value {
        return .string(String(String.UnicodeScalarView(text.unicodeScalars.reversed())))
      }
      return .list(try rendering.elements(of: value, 0).reversed())
    case "map": return .list(try mapped(try rendering.elements(of: value, 0), arguments, &rendering))
    case "select", "reject":
      return .list(try selected(try rendering.elements(of: value, 0), arguments, keeps: name == "select", &rendering))
    case "selectattr", "rejectattr":
      return .list(
        try selectedByAttribute(
          try rendering.elements(of: value, 0), arguments, keeps: name == "selectattr", &rendering))
    default: return try folded(name, try rendering.elements(of: value, 0), arguments, &rendering)
    }
  }

  private static func folded(
    _ name: String, _ elements: [TemplateValue], _ arguments: Arguments, _ rendering: inout Rendering
  ) throws(TemplateError) -> TemplateValue {
    switch name {
    case "list": return .list(elements)
    case "first": return elements.first ?? .undefined(name: "No first item, sequence was empty.")
    case "last": return elements.last ?? .undefined(name: "No last item, sequence was empty.")
    case "join":
      let separator = try arguments.optionalText(0, "d") ?? ""
      let parts = try byAttribute(elements, arguments[1, "attribute"], &rendering)
      var text = ""
      for (index, part) in parts.enumerated() {
        if index > 0 { text += separator }
        text += try rendering.printed(part, 0)
        try rendering.checkSize(text.utf8.count, 0)
      }
      return .string(text)
    case "sum":
      var sum = arguments[1, "start"] ?? .int(0)
      for element in try byAttribute(elements, arguments[0, "attribute"], &rendering) {
        sum = try Operators.apply(.add, sum, element, rendering.options.limits)
      }
      return sum
    case "batch":
      guard let size = try arguments.integer(0, "linecount"), size > 0 else {
        throw TemplateError(.type, line: 0, "batch() needs a size above 0")
      }
      var batches: [TemplateValue] = []
      for start in stride(from: 0, to: elements.count, by: size) {
        var batch = Array(elements[start..<min(start + size, elements.count)])
        if let fill = arguments[1, "fill_with"], batch.count < size {
          if case TemplateValue.none = fill {
          } else {
            batch += [TemplateValue](repeating: fill, count: size - batch.count)
          }
        }
        batches.append(.list(batch))
      }
      return .list(batches)
    case "sort":
      let sorted = try sorted(
        elements, by: try byAttribute(elements, arguments[2, "attribute"], &rendering),
        isCaseSensitive: try arguments.flag(1, "case_sensitive", default: false),
        isReversed: try arguments.flag(0, "reverse", default: false))
      return .list(sorted)
    case "unique":
      let keys = try byAttribute(elements, arguments[1, "attribute"], &rendering)
      let isCaseSensitive = try arguments.flag(0, "case_sensitive", default: false)
      var seen: [TemplateValue] = []
      var result: [TemplateValue] = []
      for (element, key) in zip(elements, keys) {
        let key = isCaseSensitive ? key : folded(key)
        guard !seen.contains(where: { Operators.isEqual($0, key) }) else { continue }
        try rendering.step(0)
        seen.append(key)
        result.append(element)
      }
      return .list(result)
    case "min", "max":
      let keys = try byAttribute(elements, arguments[1, "attribute"], &rendering)
      let isCaseSensitive = try arguments.flag(0, "case_sensitive", default: false)
      guard var best = elements.indices.first else {
        return .undefined(name: "No aggregated item, sequence was empty.")
      }
      for index in elements.indices.dropFirst() {
        let (key, top) = isCaseSensitive ? (keys[index], keys[best]) : (folded(keys[index]), folded(keys[best]))
        if try name == "min" ? Operators.precedes(key, top) : Operators.precedes(top, key) { best = index }
      }
      return elements[best]
    default: preconditionFailure("the filter \(name) is listed and not there")
    }
  }

  // MARK: Members

  /// Each element, or a member of each: `a.b` and `0` go down a path.
  private static func byAttribute(
    _ elements: [TemplateValue], _ attribute: TemplateValue?, _ rendering: inout Rendering
  ) throws(TemplateError) -> [TemplateValue] {
    guard let attribute else { return elements }
    if case TemplateValue.none = attribute { return elements }
    var values: [TemplateValue] = []
    for element in elements { values.append(try member(attribute, of: element, &rendering)) }
    return values
  }

  private static func member(
    _ path: TemplateValue, of element: TemplateValue, _ rendering: inout Rendering
  ) throws(TemplateError) -> TemplateValue {
    try rendering.step(0)
    switch path {
    case .int: return try rendering.member(path, of: element)
    case .string(let text):
      var value = element
      for part in text.pythonSplit(".") {
        value = try rendering.member(Int(part).map { .int($0) } ?? .string(part), of: value)
      }
      return value
    default: throw TemplateError(.type, line: 0, "an attribute must be a name or a number, not \(path.typeName)")
    }
  }

  private static func mapped(
    _ elements: [TemplateValue], _ arguments: Arguments, _ rendering: inout Rendering
  ) throws(TemplateError) -> [TemplateValue] {
    var results: [TemplateValue] = []
    if arguments.positional.isEmpty, let attribute = arguments.named.first(where: { $0.name == "attribute" })?.value {
      let fallback = arguments.named.first { $0.name == "default" }?.value
      for element in elements {
        let value = try member(attribute, of: element, &rendering)
        if case .undefined = value, let fallback { results.append(fallback) } else { results.append(value) }
      }
      return results
    }
    guard case .string(let name)? = arguments.positional.first else {
      throw TemplateError(.type, line: 0, "map requires a filter argument")
    }
    guard Filters.names.contains(name) else {
      throw TemplateError(.unsupported, line: 0, "there is no filter `\(name)`")
    }
    let inner = Arguments(Array(arguments.positional.dropFirst()), named: arguments.named)
    for element in elements {
      try rendering.step(0)
      results.append(try Filters.apply(name, to: element, inner, &rendering))
    }
    return results
  }

  private static func selected(
    _ elements: [TemplateValue], _ arguments: Arguments, keeps: Bool, _ rendering: inout Rendering
  ) throws(TemplateError) -> [TemplateValue] {
    var results: [TemplateValue] = []
    for element in elements {
      try rendering.step(0)
      if try passes(element, arguments.positional[...], &rendering) == keeps { results.append(element) }
    }
    return results
  }

  private static func selectedByAttribute(
    _ elements: [TemplateValue], _ arguments: Arguments, keeps: Bool, _ rendering: inout Rendering
  ) throws(TemplateError) -> [TemplateValue] {
    guard let attribute = arguments.positional.first else {
      throw TemplateError(.type, line: 0, "missing the name of an attribute")
    }
    var results: [TemplateValue] = []
    for element in elements {
      let value = try member(attribute, of: element, &rendering)
      if try passes(value, arguments.positional.dropFirst(), &rendering) == keeps { results.append(element) }
    }
    return results
  }

  /// By the test that is named, or by truth.
  private static func passes(
    _ value: TemplateValue, _ arguments: ArraySlice<TemplateValue>, _ rendering: inout Rendering
  ) throws(TemplateError) -> Bool {
    guard let first = arguments.first else { return try rendering.isTrue(value, 0) }
    guard case .string(let name) = first, Tests.names.contains(name) else {
      throw TemplateError(.unsupported, line: 0, "there is no test `\(first.pythonText)`")
    }
    return try Tests.apply(name, to: value, Arguments(Array(arguments.dropFirst())), &rendering)
  }

  // MARK: Order

  private static func folded(_ value: TemplateValue) -> TemplateValue {
    if case .string(let text) = value { .string(text.lowercased()) } else { value }
  }

  /// Stable, also when it is reversed, as Python's.
  private static func sorted(
    _ elements: [TemplateValue], by keys: [TemplateValue], isCaseSensitive: Bool, isReversed: Bool
  ) throws(TemplateError) -> [TemplateValue] {
    let keys = isCaseSensitive ? keys : keys.map(folded)
    var order: [Int] = []
    for index in elements.indices {
      // Insertion by binary search: comparisons may throw, which the standard sort's closure could not pass on typed.
      var low = 0
      var high = order.count
      while low < high {
        let middle = (low + high) / 2
        let isAfter =
          isReversed
          ? !(try Operators.precedes(keys[order[middle]], keys[index]))
          : !(try Operators.precedes(keys[index], keys[order[middle]]))
        if isAfter { low = middle + 1 } else { high = middle }
      }
      order.insert(index, at: low)
    }
    return order.map { elements[$0] }
  }

  private static func dictionarySorted(
    _ value: TemplateValue, _ arguments: Arguments
  ) throws(TemplateError) -> TemplateValue {
    guard case .dictionary(let dictionary) = value else {
      throw TemplateError(.type, line: 0, "dictsort needs a mapping, not \(value.typeName)")
    }
    let by = try arguments.optionalText(1, "by") ?? "key"
    guard by == "key" || by == "value" else {
      throw TemplateError(.type, line: 0, "You can only sort by either \"key\" or \"value\"")
    }
    let pairs = dictionary.entries.map { TemplateValue.tuple([$0.key, $0.value]) }
    let keys = dictionary.entries.map { by == "key" ? $0.key : $0.value }
    return .list(
      try sorted(
        pairs, by: keys, isCaseSensitive: try arguments.flag(0, "case_sensitive", default: false),
        isReversed: try arguments.flag(2, "reverse", default: false)))
  }
}
