import JobKit
import Yams

/// Reads one YAML mapping. What YAML calls a number or a string is decided later, by the key (`1e-3` is a number where
/// a number is wanted); anchors, aliases and `<<` are expanded here, within limits.
func readYAML(_ text: String, file: String, kind: DocumentKind = .jobFile) throws -> SpecMapping {
  if text.utf8.contains(0) {
    throw SpecError(
      position: nil, path: "", problem: "\(file): this is a binary file, expected YAML text",
      remedy: "Give the path of \(kind.name)")
  }
  try refuseAliasBombs(text, file: file)
  let root: Node?
  do {
    root = try Parser(yaml: text, encoding: .utf8).singleRoot()
  } catch let error as YamlError {
    throw specError(error, text: text, file: file)
  }
  guard let root else {
    throw SpecError(
      position: nil, path: "", problem: "\(file): the file is empty",
      remedy: kind.beginning)
  }
  var expansion = Expansion(file: file, allowsFunctions: kind.allowsFunctions)
  let start = SpecPosition(file: file, line: 1, column: 1)
  guard case .mapping(let mapping) = try expansion.value(of: root, path: "", depth: 0, fallback: start) else {
    throw SpecError(
      position: expansion.position(of: root) ?? start, path: "",
      problem: "found \(root.sequence == nil ? "plain text" : "a list"), expected a mapping of keys to values",
      remedy: kind.beginning)
  }
  return mapping
}

/// What a YAML file is meant to be.
enum DocumentKind {
  case jobFile
  /// What a job file names: a task of an evaluation.
  case companion

  var name: String { self == .jobFile ? "a job file" : "a YAML file" }
  var beginning: String {
    self == .jobFile ? "A job file begins with `job:`, for example `job: cpt`" : "Write `key: value` lines"
  }
  var allowsFunctions: Bool { self == .companion }
}

/// Turns nodes into values. Aliases share nodes, so the count of values made is what has to be bounded.
private struct Expansion {
  let file: String
  let allowsFunctions: Bool
  var valueCount = 0

  static let valueCountMax = 20_000
  static let depthMax = 32

  func position(of node: Node) -> SpecPosition? {
    node.mark.map { SpecPosition(file: file, line: $0.line, column: $0.column) }
  }

  mutating func value(of node: Node, path: String, depth: Int, fallback: SpecPosition) throws -> SpecValue {
    let position = position(of: node) ?? fallback
    valueCount += 1
    guard valueCount <= Self.valueCountMax, depth <= Self.depthMax else {
      throw SpecError(
        position: position, path: path,
        problem: "the file has more than \(Self.valueCountMax) values or \(Self.depthMax) levels once aliases are "
          + "expanded", remedy: "Write it without aliases of aliases")
    }
    if let name = functionName(of: node) {
      return .scalar(SpecScalar(text: name, isQuoted: false, isFunction: true, path: path, position: position))
    }
    try refuseTag(of: node, at: position, path: path)
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain || scalar.style == .any
      return .scalar(SpecScalar(text: scalar.string, isQuoted: !isPlain, path: path, position: position))
    case .sequence(let sequence):
      let elements = try sequence.enumerated().map { index, element in
        try value(of: element, path: "\(path)[\(index)]", depth: depth + 1, fallback: position)
      }
      return .sequence(elements, path: path, position: position)
    case .mapping(let mapping):
      return .mapping(try entries(of: mapping, path: path, depth: depth, position: position))
    case .alias:
      throw SpecError(position: position, path: path, problem: "an alias without an anchor", remedy: "")
    }
  }

  private mutating func entries(
    of mapping: Node.Mapping, path: String, depth: Int, position: SpecPosition
  ) throws -> SpecMapping {
    var entries: [(key: String, keyPosition: SpecPosition, value: SpecValue)] = []
    var merged: [SpecMapping] = []
    for (keyNode, valueNode) in mapping {
      let keyPosition = self.position(of: keyNode) ?? position
      guard case .scalar(let key) = keyNode else {
        throw SpecError(
          position: keyPosition, path: path, problem: "found a list or mapping as a key, expected a word",
          remedy: "Write `key: value`")
      }
      let name = key.string
      let inner = path.isEmpty ? name : "\(path).\(name)"
      let value = try value(of: valueNode, path: name == "<<" ? path : inner, depth: depth + 1, fallback: keyPosition)
      if name == "<<", key.style == .plain {
        merged += try sources(ofMerge: value)
        continue
      }
      if let first = entries.first(where: { $0.key == name }) {
        throw SpecError(
          position: keyPosition, path: inner, problem: "this key was already given in line \(first.keyPosition.line)",
          remedy: "Keep one of the two")
      }
      entries.append((name, keyPosition, value))
    }
    // YAML's merge: what the mapping says itself wins, then the first that says it.
    for source in merged {
      for entry in source.entries where !entries.contains(where: { $0.key == entry.key }) { entries.append(entry) }
    }
    return SpecMapping(entries: entries, path: path, position: position)
  }

  private func sources(ofMerge value: SpecValue) throws -> [SpecMapping] {
    switch value {
    case .mapping(let mapping): return [mapping]
    case .sequence(let elements, _, _): return try elements.flatMap(sources(ofMerge:))
    case .scalar(let scalar):
      throw SpecError(
        position: scalar.position, path: scalar.path, problem: "`<<` merges a mapping, found `\(scalar.text)`",
        remedy: "Write for example `<<: *defaults`")
    }
  }

  /// `NAME` of `!function NAME`, where that may stand.
  private func functionName(of node: Node) -> String? {
    guard allowsFunctions, case .scalar(let scalar) = node, scalar.tag.description == "!function" else { return nil }
    return scalar.string
  }

  private func refuseTag(of node: Node, at position: SpecPosition, path: String) throws {
    let tag: Tag
    switch node {
    case .scalar(let scalar): tag = scalar.tag
    case .sequence(let sequence): tag = sequence.tag
    case .mapping(let mapping): tag = mapping.tag
    case .alias: return
    }
    let known: [Tag.Name] = [.implicit, .nonSpecific, .str, .map, .seq]
    guard !known.contains(where: { $0.rawValue == tag.description }) else { return }
    throw SpecError(
      position: position, path: path, problem: "found the YAML tag \(tag.description), expected none",
      remedy: "Leave out the part that begins with `!`")
  }
}
