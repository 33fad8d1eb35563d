import ArgumentParser
import Foundation
import Glibc
import Results
import Serving
import TextGeneration

struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serves a model over HTTP, as OpenAI's API does, with a page to talk to it.",
    discussion: """
      http://HOST:PORT/ is the page; clients of OpenAI's API take http://HOST:PORT/v1 as their base URL. Ctrl-C lets \
      running answers end; a second one stops at once.
      """)

  @OptionGroup var model: ChatModelOptions
  @Option(help: "The address to listen on.") var host = "127.0.0.1"
  @Option(help: "The port; 0 takes any that is free.") var port = 8080
  @Option(help: "What clients call the model (default: its file's or directory's name).") var name: String?
  @Option(
    name: .customLong("api-key-file"), help: "A file with a key a line, of which requests must carry one.",
    completion: .file())
  var apiKeyFile: String?
  @Option(help: "Answers that are computed at once; others wait.") var streams = 16
  @Option(help: "Requests that may wait for a place; further ones are refused.") var waiting = 256
  @Option(help: "Tokens of an answer where the request does not say.") var maxTokens = 512
  @Option(help: "Seconds that running answers have to end after Ctrl-C.") var patience = 30
  @Flag(help: "Let others than this host in without a key, on a network that you trust.") var insecureNetwork = false

  func validate() throws {
    guard (0...65535).contains(port) else { throw ValidationError("--port takes 0 to 65535, found \(port)") }
    guard (1...1024).contains(streams) else { throw ValidationError("--streams takes 1 to 1024, found \(streams)") }
    guard (1...100_000).contains(waiting) else {
      throw ValidationError("--waiting takes 1 to 100000, found \(waiting)")
    }
    guard maxTokens > 0 else { throw ValidationError("--max-tokens takes a positive number, found \(maxTokens)") }
    guard (0...86_400).contains(patience) else {
      throw ValidationError("--patience takes 0 to 86400 seconds, found \(patience)")
    }
  }

  func run() throws {
    let keys = try apiKeys()
    guard isLoopback || !keys.isEmpty || insecureNetwork else {
      throw CommandFailure(
        .usage, "--host \(host): others than this host could use the model. Give --api-key-file, or "
          + "--insecure-network on a network that you trust")
    }
    let (engine, format) = try model.load(streams: streams, waiting: waiting)
    let name = name ?? URL(fileURLWithPath: model.model).lastPathComponent
    let options = ChatServer.Options(
      modelName: name, host: host, port: port, apiKeys: keys, defaultMaximumTokens: maxTokens)
    if case .failure(let error) = format { Console.shared.warn("no chat completions: \(error)") }
    let server = ChatServer(engine, format: format, options: options)
    Interrupts.count()
    let done = DispatchSemaphore(value: 0)
    let outcome = Outcome()
    let (host, seconds) = (host, patience)
    Task {
      do {
        try await server.run(
          patience: .seconds(seconds),
          listening: { port in
            let place = host.contains(":") ? "[\(host)]" : host
            Console.shared.note("\(name) (\(engine.storage)) is served at http://\(place):\(port)/")
          },
          isAskedToStop: { Interrupts.number > 0 },
          stopping: {
            Console.shared.note(
              "taking no more requests; running answers have \(seconds) s to end. Ctrl-C again stops at once")
          })
      } catch {
        outcome.error = error
      }
      done.signal()
    }
    while done.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
      if Interrupts.number > 1 { throw CommandFailure(.cancelled, "stopped at once") }
    }
    if let error = outcome.error as? ServingError { throw CommandFailure(.usage, "\(error)") }
    if let error = outcome.error { throw error }
  }

  private var isLoopback: Bool {
    var address = in_addr()
    if inet_pton(AF_INET, host, &address) == 1 { return UInt32(bigEndian: address.s_addr) >> 24 == 127 }
    return host == "localhost" || host == "::1"
  }

  private func apiKeys() throws -> [String] {
    guard let apiKeyFile else { return [] }
    guard let text = readText(apiKeyFile) else {
      throw CommandFailure(.usage, "--api-key-file \(apiKeyFile) cannot be read; it takes a text with a key a line")
    }
    var status = stat()
    if stat(apiKeyFile, &status) == 0, status.st_mode & 0o077 != 0 {
      Console.shared.warn("others on this host may read the keys: chmod 600 \(apiKeyFile)")
    }
    let keys = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
    guard !keys.isEmpty else { throw CommandFailure(.usage, "--api-key-file \(apiKeyFile) has no key") }
    return keys
  }

  /// What the server's task leaves behind; read after the semaphore says that it is over.
  private final class Outcome: @unchecked Sendable {
    // Sendable: written by the task before it signals, read after.
    var error: (any Error)?
  }
}
