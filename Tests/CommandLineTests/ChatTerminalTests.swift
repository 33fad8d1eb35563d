import Foundation
import Glibc
import TestSupport
import Testing

/// `admix chat` on a terminal of its own and behind pipes.
@Suite(.enabled(if: TestData.isPresent, Comment(rawValue: TestData.absence)))
struct ChatTerminalTests {
  private static let model = TestData.place.appendingPathComponent("models/stories260K/hf").path
  private static let arguments = ["chat", model, "--template", "zephyr", "--threads", "1", "--seed", "1"]

  /// A terminal of 80 columns with the program at its other end.
  private final class Terminal {
    let process: Subprocess
    let directory: TemporaryDirectory
    private let descriptor: Int32
    private var received: [UInt8] = []

    init(_ arguments: [String] = []) throws {
      directory = try TemporaryDirectory()
      descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK)
      var size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
      var (unlocked, number): (Int32, Int32) = (0, 0)
      // TIOCSPTLCK and TIOCGPTN of <asm/ioctls.h>, which are macros that Swift does not see.
      guard descriptor >= 0, ioctl(descriptor, 0x4004_5431, &unlocked) == 0,
        ioctl(descriptor, 0x8004_5430, &number) == 0, ioctl(descriptor, UInt(TIOCSWINSZ), &size) == 0
      else { throw TestFailure("no terminal: errno \(errno)") }
      let name = "/dev/pts/\(number)"
      // Its own session, of which this is the terminal: then Ctrl-C is a signal.
      let script = "exec setsid -cw \"$0\" \"$@\" <\(name) >\(name) 2>&1"
      process = try Subprocess(
        URL(fileURLWithPath: "/bin/sh"),
        ["-c", script, Subprocess.admix.path] + ChatTerminalTests.arguments + arguments, name: "chat",
        in: directory.url)
    }

    deinit { close(descriptor) }

