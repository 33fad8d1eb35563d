import Chat
import Foundation
import Templates
import Testing

/// Rows in every form that people write them, and what is read in them: `Fixtures/rows.jsonl`.
@Suite("Rows of conversations")
struct ConversationRowTests {
  private func text(_ messages: [ChatMessage]) -> String {
    messages.map { "\($0.role): \($0.content)" }.joined(separator: " | ")
  }

  /// The row as the fixture writes it: turns, the reason why it is left out, or the error.
  private func read(_ row: TemplateValue, kind: String) -> String {
    do {
      if kind == "conversation" {
        switch try ConversationRow.conversation(row) {
        case .defect(let defect): return defect.rawValue
        case .row(let messages): return text(messages)
        }
      }
      switch try ConversationRow.preference(row) {
      case .defect(let defect): return defect.rawValue
      case .row(let pair): return "\(text(pair.prompt)) > \(text(pair.chosen)) > \(text(pair.rejected))"
      }
    } catch {
      #expect(error.code == .malformed)
      return "error: \(error.problem)"
    }
  }

  @Test("are read in every form, left out with a reason, or refused with what was found")
  func forms() throws {
    let file = PublishedTemplateTests.folder.appendingPathComponent("rows.jsonl")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    #expect(lines.count > 30)
    for line in lines {
      guard case .dictionary(let one) = try TemplateValue(json: Array(line.utf8)), let row = one["row"],
        case .string(let kind)? = one["kind"], case .string(let expected)? = one["expected"]
      else {
        Issue.record("no case: \(line)")
        continue
      }
      #expect(read(row, kind: kind) == expected, "\(line)")
    }
  }
}
