import JobKit
import Yams

/// What libyaml found, with the way out where its own words do not show it.
func specError(_ error: YamlError, text: String, file: String) -> SpecError {
  switch error {
  case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
    .composer(let context, let problem, let mark, _):
    let position = SpecPosition(file: file, line: mark.line, column: mark.column)
    if let tab = tabIndentation(text, near: mark.line) {
      return SpecError(
        position: SpecPosition(file: file, line: tab, column: 1), path: "",
        problem: "the line is indented with a tab, which YAML does not allow", remedy: "Indent with spaces")
    }
    if problem.contains("another document") {
      return SpecError(
        position: position, path: "", problem: "a second document begins here, expected one job a file",
        remedy: "Leave out the line `---`, or write two files")
    }
    if problem.contains("undefined alias") {
      return SpecError(
        position: position, path: "", problem: "an alias (`*name`) without its anchor (`&name`) before it",
        remedy: "Put quotes around text that begins with `*`")
    }
    let began = context.map { " (\($0.text.trimmed), line \($0.mark.line))" } ?? ""
    return SpecError(
      position: position, path: "", problem: "not YAML: \(problem.trimmed)\(began)",
      remedy: "Look at the indentation, colons and brackets in this line and the one before")
  case .duplicatedKeysInMapping(let keys, let context):
    let key = keys.first ?? ""
    return SpecError(
      position: SpecPosition(file: file, line: context.mark.line, column: context.mark.column), path: "",
      problem: "the key `\(key)` is given twice in one mapping, first here", remedy: "Keep one of the two")
  case .reader(let problem, let offset, _, _):
    let line = text.utf8.prefix(offset ?? 0).count { $0 == UInt8(ascii: "\n") } + 1
    return SpecError(
      position: SpecPosition(file: file, line: line, column: 1), path: "",
      problem: "the line has a character that YAML does not allow (\(problem.trimmed))", remedy: "Take it out")
  default:
    return SpecError(position: nil, path: "", problem: "\(file): not YAML: \(error)", remedy: "")
  }
}

/// The first line indented with a tab at or before the line that made the parser stop.
private func tabIndentation(_ text: String, near line: Int) -> Int? {
  for (index, content) in text.split(separator: "\n", omittingEmptySubsequences: false).prefix(line + 1).enumerated() {
    let rest = content.drop { $0 == " " }
    if rest.first == "\t", rest.contains(where: { !$0.isWhitespace }) { return index + 1 }
  }
  return nil
}

extension String {
  fileprivate var trimmed: String {
    var text = self[...]
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text.drop { $0.isWhitespace })
  }
}
