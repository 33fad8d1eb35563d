/// Where something stands in a job file; lines and columns count from 1.
public struct SpecPosition: Hashable, Sendable, CustomStringConvertible {
  public let file: String
  public let line: Int
  public let column: Int
  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }
  public var description: String { "\(file):\(line):\(column)" }
}

/// A value of a job file, with its position and its path (`recipe.learning_rate`).
public indirect enum SpecValue: Sendable {
  case scalar(SpecScalar)
  case sequence([SpecValue], path: String, position: SpecPosition)
  case mapping(SpecMapping)
}

/// A scalar as it is written.
public struct SpecScalar: Sendable {
  public let text: String
  /// Whether it was written in quotes: then it is a string whatever it looks like.
  public let isQuoted: Bool
  /// Whether it was written as `!function NAME`, which some documents may; `text` is the name then.
  public let isFunction: Bool
  public let path: String
  public let position: SpecPosition
  public init(text: String, isQuoted: Bool, isFunction: Bool = false, path: String, position: SpecPosition) {
    self.text = text
    self.isQuoted = isQuoted
    self.isFunction = isFunction
    self.path = path
    self.position = position
  }
}

/// A mapping in the order it is written.
public struct SpecMapping: Sendable {
  public let entries: [(key: String, keyPosition: SpecPosition, value: SpecValue)]
  public let path: String
  public let position: SpecPosition
  public init(
    entries: [(key: String, keyPosition: SpecPosition, value: SpecValue)], path: String, position: SpecPosition
  ) {
    self.entries = entries
    self.path = path
    self.position = position
  }
  public subscript(key: String) -> SpecValue? { entries.first { $0.key == key }?.value }
}

/// A mistake in a job file: where, what was found, what was expected, and the way out.
public struct SpecError: Error, Sendable, CustomStringConvertible {
  public let position: SpecPosition?
  /// `recipe.learning_rate`; empty for the file as a whole.
  public let path: String
  public let problem: String
  public let remedy: String
  public init(position: SpecPosition?, path: String, problem: String, remedy: String) {
    self.position = position
    self.path = path
    self.problem = problem
    self.remedy = remedy
  }
  public var description: String {
    let place = position.map { "\($0): " } ?? ""
    let field = path.isEmpty ? "" : "\(path): "
    return remedy.isEmpty ? "\(place)\(field)\(problem)" : "\(place)\(field)\(problem). \(remedy)"
  }
}
