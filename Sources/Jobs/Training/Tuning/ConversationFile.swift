import Chat
import Corpora
import Foundation
import Templates

/// Reads a file of rows one by one.
struct ConversationFile {
  private var reader: RecordReader
  private var record: [UInt8] = []
  /// Rows of a `.json`, which is one list.
  private var list: [TemplateValue] = []
  private var listPlace = 0
  /// Number of the row that `next` returned last, from 1.
  private(set) var row = 0

  init(path: String) throws { reader = try RecordReader(path: path) }

  /// Share of the file that was read, 0 to 1.
  var fraction: Double {
    list.isEmpty
      ? Double(reader.inputPosition) / Double(max(1, reader.inputByteCount)) : Double(listPlace) / Double(list.count)
  }

  /// The line or the row of the last value, for messages.
  private var line: Int? { reader.isLines ? reader.recordLine : nil }

  /// - Throws: `CorpusError` with file and line for what is not JSON.
  mutating func next() throws -> TemplateValue? {
    if listPlace < list.count {
      listPlace += 1
      row += 1
      return list[listPlace - 1]
    }
    guard try reader.next(into: &record) else { return nil }
    let value: TemplateValue
    do {
      value = try TemplateValue(json: record)
    } catch {
      // A record of lines is one line; its number is the reader's.
      throw CorpusError(
        .malformedJSON, error.problem, file: reader.path, line: reader.isLines ? reader.recordLine : error.line)
    }
    if reader.isLines {
      row += 1
      return value
    }
    guard case .list(let rows) = value else {
      throw CorpusError(
        .malformedJSON, "a list of rows expected; write one row a line as .jsonl, or all in [ ]", file: reader.path)
    }
    guard !rows.isEmpty else { throw CorpusError(.empty, "the list has no rows", file: reader.path) }
    list = rows
    return try next()
  }

  /// Runs `body` over the last row; what is wrong with it becomes an error at its place.
  func atRow<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as ChatError {
      let code: CorpusError.Code = error.code == .malformed ? .missingField : .mismatch
      guard let line else { throw CorpusError(code, "row \(row): \(error.problem)", file: reader.path) }
      throw CorpusError(code, error.problem, file: reader.path, line: line)
    }
  }
}

/// What a row became.
enum PreparedRow {
  case example([LearnedTokens], truncated: Bool, straddles: Int)
  case dropped(ConversationRow.Defect)
}

/// Makes examples of rows: rendered, in tokens, cut to the sequence's length.
struct RowPreparation {
  let kind: TuningKind
  let format: ChatFormat
  let chat: ChatPayload
  let sequenceLength: Int

  func prepare(_ row: TemplateValue) throws(ChatError) -> PreparedRow {
    switch kind {
    case .imitation:
      switch try ConversationRow.conversation(row) {
      case .defect(let defect): return .dropped(defect)
      case .row(let messages):
        return cut([try format.trainingText(messages, learning: chat.learning, date: chat.date)])
      }
    case .preference:
      switch try ConversationRow.preference(row) {
      case .defect(let defect): return .dropped(defect)
      case .row(let pair):
        let texts = [try answered(pair.prompt, pair.chosen), try answered(pair.prompt, pair.rejected)]
        // Two spellings of one text are one answer.
        if texts[0].tokens == texts[1].tokens { return .dropped(.equalAnswers) }
        return cut(texts)
      }
    }
  }

  /// Answers of the prompt itself are not weighed.
  private func answered(_ prompt: [ChatMessage], _ answer: [ChatMessage]) throws(ChatError) -> TrainingText {
    var text = try format.trainingText(prompt + answer, date: chat.date)
    if prompt.contains(where: { $0.role == ChatMessage.assistant }) {
      let before = try format.prompt(prompt, date: chat.date).count
      for place in 0..<min(before, text.isLearned.count) { text.isLearned[place] = false }
    }
    return text
  }

  /// Cut from the end: a row of T input positions has T + 1 tokens.
  private func cut(_ texts: [TrainingText]) -> PreparedRow {
    var truncated = false
    var sequences: [LearnedTokens] = []
    for text in texts {
      let count = min(text.tokens.count, sequenceLength + 1)
      truncated = truncated || count < text.tokens.count
      var learned = Array(text.isLearned[..<count])
      // Nothing comes before the first token, so nothing can predict it.
      if !learned.isEmpty { learned[0] = false }
      guard learned.contains(true) else { return .dropped(.cutToNothing) }
      sequences.append(LearnedTokens(tokens: Array(text.tokens[..<count]), isLearned: learned))
    }
    return .example(sequences, truncated: truncated, straddles: texts.reduce(0) { $0 + $1.straddles })
  }
}
