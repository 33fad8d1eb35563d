import Hummingbird
import Results
import TextGeneration

/// Answers one request for texts, whole or as server-sent events. A client that goes away ends its texts, whether it
/// waits for a place, for the whole answer or for its next piece.
struct CompletionHandler: Sendable {
  let engine: TextEngine
  let requests: [TextRequest]
  let format: CompletionFormat
  let includesUsage: Bool

  func whole(for client: ClientPresence) async throws -> Response {
    let run = TextRun(engine, requests)
    client.whenGone { run.cancel() }
    defer { client.whenGone(nil) }
    var reader = try await run.accepted()
    var texts = requests.map { _ in FinishedText() }
    var open = texts.count
    while open > 0, let event = await reader.next() {
      switch event.event {
      case .text(let piece, let tokens):
        texts[event.choice].text += piece
        texts[event.choice].tokens += tokens
      case .finished(let finish):
        texts[event.choice].finish = finish
        open -= 1
      case .accepted, .refused: break
      }
    }
    guard texts.allSatisfy({ $0.finish.map { $0.reason != .cancelled } ?? false }) else {
      throw APIError(.stopping)
    }
    return .json(format.whole(texts))
  }

  /// The head is sent once every choice was taken, so that a refusal has a status of its own.
  func streamed(to client: ClientPresence) async throws -> Response {
    let run = TextRun(engine, requests)
    client.whenGone { run.cancel() }
    let accepted = try await run.accepted()
    return Response(
      status: .ok,
      headers: [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store"],
      body: ResponseBody { writer in
        defer {
          run.cancel()
          client.whenGone(nil)
        }
        try await writeEvents(of: accepted, to: &writer)
        try await writer.finish(nil)
      })
  }

  private func writeEvents(of accepted: TextRun.Reader, to writer: inout any ResponseBodyWriter) async throws {
    for choice in requests.indices {
      if let node = format.opening(choice) { try await writer.write(Self.event(node.text())) }
    }
    var finishes: [TextFinish?] = requests.map { _ in nil }
    var reader = accepted
    while finishes.contains(nil), let event = await reader.next() {
      switch event.event {
      case .text(let piece, let tokens):
        try await writer.write(Self.event(format.piece(event.choice, piece, tokens).text()))
      case .finished(let finish):
        finishes[event.choice] = finish
        try await writer.write(Self.event(format.closing(event.choice, finish).text()))
      case .accepted, .refused: break
      }
    }
    if includesUsage { try await writer.write(Self.event(format.usageChunk(finishes.compactMap { $0 }).text())) }
    try await writer.write(Self.event("[DONE]"))
  }

  /// One server-sent event: a line of data, and an empty line.
  static func event(_ data: String) -> ByteBuffer { ByteBuffer(string: "data: \(data)\n\n") }
}
