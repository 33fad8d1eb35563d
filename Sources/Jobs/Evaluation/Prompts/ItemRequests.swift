import Chat
import Templates

/// One question to the model, as text.
enum ItemRequest: Equatable {
  /// log P(continuation | context).
  case loglikelihood(context: String, continuation: String)
  /// log P(text).
  case rolling(String)
  case generate(context: String)

  /// What is hashed as the prompt.
  var firstArgument: String {
    switch self {
    case .loglikelihood(let context, _), .generate(let context): context
    case .rolling(let text): text
    }
  }
}

/// An item of a task: its row, what is asked, and what would be right.
struct Item {
  let number: Int
  let row: TemplateDictionary
  let requests: [ItemRequest]
  let choices: [String]
  let target: RowTexts.Target
}

/// Makes the items of a task, as lm-evaluation-harness makes its requests: description, examples, the row's question;
/// delimiters between; a request for every choice.
struct ItemMaker {
  let task: TaskDefinition
  private let rows: [TemplateDictionary]
  private var texts: RowTexts
  private var examples: ExampleChooser
  /// The examples where they are the same for all items.
  private var sharedExamples: [PromptTurn]?
  /// Nil asks in plain text.
  private let chat: ChatPrompting?

  /// `rows` are the asked ones, `exampleRows` where examples are taken from.
  init(
    _ task: TaskDefinition, rows: [TemplateDictionary], exampleRows: [TemplateDictionary], numFewshot: Int,
    chat: ChatPrompting? = nil
  ) throws {
    self.task = task
    self.chat = chat
    self.rows = rows
    var fields: Set<String> = []
    for row in rows { fields.formUnion(row.entries.map(\.key.pythonText)) }
    texts = RowTexts(task: task.name, fields: fields)
    examples = try ExampleChooser(
      task: task.name, sampler: task.fewshot.sampler, count: numFewshot, rows: exampleRows,
      // The harness compares the names, so a task without either leaves its items out as well.
      leavesOutItem: task.fewshot.split == task.testSplit)
  }

  /// Items are made in ascending order.
  mutating func item(_ number: Int) throws -> Item {
    let row = rows[number]
    let hasChoices = task.docToChoice != nil
    let choices = try task.docToChoice.map { try texts.choices($0, row, number) } ?? []
    let target = try texts.target(task.docToTarget, row, number, hasChoices: hasChoices)
    if task.outputType == .loglikelihoodRolling {
      return Item(number: number, row: row, requests: [.rolling(target.written)], choices: [], target: target)
    }
    let context = try context(number, row, hasChoices: hasChoices)
    let requests: [ItemRequest] =
      switch task.outputType {
      case .loglikelihood: [.loglikelihood(context: context, continuation: target.written)]
      case .multipleChoice:
        choices.map { .loglikelihood(context: context, continuation: choiceDelimiter + $0) }
      case .generateUntil: [.generate(context: context)]
      case .loglikelihoodRolling: []
      }
    return Item(number: number, row: row, requests: requests, choices: choices, target: target)
  }

  /// A choice stands at the beginning of the assistant's turn, unless something stands there already.
  private var choiceDelimiter: String {
    guard chat != nil else { return task.targetDelimiter }
    let endsOpen = task.genPrefix?.unicodeScalars.last.map { !$0.isPythonSpace } ?? false
    return endsOpen ? task.targetDelimiter : ""
  }

  private mutating func context(_ number: Int, _ row: TemplateDictionary, hasChoices: Bool) throws -> String {
    var turns: [PromptTurn] = []
    let description = try texts.render(task.description, row, number, key: "description")
    if !description.isEmpty { turns.append(PromptTurn(role: ChatMessage.system, content: description)) }
    turns += try exampleTurns(number, row, hasChoices: hasChoices)
    let question = try texts.question(task.docToText, row, number, hasChoices: hasChoices)
    let prefix = try task.genPrefix.map { try texts.render($0, row, number, key: "gen_prefix") } ?? ""
    turns += self.turns(
      question, answer: "", prefix, delimiters: (target: task.targetDelimiter, example: ""))
    guard let chat else { return turns.map(\.text).joined() }
    do {
      return try chat.text(turns, prefix: prefix)
    } catch {
      throw EvaluationError("task \(task.name)", row: number + 1, problem: "\(error)", remedy: "")
    }
  }

  private mutating func exampleTurns(
    _ number: Int, _ row: TemplateDictionary, hasChoices: Bool
  ) throws -> [PromptTurn] {
    if let sharedExamples { return sharedExamples }
    let fewshot = task.fewshot
    var turns: [PromptTurn] = []
    for example in examples.examples(number, row) {
      let question = try texts.question(fewshot.docToText, example, nil, hasChoices: hasChoices)
      let target = try texts.target(fewshot.docToTarget, example, nil, hasChoices: hasChoices)
      let choices = try fewshot.docToChoice.map { try texts.choices($0, example, nil) }
      let prefix = try fewshot.genPrefix.map { try texts.render($0, example, nil, key: "gen_prefix") }
      turns += self.turns(
        question, answer: try answer(target, choices, example), prefix ?? "",
        delimiters: (fewshot.targetDelimiter, fewshot.fewshotDelimiter))
    }
    if examples.areTheSameForAll { sharedExamples = turns }
    return turns
  }

  /// A question, and its answer or what an answer begins with.
  private func turns(
    _ question: String, answer: String, _ prefix: String, delimiters: (target: String, example: String)
  ) -> [PromptTurn] {
    let isDelimited = prefix.isEmpty ? !answer.isEmpty : needsDelimiter(question, prefix)
    let user = PromptTurn(
      role: ChatMessage.user, content: question, delimiter: isDelimited ? delimiters.target : "")
    guard !answer.isEmpty else {
      return prefix.isEmpty ? [user] : [user, PromptTurn(role: ChatMessage.assistant, content: prefix)]
    }
    let space = needsDelimiter(prefix, answer) ? " " : ""
    return [
      user, PromptTurn(role: ChatMessage.assistant, content: prefix + space + answer, delimiter: delimiters.example),
    ]
  }

  private mutating func answer(
    _ target: RowTexts.Target, _ choices: [String]?, _ row: TemplateDictionary
  ) throws -> String {
    switch target {
    case .text(let text), .value(let text): return text
    case .texts(let texts): return texts.first ?? ""
    case .choices: throw texts.error(nil, "an example has several right choices; write fewshot_config.doc_to_target")
    case .choice(let number):
      // The harness asks for fewshot_config.doc_to_choice and, without it, falls back on the task's own.
      let known = try choices ?? task.docToChoice.map { try texts.choices($0, row, nil) } ?? []
      guard known.indices.contains(number) else {
        throw texts.error(nil, "an example's answer is choice \(number), and there are \(known.count)")
      }
      return known[number]
    }
  }

  private func needsDelimiter(_ before: String, _ after: String) -> Bool {
    guard let last = before.unicodeScalars.last, let first = after.unicodeScalars.first else { return false }
    return !last.isPythonSpace && !first.isPythonSpace
  }
}
