// What to say of a value that is not what its key wants.

extension SpecScalar {
  /// Nothing after the colon, or YAML's word for it.
  var isNothing: Bool { !isQuoted && ["", "~", "null", "Null", "NULL"].contains(text) }

  var unquoted: SpecScalar { SpecScalar(text: text, isQuoted: false, path: path, position: position) }
}

extension SpecMapping {
  public func keyPosition(of key: String) -> SpecPosition? { entries.first { $0.key == key }?.keyPosition }
}

extension SpecValue {
  public var position: SpecPosition {
    switch self {
    case .scalar(let scalar): scalar.position
    case .sequence(_, _, let position): position
    case .mapping(let mapping): mapping.position
    }
  }

  public var path: String {
    switch self {
    case .scalar(let scalar): scalar.path
    case .sequence(_, let path, _): path
    case .mapping(let mapping): mapping.path
    }
  }

  /// `found "fast", expected a whole number …`. `key` is nil for an element of a list.
  func mismatch(expected: String, key: String?, example: String, hint: String? = nil) -> SpecError {
    let prefix = key.map { "\($0): " } ?? ""
    return SpecError(
      position: position, path: path, problem: "found \(shown), expected \(expected)",
      remedy: hint ?? "Write for example `\(prefix)\(example)`")
  }

  private var shown: String {
    switch self {
    case .scalar(let scalar) where scalar.isNothing: "nothing"
    case .scalar(let scalar) where scalar.isQuoted: "the text \"\(shortened(scalar.text))\""
    case .scalar(let scalar): "`\(shortened(scalar.text))`"
    case .sequence(let elements, _, _):
      elements.isEmpty ? "an empty list" : "a list of \(elements.count) element\(elements.count == 1 ? "" : "s")"
    case .mapping(let mapping): mapping.entries.isEmpty ? "an empty mapping" : "a mapping"
    }
  }
}

/// One line, at most 60 characters, without control characters: it goes to somebody's terminal.
private func shortened(_ text: String) -> String {
  let clean = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? "?" : $0 }))
  return clean.count <= 60 ? clean : clean.prefix(57) + "…"
}
