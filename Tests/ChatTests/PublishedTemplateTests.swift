import Chat
import Foundation
import Templates
import Testing

/// Published chat templates and what transformers makes of them, by `scripts/fixtures/chat_reference.py`.
@Suite("Published chat templates")
struct PublishedTemplateTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
  static let names = [
    "llama-2", "llama-3", "llama-3.1", "llama-3.2", "qwen2.5", "smollm2", "chatml", "zephyr", "mistral-v0.1",
    "mistral-v0.2",
  ]
  static let now = ChatDate(year: 2026, month: 3, day: 7, hour: 15, minute: 4, second: 5)

  static func object(_ name: String) throws -> TemplateDictionary {
    let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("\(name).json")))
    guard case .dictionary(let object) = try TemplateValue(json: bytes) else { return TemplateDictionary() }
    return object
  }

  static func template(_ name: String) throws -> ChatTemplate {
    let fixture = try object(name)
    guard case .string(let source)? = fixture["template"], case .dictionary(let tokens)? = fixture["tokens"] else {
      throw CocoaError(.fileReadCorruptFile)
    }
    return try ChatTemplate(source, specialTokens: tokens)
  }

  @Test("give the text that jinja2 gives, byte for byte, and refuse what it refuses", arguments: names)
  func equality(_ name: String) throws {
    let table = try Self.object("conversations")
    let template = try Self.template(name)
    guard case .list(let cases)? = try Self.object(name)["cases"],
      case .dictionary(let conversations)? = table["conversations"], let tools = table["tools"]
    else {
      Issue.record("the fixture is not there")
      return
    }
    #expect(cases.count > 35)
    for case .dictionary(let one) in cases {
      guard case .string(let title)? = one["conversation"], case .bool(let prompt)? = one["add_generation_prompt"],
        case .bool(let withTools)? = one["tools"], let messages = conversations[title]
      else {
        Issue.record("a case without its names")
        continue
      }
      var names = TemplateDictionary()
      if withTools { names["tools"] = tools }
      do {
        let text = try template.render(messages, addGenerationPrompt: prompt, date: Self.now, names: names)
        guard case .string(let expected)? = one["text"] else {
          Issue.record("\(name), \(title): \(text.debugDescription), where jinja2 refuses")
          continue
        }
        #expect(Array(text.utf8) == Array(expected.utf8), "\(name), \(title): \(text.debugDescription)")
      } catch {
        #expect(one["error"] != nil, "\(name), \(title): \(error)")
      }
    }
  }

  @Test("say why they refuse a conversation")
  func refusal() throws {
    let messages = [ChatMessage(role: "user", content: "a"), ChatMessage(role: "user", content: "b")]
    let error = #expect(throws: ChatError.self) {
      try Self.template("mistral-v0.2").render(messages, addGenerationPrompt: true)
    }
    #expect(error?.code == .rendering)
    #expect(
      error?.problem == "the chat template refuses the conversation: line 1: Conversation roles must alternate "
        + "user/assistant/user/assistant/...")
  }

  @Test("are refused by line when they use what is not there")
  func unsupported() {
    let error = #expect(throws: ChatError.self) { try ChatTemplate("{{ bos_token }}\n\n{% import 'x' as y %}") }
    #expect(error?.code == .template)
    #expect(error?.problem.contains("line 3") == true, "\(error?.problem ?? "")")
  }

  @Test("tell the date that they are given, and none else")
  func dates() throws {
    let messages = [ChatMessage(role: "user", content: "a")]
    let template = try Self.template("llama-3.2")
    let dated = try template.render(messages, addGenerationPrompt: true, date: ChatDate("2024-02-29"))
    #expect(dated.contains("Today Date: 29 Feb 2024\n"))
    #expect(try template.render(messages, addGenerationPrompt: true).contains("Today Date: 26 Jul 2024\n"))
    #expect(ChatDate("2023-02-29") == nil && ChatDate("2023-2-09") == nil && ChatDate("2100-12-32") == nil)
    let clock = try ChatTemplate("{{ strftime_now('%a %A %j %I%p %e %F %T %y %B %b %D %%') }}")
    #expect(
      try clock.render(messages, addGenerationPrompt: false, date: Self.now)
        == "Sat Saturday 066 03PM  7 2026-03-07 15:04:05 26 March Mar 03/07/26 %")
  }
}
