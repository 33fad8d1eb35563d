import Chat
import Inference
import JobKit
import Results
import TextGeneration

/// A conversation and its parameters, and the commands that change them. No I/O of its own.
struct ChatSession {
  var messages: [ChatMessage] = []
  var system: String?
  var sampling: Sampling
  var maximumTokens: Int
  var seed: UInt64

  enum Input: Equatable {
    /// To be answered by the model.
    case message(String)
    /// Done; what to tell.
    case told([String])
    case save(String)
    case quit
  }

  private static let commands = ["/reset", "/save", "/params", "/system", "/set", "/help", "/exit"]

  /// What a line means: a command, or something to say.
  mutating func take(_ line: String) -> Input {
    guard line.hasPrefix("/") else { return .message(line) }
    let words = line.split(separator: " ", maxSplits: 1).map(String.init)
    let rest = words.count > 1 ? words[1].trimmingPrefix(while: \.isWhitespace).description : ""
    switch words[0] {
    case "/exit", "/quit", "/bye": return .quit
    case "/help": return .told(Self.help)
    case "/reset":
      messages = []
      return .told(["a new conversation"])
    case "/save":
      return rest.isEmpty ? .told(["/save needs a file's name, such as /save talk.json"]) : .save(rest)
    case "/params": return .told([parameters])
    case "/system":
      system = rest.isEmpty ? nil : rest
      return .told([rest.isEmpty ? "no system prompt" : "the system prompt is set; it counts from the next message on"])
    case "/set": return .told([set(rest)])
    default:
      let near = nearest(to: words[0], among: Self.commands)
      return .told([
        "there is no command \(words[0])" + (near.map { "; did you mean \($0)?" } ?? "; /help lists them")
      ])
    }
  }

  private static let help = [
    "/reset              forgets the conversation",
    "/save FILE          writes it as JSON messages",
    "/params             shows how answers are chosen",
    "/set NAME VALUE     temperature, top_p, top_k, min_p, repetition_penalty, max_tokens, seed",
    "/system TEXT        sets the system prompt; without TEXT takes it away",
    "/exit               ends, as Ctrl-D does; Ctrl-C stops an answer",
    "A space before a slash makes it part of a message.",
    "Alt+Enter makes a new line, and so does a backslash at a line's end.",
  ]

  var parameters: String {
    "temperature \(sampling.temperature), top_p \(sampling.topP), top_k \(sampling.topK), min_p \(sampling.minP), "
      + "repetition_penalty \(sampling.repetitionPenalty), max_tokens \(maximumTokens), seed \(seed)"
  }

  private mutating func set(_ text: String) -> String {
    let words = text.split(separator: " ").map(String.init)
    guard words.count == 2 else { return "write /set NAME VALUE, such as /set temperature 0.7" }
    var changed = self
    let number = Float(words[1])
    let whole = Int(words[1])
    switch (words[0], number, whole) {
    case ("temperature", let value?, _): changed.sampling.temperature = value
    case ("top_p", let value?, _): changed.sampling.topP = value
    case ("min_p", let value?, _): changed.sampling.minP = value
    case ("repetition_penalty", let value?, _): changed.sampling.repetitionPenalty = value
    case ("top_k", _, let value?): changed.sampling.topK = value
    case ("max_tokens", _, let value?) where value > 0: changed.maximumTokens = value
    case ("seed", _, let value?) where value >= 0: changed.seed = UInt64(value)
    case ("temperature", _, _), ("top_p", _, _), ("min_p", _, _), ("repetition_penalty", _, _), ("top_k", _, _),
      ("max_tokens", _, _), ("seed", _, _):
      return "\(words[0]): found \(words[1]), expected a number that fits"
    default: return "there is no parameter \(words[0]); /help lists them"
    }
    do {
      try changed.sampling.check()
    } catch {
      return "\(error)"
    }
    self = changed
    return parameters
  }

  /// What the model is asked, with `line` as the last message.
  func conversation(asking line: String) -> [ChatMessage] {
    (system.map { [ChatMessage(role: ChatMessage.system, content: $0)] } ?? []) + messages + [
      ChatMessage(role: ChatMessage.user, content: line)
    ]
  }

  /// A question that nothing was said to is as if it had not been asked.
  mutating func remember(_ question: String, answer: String) {
    guard !answer.isEmpty else { return }
    messages += [
      ChatMessage(role: ChatMessage.user, content: question), ChatMessage(role: ChatMessage.assistant, content: answer),
    ]
  }

  /// The conversation as `sft` reads it: a JSON object with `messages`.
  var json: String {
    let all = (system.map { [ChatMessage(role: ChatMessage.system, content: $0)] } ?? []) + messages
    let node: JSONNode = [
      "messages": .array(all.map { ["role": .string($0.role), "content": .string($0.content)] })
    ]
    return node.text() + "\n"
  }
}
