import Templates

/// What a task makes of one row: its question, choices and answer. Templates are read once.
struct RowTexts {
  /// An answer: a text, the number of a choice, or several texts of which each is right.
  enum Target: Equatable {
    case text(String)
    case choice(Int)
    case texts([String])
    case choices([Int])
    /// A value of the row, such as EQ-Bench's scores.
    case value(String)

    /// Python's `str(target)`.
    var written: String {
      switch self {
      case .text(let text), .value(let text): text
      case .choice(let number): "\(number)"
      case .texts(let texts): TemplateValue.list(texts.map { .string($0) }).pythonText
      case .choices(let numbers): TemplateValue.list(numbers.map { .int($0) }).pythonText
      }
    }
  }

  private let task: String
  private let fields: Set<String>
  private var templates: [String: Template] = [:]

  /// `fields`: the names of the asked rows' fields.
  init(task: String, fields: Set<String>) {
    self.task = task
    self.fields = fields
  }

  func error(_ row: Int?, _ problem: String, _ remedy: String = "") -> EvaluationError {
    EvaluationError("task \(task)", row: row.map { $0 + 1 }, problem: problem, remedy: remedy)
  }

  /// The text of a template or field for a row; `key` is the task's key, for errors.
  mutating func render(_ text: String, _ row: TemplateDictionary, _ number: Int?, key: String) throws -> String {
    if fields.contains(text) {
      guard let value = row[text] else { throw missing(text, row, number, key) }
      return value.pythonText
    }
    guard text.contains("{") else { return text }
    let template = try self.template(text, key: key)
    do {
      return try template.render(row)
    } catch let problem {
      if problem.kind == .undefined { throw missing(problem.problem, row, number, key) }
      throw error(number, "\(key): \(problem)")
    }
  }

  private func missing(
    _ what: String, _ row: TemplateDictionary, _ number: Int?, _ key: String
  ) -> EvaluationError {
    let names = row.entries.map(\.key.pythonText).joined(separator: ", ")
    return error(number, "\(key) asks for a field that the row lacks: \(what)", "The row has: \(names)")
  }

  private mutating func template(_ text: String, key: String) throws -> Template {
    if let known = templates[text] { return known }
    do {
      let template = try Template(text, options: .task)
      templates[text] = template
      return template
    } catch let problem {
      throw error(nil, "\(key): \(problem)", "Templates are Jinja; docs/EVALUATION.md lists what is there")
    }
  }

  mutating func question(
    _ text: TaskDefinition.Text, _ row: TemplateDictionary, _ number: Int?, hasChoices: Bool
  ) throws -> String {
    guard case .template(let template) = text else {
      throw error(number, "doc_to_text is a number or a list; one context for every choice is not supported")
    }
    let question = try render(template, row, number, key: "doc_to_text")
    if hasChoices, isPythonDigits(question), !fields.contains(template) {
      throw error(number, "doc_to_text gives the number \(question); one context for every choice is not supported")
    }
    return question
  }

  mutating func target(
    _ text: TaskDefinition.Text, _ row: TemplateDictionary, _ number: Int?, hasChoices: Bool
  ) throws -> Target {
    switch text {
    case .number(let value): return .choice(value)
    case .list(let texts): return .texts(texts)
    case .template(let template):
      if fields.contains(template) {
        guard let value = row[template] else { throw missing(template, row, number, "doc_to_target") }
        return try target(of: value, number)
      }
      let rendered = try render(template, row, number, key: "doc_to_target")
      if hasChoices, isPythonDigits(rendered), let value = Int(rendered) { return .choice(value) }
      if rendered.utf8.count >= 2, rendered.hasPrefix("["), rendered.hasSuffix("]"),
        let value = PythonLiteral.value(of: rendered)
      {
        return try target(of: value, number)
      }
      return .text(rendered)
    }
  }

  private func target(of value: TemplateValue, _ number: Int?) throws -> Target {
    switch value {
    case .int(let value): return .choice(value)
    case .string(let text): return .text(text)
    case .list(let elements), .tuple(let elements):
      let numbers = elements.compactMap { if case .int(let number) = $0 { number } else { nil } }
      if numbers.count == elements.count { return .choices(numbers) }
      return .texts(elements.map(\.pythonText))
    default: return .value(value.pythonText)
    }
  }

  mutating func choices(_ text: TaskDefinition.Text, _ row: TemplateDictionary, _ number: Int?) throws -> [String] {
    let value: TemplateValue?
    switch text {
    case .list(let texts): return texts
    case .number: value = nil
    case .template(let template):
      if fields.contains(template) {
        guard let field = row[template] else { throw missing(template, row, number, "doc_to_choice") }
        value = field
      } else {
        value = PythonLiteral.value(of: try render(template, row, number, key: "doc_to_choice"))
      }
    }
    switch value {
    case .list(let elements)?, .tuple(let elements)?:
      guard !elements.isEmpty else { fallthrough }
      return elements.map(\.pythonText)
    default: throw error(number, "doc_to_choice gives no list of texts", "Write for example [\"A\", \"B\"]")
    }
  }
}

/// `text.isdigit()` for what templates print.
private func isPythonDigits(_ text: String) -> Bool {
  !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
}
