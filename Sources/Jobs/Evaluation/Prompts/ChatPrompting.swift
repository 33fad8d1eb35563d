import Chat
import Checkpoints
import Templates
import Tokenizers

/// One turn of a prompt, as lm-evaluation-harness builds it: with a delimiter where the prompt is plain text.
struct PromptTurn: Equatable {
  let role: String
  let content: String
  var delimiter = ""

  var text: String { content + delimiter }
}

/// How an evaluation talks to a model in its own chat template: the harness's `apply_chat_template`.
struct ChatPrompting {
  /// What the job file says of it.
  struct Way: Codable, Equatable {
    /// Examples are turns of their own; else all of the prompt is one user's message.
    let isMultiturn: Bool
  }

  let format: ChatFormat
  let way: Way

  init(format: ChatFormat, way: Way) { (self.format, self.way) = (format, way) }

  /// Of a model whose parts were compared already, when it was planned and first opened.
  ///
  /// - Throws: `ChatError`, also where it has no chat template.
  init(_ model: any ModelSource, _ tokenizer: any Tokenizer, _ way: Way) throws {
    self.init(
      format: try ChatFormat(
        configuration: model.configuration, companions: model.companions, tokenizer: tokenizer), way: way)
  }

  /// - Parameter prefix: what the answer already begins with; then the last turn is not ended.
  /// - Throws: `ChatError`.
  func text(_ turns: [PromptTurn], prefix: String) throws -> String {
    let messages = way.isMultiturn ? turns.map(Self.message) : Self.single(turns)
    do {
      return try render(messages, prefix)
    } catch let error as ChatError where error.code == .rendering && messages.contains(where: Self.isSystem) {
      // Templates that know no system role raise; the harness then leaves those messages out.
      return try render(messages.filter { !Self.isSystem($0) }, prefix)
    }
  }

  /// No date is told: the same prompt on any day.
  private func render(_ messages: [ChatMessage], _ prefix: String) throws -> String {
    guard !prefix.isEmpty else { return try format.template.render(messages, addGenerationPrompt: true) }
    var tagged = messages
    tagged[tagged.count - 1].content += Self.tag
    let text = try format.template.render(tagged, addGenerationPrompt: false)
    let parts = text.pythonSplit(Self.tag.pythonStripped())
    guard parts.count > 1, text.pythonSplit(prefix.pythonStripped()).count > 1 else {
      throw ChatError(
        .rendering, "the chat template leaves out the beginning of the answer, \(prefix.debugDescription.prefix(60))")
    }
    let before = parts.dropLast().joined(separator: Self.tag.pythonStripped())
    return parts[parts.count - 1].hasPrefix(" ") ? before : before.pythonStripped(leading: false)
  }

  /// Stands at the end of an answer that goes on, so that it is seen where the template ends it; with a blank, so that
  /// it is seen whether the template takes blanks away. As transformers' `continue_final_message`.
  private static let tag = "CONTINUE_FINAL_MESSAGE_TAG "

  private static func isSystem(_ message: ChatMessage) -> Bool { message.role == ChatMessage.system }

  private static func message(_ turn: PromptTurn) -> ChatMessage { ChatMessage(role: turn.role, content: turn.content) }

  /// The system's message, one of the user, and the beginning of the answer where there is one.
  private static func single(_ turns: [PromptTurn]) -> [ChatMessage] {
    let system = turns.first.flatMap { $0.role == ChatMessage.system ? $0 : nil }
    var rest = Array(turns.dropFirst(system == nil ? 0 : 1))
    let answer = rest.last.flatMap { $0.role == ChatMessage.assistant ? $0 : nil }
    if answer != nil { rest.removeLast() }
    if !rest.isEmpty { rest[rest.count - 1].delimiter = "" }
    let user = ChatMessage(role: ChatMessage.user, content: rest.map(\.text).joined())
    return (system.map { [message($0)] } ?? []) + [user] + (answer.map { [message($0)] } ?? [])
  }
}
