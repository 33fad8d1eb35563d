import ArgumentParser
import Chat
import Foundation
import Glibc
import Inference
import Results
import TextGeneration

struct ChatCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat", abstract: "Talks with a model in the terminal.",
    discussion: """
      Ctrl-C stops an answer, Ctrl-D ends. /help lists the commands. With a pipe as input all of it is one message, or \
      with --lines every line is one; answers go to stdout.
      """)

  @OptionGroup var model: ChatModelOptions
  @Option(help: "What the model is told before the conversation.") var system: String?
  @Option(help: "0 takes the most likely token each time.") var temperature: Float = 0.7
  @Option(help: "Only the most likely tokens that together have this probability.") var topP: Float = 0.95
  @Option(help: "Only so many of the most likely tokens; 0 for all.") var topK = 0
  @Option(help: "Tokens of an answer at most.") var maxTokens = 1024
  @Option(help: "The same seed gives the same answers (default: another one each time).") var seed: UInt64?
  @Flag(help: "With a pipe as input: every line is a message of its own.") var lines = false

  func validate() throws {
    guard maxTokens > 0 else { throw ValidationError("--max-tokens takes a positive number, found \(maxTokens)") }
  }

  func run() throws {
    let sampling = Sampling(temperature: temperature, topK: topK, topP: topP)
    do {
      try sampling.check()
    } catch {
      throw CommandFailure(.usage, "\(error)")
    }
    let (engine, format) = try model.load(streams: 1, waiting: 1)
    let talk = try Talk(engine: engine, format: format.mapError { CommandFailure(.usage, "\($0)") }.get())
    var session = ChatSession(
      system: system, sampling: sampling, maximumTokens: maxTokens, seed: seed ?? UInt64.random(in: 0..<1 << 32))
    if isatty(STDIN_FILENO) == 1 {
      try converse(talk, &session)
    } else {
      try answerInput(talk, &session)
    }
  }

  private func converse(_ talk: Talk, _ session: inout ChatSession) throws {
    Console.shared.note("\(model.model) (\(talk.engine.storage)); /help lists commands, Ctrl-D ends")
    // Counted from here on: whoever ends the process finds the terminal as it was before.
    Interrupts.count()
    var editor = LineEditor()
    while let line = read(&editor) {
      if line.trimmingCharacters(in: .whitespaces).isEmpty { continue }
      switch session.take(line) {
      case .quit: return
      case .told(let lines): for line in lines { Console.shared.note(line) }
      case .save(let path): save(session, to: path)
      case .message(let text):
        do {
          try talk.answer(text, &session)
        } catch {
          Console.shared.complain("\(error)")
        }
      }
    }
    if Interrupts.isAskedToEnd { throw CommandFailure(.cancelled, "ended by a signal") }
  }

  /// A message of one or more lines; nil at the end.
  private func read(_ editor: inout LineEditor) -> String? {
    var text = ""
    while true {
      switch editor.read(prompt: text.isEmpty ? "> " : "… ") {
      case .closed: return nil
      case .interrupted:
        if text.isEmpty { Console.shared.note("Ctrl-D or /exit ends") }
        text = ""
      case .text(let line):
        guard line.hasSuffix("\\") else { return text + line }
        text += line.dropLast() + "\n"
      }
    }
  }

  private func save(_ session: ChatSession, to path: String) {
    do {
      try replaceFile(path, with: session.json)
      Console.shared.note("\(session.messages.count) messages are in \(path)")
    } catch {
      Console.shared.complain("the conversation was not saved: \(error)")
    }
  }

  private func answerInput(_ talk: Talk, _ session: inout ChatSession) throws {
    if lines {
      while let line = readLine() {
        if !line.trimmingCharacters(in: .whitespaces).isEmpty { try talk.answer(line, &session) }
      }
    } else {
      guard let text = String(validating: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self) else {
        throw CommandFailure(.usage, "what came from the pipe is no UTF-8 text")
      }
      let input = text.trimmingCharacters(in: .whitespacesAndNewlines)
      guard !input.isEmpty else { throw CommandFailure(.usage, "nothing came from the pipe; write a message into it") }
      try talk.answer(input, &session)
    }
  }
}

