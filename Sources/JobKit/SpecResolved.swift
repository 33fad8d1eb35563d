/// A value as it is written into the resolved job file.
public indirect enum ResolvedValue: Sendable, Equatable {
  /// A number, `true` or `false`: written as it is.
  case number(String)
  case text(String)
  /// A place on the submitter's machine: written, but not part of what a job computes.
  case path(String)
  case sequence([ResolvedValue])
  case mapping(ResolvedSpec)

  public static func integer(_ value: Int) -> ResolvedValue { .number(String(value)) }
  public static func double(_ value: Double) -> ResolvedValue { .number(written(value)) }
}

/// A job file with every default filled in, keys in the order in which they were read.
public struct ResolvedSpec: Sendable, Equatable {
  public struct Entry: Sendable, Equatable {
    public let key: String
    public let value: ResolvedValue
  }
  public private(set) var entries: [Entry] = []
  public init() {}

  /// Replaces the value of `key` in its place, or appends it.
  public mutating func set(_ key: String, _ value: ResolvedValue) {
    let entry = Entry(key: key, value: value)
    if let index = entries.firstIndex(where: { $0.key == key }) {
      entries[index] = entry
    } else {
      entries.append(entry)
    }
  }

  public mutating func remove(_ key: String) { entries.removeAll { $0.key == key } }

  public subscript(key: String) -> ResolvedValue? { entries.first { $0.key == key }?.value }

  /// The job file's text.
  public var yaml: String {
    var lines: [String] = []
    write(to: &lines, indentation: "")
    return lines.joined(separator: "\n") + "\n"
  }

  /// A text that is equal for two job files exactly when they ask for the same computation on inputs with the same
  /// contents: keys sorted, without `name`, `output` and paths. The caller hashes it with the inputs' digests.
  public var canonicalRecipe: String {
    var copy = self
    copy.remove("name")
    copy.remove("output")
    return ResolvedValue.mapping(copy).canonical
  }

  fileprivate func write(to lines: inout [String], indentation: String) {
    for entry in entries {
      let head = "\(indentation)\(quotedIfNeeded(entry.key)):"
      switch entry.value {
      case .mapping(let inner) where !inner.isFlat:
        lines.append(head)
        inner.write(to: &lines, indentation: indentation + "  ")
      case .sequence(let elements) where elements.contains { !$0.isScalar }:
        lines.append(head)
        for element in elements { element.writeElement(to: &lines, indentation: indentation + "  ") }
      default: lines.append("\(head) \(entry.value.flow)")
      }
    }
  }

  /// Whether it is short enough to be written as `{key: value}`.
  fileprivate var isFlat: Bool { entries.count <= 3 && entries.allSatisfy { $0.value.isScalar } }
}

extension ResolvedValue {
  fileprivate var isScalar: Bool {
    switch self {
    case .number, .text, .path: true
    case .sequence, .mapping: false
    }
  }

  /// On one line.
  fileprivate var flow: String {
    switch self {
    case .number(let text): text
    case .text(let text), .path(let text): quotedIfNeeded(text)
    case .sequence(let elements): "[\(elements.map(\.flow).joined(separator: ", "))]"
    case .mapping(let spec):
      "{\(spec.entries.map { "\(quotedIfNeeded($0.key)): \($0.value.flow)" }.joined(separator: ", "))}"
    }
  }

  fileprivate func writeElement(to lines: inout [String], indentation: String) {
    guard case .mapping(let spec) = self, !spec.isFlat else {
      lines.append("\(indentation)- \(flow)")
      return
    }
    var inner: [String] = []
    spec.write(to: &inner, indentation: indentation + "  ")
    if let first = inner.first { inner[0] = "\(indentation)- \(first.dropFirst(indentation.count + 2))" }
    lines += inner
  }

  fileprivate var canonical: String {
    switch self {
    case .number(let text): text
    case .text(let text): doubleQuoted(text)
    case .path: "<path>"
    case .sequence(let elements): "[\(elements.map(\.canonical).joined(separator: ","))]"
    case .mapping(let spec):
      "{" + spec.entries.sorted { $0.key < $1.key }.map { "\(doubleQuoted($0.key)):\($0.value.canonical)" }
        .joined(separator: ",") + "}"
    }
  }
}

/// Plain where every YAML reader takes it for a string, else in double quotes.
private func quotedIfNeeded(_ text: String) -> String {
  let isPlain =
    text.first.map { $0.isLetter || $0 == "/" || $0 == "." || $0 == "_" } ?? false
    && text.allSatisfy { $0.isLetter || $0.isNumber || "-_./".contains($0) }
  let lowered = text.lowercased()
  let means = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", ".inf", ".nan"].contains(lowered)
  return isPlain && !means && parseNumber(text) == nil ? text : doubleQuoted(text)
}

private func doubleQuoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\t": result += "\\t"
    case _ where scalar.value < 32 || scalar.value == 127:
      result += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
