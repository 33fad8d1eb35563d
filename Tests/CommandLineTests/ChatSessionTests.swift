import Chat
import Inference
import Testing

@testable import admix

struct ChatSessionTests {
  private var session = ChatSession(sampling: Sampling(temperature: 0.7), maximumTokens: 100, seed: 5)

  @Test func whatBeginsWithASlashIsACommandAndNothingElse() {
    var session = session
    #expect(session.take("hello /reset") == .message("hello /reset"))
    #expect(session.take(" /reset") == .message(" /reset"))
    #expect(session.take("/exit") == .quit && session.take("/quit") == .quit)
    #expect(session.take("/save talk one.json") == .save("talk one.json"))
    #expect(session.take("/save") == .told(["/save needs a file's name, such as /save talk.json"]))
    #expect(session.take("/rset") == .told(["there is no command /rset; did you mean /reset?"]))
  }

  @Test func parametersAreSetWithinTheirRangesAndElseLeftAlone() {
    var session = session
    for line in ["temperature 0.5", "top_p 0.9", "top_k 40", "min_p 0.1", "max_tokens 7", "seed 9"] {
      #expect(session.take("/set \(line)") == .told([session.parameters]))
    }
    #expect(
      session.parameters
        == "temperature 0.5, top_p 0.9, top_k 40, min_p 0.1, repetition_penalty 1.0, max_tokens 7, seed 9")
    let before = session.parameters
    for line in [
      "", "temperature", "temperature x", "temperature -1", "temperature nan", "top_p 2", "top_k -1", "top_k 1.5",
      "max_tokens 0", "max_tokens 99999999999999999999", "seed -1", "tempo 1", "a b c",
    ] {
      guard case .told(let lines) = session.take("/set \(line)") else {
        Issue.record("/set \(line) is no command")
        continue
      }
      #expect(lines.count == 1 && lines[0] != before)
      #expect(session.parameters == before, "/set \(line)")
    }
  }

  @Test func aConversationIsRememberedAskedAndForgotten() {
    var session = session
    _ = session.take("/system Be brief.")
    session.remember("Hi", answer: "Hello!")
    session.remember("Stopped before a word", answer: "")
    #expect(session.conversation(asking: "And?").map(\.role) == ["system", "user", "assistant", "user"])
    #expect(
      session.json == #"{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}, "#
        + #"{"role": "assistant", "content": "Hello!"}]}"# + "\n")
    #expect(session.take("/reset") == .told(["a new conversation"]))
    #expect(session.conversation(asking: "Hi").map(\.content) == ["Be brief.", "Hi"])
    _ = session.take("/system")
    #expect(session.conversation(asking: "Hi").map(\.role) == ["user"])
  }
}
