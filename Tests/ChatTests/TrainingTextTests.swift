import Chat
import Checkpoints
import Testing
import Tokenizers

@Suite("What a training learns of a conversation")
struct TrainingTextTests {
  private func format(_ template: String) throws -> ChatFormat {
    let (directory, tokenizer) = try ChatFormatTests.tokenizer(["<|im_start|>", "<|im_end|>", "<|endoftext|>"])
    defer { _ = directory }
    let file = CompanionFile(name: "chat_template.jinja", contents: Array(template.utf8))
    return try ChatFormat(configuration: ChatFormatTests.configuration, companions: [file], tokenizer: tokenizer)
  }

  private static let messages = [
    ChatMessage(role: "system", content: "be brief"), ChatMessage(role: "user", content: "hi"),
    ChatMessage(role: "assistant", content: "yes?"), ChatMessage(role: "user", content: "bye"),
    ChatMessage(role: "assistant", content: "bye!"),
  ]

  private func learned(_ text: TrainingText, _ tokenizer: any Tokenizer) throws -> String {
    var parts = [String](), current = [Int32]()
    for (token, isLearned) in zip(text.tokens + [0], text.isLearned + [false]) {
      if isLearned {
        current.append(token)
      } else if !current.isEmpty {
        parts.append(try tokenizer.decode(current))
        current = []
      }
    }
    return parts.joined(separator: "|")
  }

  @Test("is every answer with the end of its turn, and nothing of the prompts")
  func answers() throws {
    let format = try format(NamedTemplate.chatml.source)
    let text = try format.trainingText(Self.messages)
    #expect(try learned(text, format.tokenizer) == "yes?\n|bye!\n")
    #expect(text.straddles == 0)
    let end = try #require(format.tokenizer.id(of: "<|im_end|>"))
    #expect(zip(text.tokens, text.isLearned).count { $0 == end && $1 } == 2)
    // What a server would be asked for is what stands before an answer.
    let prompt = try format.prompt(Array(Self.messages[..<4]))
    let last = try #require(text.isLearned.indices.last { text.isLearned[$0] && !text.isLearned[$0 - 1] })
    #expect(Array(text.tokens[..<last]) == prompt)
    let all = try format.trainingText(Self.messages, learning: .all)
    #expect(all.tokens == text.tokens && all.isLearned.allSatisfy { $0 })
  }

  @Test("needs a template that opens the assistant's turn, or whose user's turn does")
  func generationPrompts() throws {
    let without = try format(
      "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}")
    let error = #expect(throws: ChatError.self) { try without.trainingText(Self.messages) }
    #expect(error?.code == .noGenerationPrompt)
    #expect(error?.problem.hasPrefix("the chat template has no generation prompt") == true)
    #expect(try without.trainingText(Self.messages, learning: .all).isLearned.contains(true))
    let mistral = try format(
      "{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]{% else %} {{ m.content }}"
        + "<|endoftext|>{% endif %}{% endfor %}")
    let text = try mistral.trainingText(Array(Self.messages.dropFirst()))
    #expect(try learned(text, mistral.tokenizer) == " yes?| bye!")
  }

  @Test("refuses a template that shows earlier turns differently later, and passes its own refusals on")
  func unstable() throws {
    let changing = try format(
      "{{ messages | length }}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
        + "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")
    #expect(#expect(throws: ChatError.self) { try changing.trainingText(Self.messages) }?.code == .unstable)
    let raising = try format("{{ raise_exception('no system, please') }}")
    let error = #expect(throws: ChatError.self) { try raising.trainingText(Self.messages) }
    #expect(error?.problem == "the chat template refuses the conversation: line 1: no system, please")
  }
}