    /// What was shown since the last call, up to and with `part`.
    @discardableResult
    func wait(for part: String) throws -> String {
      let end = ContinuousClock.now + .seconds(60)
      while true {
        if let place = received.firstRange(of: Array(part.utf8)) {
          defer { received.removeFirst(place.upperBound) }
          return String(decoding: received[..<place.upperBound], as: UTF8.self)
        }
        guard ContinuousClock.now < end else {
          throw TestFailure("`\(part)` never came: \(String(decoding: received, as: UTF8.self))")
        }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &buffer, buffer.count)
        if count > 0 { received += buffer[..<count] } else { usleep(5_000) }
      }
    }

    /// To the program itself, which `setsid` only waits for.
    func send(_ signal: Int32) throws {
      for child in Cluster.children(of: process.processID) { kill(child, signal) }
    }

    func type(_ text: String) { _ = write(descriptor, text, text.utf8.count) }
  }

  /// Bracketed paste is switched on where a line is read.
  private static let prompt = "\u{1B}[?2004h"

  @Test func aConversationInTheTerminal() throws {
    let terminal = try Terminal(["--max-tokens", "20"])
    try terminal.wait(for: Self.prompt)
    terminal.type("你好，世界\u{1B}[D\u{1B}[D！\r")
    #expect(try terminal.wait(for: "(cut at 20 tokens)").contains("> 你好，！世界"))
    try terminal.wait(for: Self.prompt)
    terminal.type("/save talk.json\r")
    try terminal.wait(for: "2 messages are in talk.json")
    try terminal.wait(for: Self.prompt)
    // A pasted text of two lines, sent by Enter alone.
    terminal.type("\u{1B}[200~one\rtwo\u{1B}[201~\r")
    try terminal.wait(for: "(cut at 20 tokens)")
    try terminal.wait(for: Self.prompt)
    terminal.type("/save /dev/full\r")
    try terminal.wait(for: "the conversation was not saved: /dev/full: is no regular file")
    try terminal.wait(for: Self.prompt)
    terminal.type("/save talk.json\r")
    try terminal.wait(for: "4 messages are in talk.json")
    let saved = try JSONSerialization.jsonObject(
      with: Data(contentsOf: terminal.directory.url.appendingPathComponent("talk.json"))) as? [String: Any]
    let messages = try #require(saved?["messages"] as? [[String: String]])
    #expect(messages.map { $0["role"] } == ["user", "assistant", "user", "assistant"])
    #expect(messages[0]["content"] == "你好，！世界" && messages[2]["content"] == "one\ntwo")
    terminal.type("/params\r")
    try terminal.wait(for: "max_tokens 20, seed 1")
    terminal.type("/reset\r")
    try terminal.wait(for: "a new conversation")
    try terminal.wait(for: Self.prompt)
    terminal.type("\u{4}")
    #expect(try terminal.process.waitForExit(seconds: 30) == 0)
  }

  @Test func controlCStopsTheAnswerOnlyAndASignalTheProgram() throws {
    let terminal = try Terminal(["--max-tokens", "480"])
    try terminal.wait(for: Self.prompt)
    terminal.type("\u{3}")
    try terminal.wait(for: "Ctrl-D or /exit ends")
    try terminal.wait(for: Self.prompt)
    var stops = 0
    for _ in 0..<10 where stops < 2 {
      terminal.type("/reset\r")
      try terminal.wait(for: Self.prompt)
      terminal.type("Once upon a time\r")
      // The line is done and the terminal its own again: from here on Ctrl-S holds what is shown, and Ctrl-C is a
      // signal that lets it go on, when all of the answer waits. One that was all shown before is none to stop.
      try terminal.wait(for: "\u{1B}[?2004l")
      terminal.type("\u{13}")
      usleep(500_000)
      terminal.type("\u{3}")
      let shown = try terminal.wait(for: Self.prompt)
      guard shown.contains("(stopped)") else { continue }
      stops += 1
      #expect(!shown.contains("(cut at"))
    }
    #expect(stops == 2)
    terminal.type("/params\r")
    try terminal.wait(for: "temperature")
    try terminal.wait(for: Self.prompt)
    try terminal.send(SIGTERM)
    try terminal.wait(for: "\u{1B}[?2004l")
    #expect(try terminal.process.waitForExit(seconds: 30) == 7)
  }

  /// Runs a line of the shell in which `"$0" "$@"` is the command.
  private func shell(_ line: String, _ arguments: [String] = []) throws -> (
    status: Int32, output: String, error: String
  ) {
    let directory = try TemporaryDirectory()
    let process = try Subprocess(
      URL(fileURLWithPath: "/bin/bash"),
      ["-c", "set -o pipefail; " + line, Subprocess.admix.path] + Self.arguments + arguments, name: "chat",
      in: directory.url)
    let status = try process.waitForExit(seconds: 60)
    return (status, process.outputText, process.errorText)
  }

  @Test func aPipeIsOneMessageOrAMessageALine() throws {
    func answer(_ input: String, _ arguments: [String] = []) throws -> (status: Int32, output: String, error: String) {
      try shell("printf '\(input)' | \"$0\" \"$@\"", ["--max-tokens", "12"] + arguments)
    }
    let one = try answer("Hello\\nworld\\n")
    #expect(one.status == 0 && one.output.hasSuffix("\n") && one.output.count > 1)
    #expect(try answer("Hello\\nworld\\n").output == one.output)
    let two = try answer("Hello\\n\\nworld\\n", ["--lines"])
    #expect(two.status == 0 && two.output != one.output)
    #expect(try answer("").status == 2)
    #expect(try answer("\\377\\376").status == 2)
  }

  @Test func anAnswerThatCannotBeWrittenIsNoCrash() throws {
    let full = try shell("echo Hi | \"$0\" \"$@\" >/dev/full")
    #expect(full.status == 2 && full.error.contains("the answer: No space left on device"))
    // Who has seen enough is no error.
    let left = try shell("echo Hi | \"$0\" \"$@\" | head -c 3")
    #expect(left.status == 0 && !left.error.contains("error"))
  }
}