/// Asks the model and shows the answer as it comes.
private struct Talk {
  let engine: TextEngine
  let format: ChatFormat

  /// - Throws: `CommandFailure` when the conversation cannot be answered; `.cancelled` at Ctrl-C off a terminal.
  ///   `OutputError` when the answer cannot be shown.
  func answer(_ text: String, _ session: inout ChatSession) throws {
    let prompt = try asking { () throws(ChatError) in
      try format.prompt(session.conversation(asking: text), date: .today)
    }
    let room = engine.contextLength - prompt.count
    guard room > 0 else {
      throw CommandFailure(
        .usage, "the conversation has \(prompt.count) tokens, and the model's context holds \(engine.contextLength); "
          + "/reset begins a new one")
    }
    Interrupts.count()
    // Off a terminal nothing looks at the count while the next message is waited for.
    defer { if isatty(STDIN_FILENO) == 0 { Interrupts.release() } }
    let events = EventQueue()
    let id = engine.submit(
      TextRequest(
        prompt: prompt, maximumTokens: min(room, session.maximumTokens), stopTokens: Set(format.stopTokens),
        sampling: session.sampling, seed: session.seed, item: UInt64(session.messages.count))
    ) { events.add($0) }
    var answer = ""
    var isCancelled = false
    while let event = events.next(orWhen: { !isCancelled && Interrupts.number > 0 }) {
      switch event {
      case .interrupted:
        isCancelled = true
        engine.cancel(id)
      case .text(.text(let piece, _)):
        // What was on its way when the answer was stopped.
        if isCancelled { continue }
        answer += piece
        try show(piece, of: id)
      case .text(.refused(let refusal)): throw CommandFailure(.usage, "\(refusal)")
      case .text(.finished(let finish)):
        try show("\n", of: id)
        if answer.isEmpty, !isCancelled { Console.shared.note("(no answer)") }
        if finish.reason == .length, !isCancelled { Console.shared.note("(cut at \(finish.generatedTokens) tokens)") }
        if isCancelled { Console.shared.note("(stopped)") }
        session.remember(text, answer: answer)
        if isCancelled, isatty(STDIN_FILENO) == 0 || Interrupts.isAskedToEnd {
          throw CommandFailure(.cancelled, "the answer was stopped")
        }
        return
      case .text(.accepted): break
      }
    }
  }

  private func asking<Value>(_ body: () throws(ChatError) -> Value) throws -> Value {
    do { return try body() } catch { throw CommandFailure(.usage, "\(error)") }
  }

  private func show(_ text: String, of id: UInt64) throws {
    do {
      try writeAll(Array(visible(text).utf8), to: STDOUT_FILENO, path: "the answer")
    } catch {
      let isReaderGone = errno == EPIPE
      engine.cancel(id)
      throw isReaderGone ? ExitCode.success : error
    }
  }

  /// What a terminal would act on is left out; line ends and tabs stay.
  private func visible(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.filter { $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control }))
  }
}

/// Hands the engine's events to the thread that shows them.
///
/// Sendable: `condition` is held around every use of `events`.
private final class EventQueue: @unchecked Sendable {
  enum Event {
    case text(TextEvent)
    case interrupted
  }

  private let condition = NSCondition()
  private var events: [TextEvent] = []

  func add(_ event: TextEvent) {
    condition.withLock {
      events.append(event)
      condition.signal()
    }
  }

  /// Waits for an event, or for `isInterrupted`, which is asked before each event and ten times a second.
  func next(orWhen isInterrupted: () -> Bool) -> Event? {
    condition.withLock {
      while true {
        if isInterrupted() { return .interrupted }
        if !events.isEmpty { return .text(events.removeFirst()) }
        _ = condition.wait(until: Date(timeIntervalSinceNow: 0.1))
      }
    }
  }
}
