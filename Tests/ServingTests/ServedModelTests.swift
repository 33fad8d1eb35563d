import Foundation
import TestSupport
import Testing

/// `admix serve` as a process of its own, asked over HTTP. Texts are compared with each other alone: what a model says
/// is no promise of the server.
@Suite(.enabled(if: TestData.isPresent, Comment(rawValue: TestData.absence)), .serialized)
struct ServedModelTests {
  private func body(_ fields: String, prompt: String = "Once upon a time", tokens: Int = 12) -> String {
    #"{"prompt": "\#(prompt)", "max_tokens": \#(tokens)\#(fields.isEmpty ? "" : ", " + fields)}"#
  }

  private func complete(
    _ server: ServedModel, _ fields: String = "", prompt: String = "Once upon a time", tokens: Int = 12
  ) throws -> Reply {
    try Reply(of: server, .post, "/v1/completions", body(fields, prompt: prompt, tokens: tokens))
  }

  @Test func healthModelsMetricsAndThePageAreThere() throws {
    let server = try ServedModel(["--name", "stories/260K"])
    let health = try Reply(of: server, .get, "/health")
    #expect(health.status == 200 && health.json["status"] as? String == "ok")
    #expect(try Reply(of: server, .head, "/health").status == 200)
    let models = try Reply(of: server, .get, "/v1/models").json["data"] as? [[String: Any]]
    #expect(models?.count == 1 && models?[0]["id"] as? String == "stories/260K")
    #expect(models?[0]["context_length"] as? Int == 512)
    for path in ["stories/260K", "stories%2F260K"] {
      #expect(try Reply(of: server, .get, "/v1/models/" + path).json["id"] as? String == "stories/260K")
    }
    #expect(try Reply(of: server, .get, "/v1/models/other").error["code"] as? String == "model_not_found")
    let page = try Reply(of: server, .get, "/")
    #expect(page.status == 200 && page.text.contains("<!doctype html>"))
    // Nothing from elsewhere, and a browser is told so.
    #expect(!page.text.contains("://"))
    #expect(page.headers["content-security-policy"]?.contains("default-src 'none'") == true)
    let metrics = try server.metrics()
    #expect(metrics["admix_requests_running"] == 0 && metrics["admix_cache_pages"] ?? 0 > 0)
    #expect(try Reply(of: server, .put, "/v1/models").status == 404)
  }

  @Test func aChatAndACompletionAreOpenAIsObjects() throws {
    let server = try ServedModel()
    let chat = try Reply(
      of: server, .post, "/v1/chat/completions",
      #"{"model": "hf", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9, "temperature": 0}"#)
    #expect(chat.status == 200 && chat.json["object"] as? String == "chat.completion")
    #expect((chat.json["id"] as? String)?.hasPrefix("chatcmpl-") == true)
    let message = chat.choices.first?["message"] as? [String: Any]
    #expect(message?["role"] as? String == "assistant" && (message?["content"] as? String)?.isEmpty == false)
    #expect(chat.choices.first?["finish_reason"] as? String == "length")
    let usage = chat.usage.compactMapValues { $0 as? Int }
    #expect(usage["completion_tokens"] == 9 && usage["prompt_tokens"] ?? 0 > 9)
    #expect(usage["total_tokens"] == (usage["prompt_tokens"] ?? 0) + 9)
    // Parts of text are one text.
    let parts = try Reply(
      of: server, .post, "/v1/chat/completions",
      #"{"messages": [{"role": "user", "content": [{"type": "text", "text": "H"}, {"type": "text", "text": "i"}]}], "#
        + #""max_tokens": 9, "temperature": 0}"#)
    let same = parts.choices.first?["message"] as? [String: Any]
    #expect(same?["content"] as? String == message?["content"] as? String)

    let text = try complete(server, #""temperature": 0"#)
    #expect(text.json["object"] as? String == "text_completion")
    // A word of its own begins with its space.
    #expect(text.completion.hasPrefix(",") || text.completion.hasPrefix(" "))
    let tokens = try complete(server, #""temperature": 0, "logprobs": 2"#)
    let probabilities = tokens.choices.first?["logprobs"] as? [String: Any]
    #expect((probabilities?["tokens"] as? [String])?.joined() == text.completion)
    #expect((probabilities?["top_logprobs"] as? [[String: Double]])?.allSatisfy { (1...2).contains($0.count) } == true)
    #expect((probabilities?["token_logprobs"] as? [Double])?.allSatisfy { $0 <= 0 } == true)
  }

  @Test func aStreamSaysWhatTheWholeAnswerSays() throws {
    let server = try ServedModel()
    let fields = #""seed": 4, "n": 2"#
    let whole = try complete(server, fields, tokens: 30)
    let reply = try complete(
      server, fields + #", "stream": true, "stream_options": {"include_usage": true}"#, tokens: 30)
    #expect(reply.headers["content-type"]?.hasPrefix("text/event-stream") == true)
    let events = try reply.events()
    var texts = ["", ""]
    var reasons: [Int: String] = [:]
    for choice in events.compactMap({ ($0["choices"] as? [[String: Any]])?.first }) {
      let index = try #require(choice["index"] as? Int)
      texts[index] += choice["text"] as? String ?? ""
      if let reason = choice["finish_reason"] as? String { reasons[index] = reason }
    }
    #expect(texts == whole.choices.compactMap { $0["text"] as? String } && texts[0] != texts[1])
    #expect(reasons.count == 2)
    let usage = try #require(events.last?["usage"] as? [String: Any])
    #expect(usage["completion_tokens"] as? Int == whole.usage["completion_tokens"] as? Int)

    let chat = try Reply(
      of: server, .post, "/v1/chat/completions",
      #"{"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5, "stream": true}"#)
    let deltas = try chat.events().compactMap { ($0["choices"] as? [[String: Any]])?.first?["delta"] as? [String: Any] }
    #expect(deltas.first?["role"] as? String == "assistant" && deltas.last?.isEmpty == true)
  }

  @Test func parametersDoWhatTheySay() throws {
    let server = try ServedModel()
    let greedy = try complete(server, #""temperature": 0"#, tokens: 40)
    #expect(greedy.usage["completion_tokens"] as? Int == 40)
    #expect(try complete(server, #""temperature": 0"#, tokens: 40).completion == greedy.completion)
    #expect(try complete(server, #""temperature": 2, "top_k": 1"#, tokens: 40).completion == greedy.completion)
    #expect(try complete(server, #""temperature": 2, "top_p": 0.000001"#, tokens: 40).completion == greedy.completion)
    #expect(try complete(server, #""temperature": 0"#, tokens: 3).usage["completion_tokens"] as? Int == 3)
    let seeded = try complete(server, #""seed": 1"#, tokens: 40).completion
    #expect(try complete(server, #""seed": 1"#, tokens: 40).completion == seeded)
    #expect(try complete(server, #""seed": 2"#, tokens: 40).completion != seeded)
    // Without a seed every answer is another one.
    #expect(try complete(server, tokens: 40).completion != complete(server, tokens: 40).completion)
    // The text before the stop text, as if that had never been there.
    let characters = Array(greedy.completion)
    for place in [5, 11, 20] {
      let stop = String(characters[place..<place + 4])
      let expected = String(greedy.completion[..<(try #require(greedy.completion.ranges(of: stop).first).lowerBound)])
      let quoted = String(decoding: try JSONEncoder().encode([stop, "no such text"]), as: UTF8.self)
      let stopped = try complete(server, #""temperature": 0, "stop": \#(quoted)"#, tokens: 40)
      #expect(stopped.completion == expected && stopped.choices.first?["finish_reason"] as? String == "stop")
    }
  }

  @Test func theSameSeedGivesTheSameTextWhateverElseIsInTheBatch() throws {
    let server = try ServedModel(["--streams", "12"])
    let alone = try (0..<3).map { try complete(server, #""seed": \#($0)"#, tokens: 60).completion }
    let beside = try atOnce(24) { index in
      // Others of all lengths come and go; some share the prompt and some do not.
      index < 12
        ? try self.complete(server, #""seed": \#(index % 3)"#, tokens: 60).completion
        : try self.complete(
          server, #""seed": \#(index), "temperature": 1.5"#, prompt: String(repeating: "a b ", count: 5 * index),
          tokens: 5 * index
        ).completion
    }
    for index in 0..<12 { #expect(beside[index] == alone[index % 3]) }
  }

  @Test func sixtyFourClientsAtOnceAreAllAnswered() throws {
    let server = try ServedModel()
    let replies = try atOnce(64) { index in
      try self.complete(server, #""seed": \#(index % 4), "stream": \#(index % 2 == 0)"#, tokens: 30)
    }
    #expect(replies.allSatisfy { $0.status == 200 })
    let texts = try replies.enumerated().map { index, reply in
      index % 2 == 1
        ? reply.completion
        : try reply.events().compactMap { ($0["choices"] as? [[String: Any]])?.first?["text"] as? String }.joined()
    }
    for index in 4..<64 { #expect(texts[index] == texts[index % 4]) }
    // An answer is told before its place is counted as free.
    try server.waitUntil("rest") { $0["admix_requests_running"] == 0 && $0["admix_requests_finished_total"] == 64 }
  }

  @Test func requestsBeyondTheWaitingOnesAreToldToComeLater() throws {
    let server = try ServedModel(["--streams", "1", "--waiting", "2"])
    let replies = try atOnce(16) { _ in try self.complete(server, tokens: 400) }
    let refused = replies.filter { $0.status == 429 }
    #expect(replies.allSatisfy { [200, 429].contains($0.status) } && !refused.isEmpty && refused.count < 16)
    #expect(refused.allSatisfy { $0.headers["retry-after"] == "1" && $0.error["code"] as? String == "busy" })
    #expect(try server.metrics()["admix_requests_refused_total"] == Double(refused.count))
  }

  @Test(arguments: ["reads a stream", "waits for the whole", "waits for a place"])
  func aClientThatLeavesFreesItsPlace(who: String) throws {
    // Enough texts, one after another where nothing else holds them up, to outlast the leaving by far.
    let server = try ServedModel(["--streams", who == "waits for a place" ? "16" : "1"])
    var others: [Connection] = []
    if who == "waits for a place" {
      for _ in 0..<4 {
        others.append(try Connection(server))
        try others[others.count - 1].send(.post, "/v1/completions", body(#""n": 16"#, tokens: 480))
      }
      try server.waitUntil("a full house") { $0["admix_requests_waiting"] ?? 0 >= 32 }
    }
    let before = try server.metrics()["admix_requests_cancelled_total"] ?? 0
    var leaving: Connection? = try Connection(server)
    try leaving?.send(
      .post, "/v1/completions", body(#""n": 16, "stream": \#(who == "reads a stream")"#, tokens: 480))
    if who == "reads a stream" { try leaving?.receive(until: "data: ") }
    let requests = Double(16 * (others.count + 1))
    try server.waitUntil("the request") { $0["admix_requests_total"] == requests }
    leaving = nil
    try server.waitUntil("the end of its texts") { $0["admix_requests_cancelled_total"] ?? 0 > before }
    for other in others { #expect(try other.reply().status == 200) }
    try server.waitUntil("rest") { $0["admix_requests_running"] == 0 && $0["admix_requests_waiting"] == 0 }
    let metrics = try server.metrics()
    let cancelled = metrics["admix_requests_cancelled_total"] ?? 0
    #expect((1...16).contains(cancelled))
    #expect(cancelled + (metrics["admix_requests_finished_total"] ?? 0) == requests)
    #expect(metrics["admix_generated_tokens_total"] ?? 0 < requests * 480)
    #expect(try complete(server).status == 200)
  }

  @Test func slowClientsKeepNobodyWaiting() throws {
    let server = try ServedModel(["--streams", "1"])
    // One that never ends its request, and one that does not read its answer.
    let halfway = try Connection(server)
    try halfway.send(Array("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{".utf8))
    let deaf = try Connection(server, buffer: 4096)
    try deaf.send(.post, "/v1/completions", body(#""stream": true, "n": 4, "logprobs": 20"#, tokens: 300))
    try server.waitUntil("its texts") { $0["admix_requests_finished_total"] == 4 }
    #expect(try complete(server).status == 200)
    // What it was owed is still there.
    let slow = try deaf.reply()
    #expect(try slow.events().count > 4)
    try halfway.send(Array(repeating: 0x20, count: 499))
    #expect(try halfway.reply().status == 400)
  }

  @Test func badRequestsAreAnsweredAndTheServerGoesOn() throws {
    let server = try ServedModel()
    for (path, body, status, field) in [
      ("completions", "{\"prompt\": \"a\"", 400, nil), ("completions", "", 400, nil), ("completions", "[]", 400, nil),
      ("completions", "{}", 400, "prompt"), ("completions", #"{"prompt": 3}"#, 400, "prompt"),
      ("completions", #"{"prompt": [1, 512]}"#, 400, "prompt[1]"),
      ("completions", #"{"prompt": [-1]}"#, 400, "prompt[0]"),
      ("completions", #"{"prompt": ["a", "b"]}"#, 400, "prompt[0]"),
      ("completions", #"{"prompt": "a", "model": "gpt-4"}"#, 404, "model"),
      ("completions", #"{"prompt": "a", "max_tokens": -1}"#, 400, "max_tokens"),
      ("completions", #"{"prompt": "a", "temperature": -0.1}"#, 400, "temperature"),
      ("completions", #"{"prompt": "a", "top_k": -1}"#, 400, "top_k"),
      ("completions", #"{"prompt": "a", "n": -1}"#, 400, "n"),
      ("completions", #"{"prompt": "a", "logprobs": -1}"#, 400, "logprobs"),
      ("completions", #"{"prompt": "a", "echo": true}"#, 400, "echo"),
      ("completions", #"{"prompt": "\#(String(repeating: "word ", count: 600))"}"#, 400, "prompt"),
      ("chat/completions", "{}", 400, "messages"), ("chat/completions", #"{"messages": []}"#, 400, "messages"),
      ("chat/completions", #"{"messages": ["hi"]}"#, 400, "messages[0]"),
      ("chat/completions", #"{"messages": [{"role": "user"}]}"#, 400, "messages[0].content"),
      ("chat/completions", #"{"messages": [{"content": "x"}]}"#, 400, "messages[0].role"),
      (
        "chat/completions",
        #"{"messages": [{"role": "user", "content": "\#(String(repeating: "word ", count: 600))"}]}"#, 400, "messages"
      ),
      (
        "chat/completions", #"{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}"#, 400,
        "messages[0].content"
      ),
      ("chat/completions", #"{"messages": [{"role": "user", "content": "x"}], "tools": [{}]}"#, 400, "tools"),
    ] as [(String, String, Int, String?)] {
      let reply = try Reply(of: server, .post, "/v1/" + path, body)
      #expect(reply.status == status && reply.error["param"] as? String == field, "\(body.prefix(80)): \(reply.text)")
      #expect((reply.error["message"] as? String)?.isEmpty == false)
      #expect(reply.error["type"] as? String == "invalid_request_error")
    }
    let letters = String(repeating: "a", count: 10 << 20)
    let large = try Reply(of: server, .post, "/v1/completions", body("", prompt: letters))
    #expect(large.status == 413 && large.error["code"] as? String == "too_large")
    let noHTTP = try Connection(server)
    try noHTTP.send(Array("hello\r\n\r\n".utf8))
    #expect(try noHTTP.reply().status == 400)
    #expect(try complete(server).status == 200)
    #expect(try server.metrics()["admix_requests_total"] == 1)
  }

  @Test func keysOpenTheServer() throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write("first-key\n\n  second-key \n", to: "keys")
    let server = try ServedModel(["--api-key-file", file.path])
    #expect(server.process.errorText.contains("others on this host may read the keys: chmod 600"))
    for (path, method, body) in [
      ("/v1/models", Reply.Method.get, nil), ("/v1/models/hf", .get, nil), ("/metrics", .get, nil),
      ("/v1/completions", .post, self.body("")), ("/v1/chat/completions", .post, "not even JSON"),
    ] {
      for headers in [[:], ["Authorization": "Bearer wrong"], ["Authorization": "Basic first-key"]] {
        let reply = try Reply(of: server, method, path, body, headers: headers)
        #expect(reply.status == 401 && reply.error["type"] as? String == "authentication_error", "\(path) \(headers)")
        #expect(reply.headers["www-authenticate"] == "Bearer")
      }
    }
    // A monitor and a browser come without one.
    #expect(try Reply(of: server, .get, "/health").status == 200 && Reply(of: server, .get, "/").status == 200)
    for key in ["first-key", "second-key"] {
      let reply = try Reply(
        of: server, .post, "/v1/completions", body(""), headers: ["Authorization": "Bearer \(key)"])
      #expect(reply.status == 200)
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
    #expect(try !ServedModel(["--api-key-file", file.path]).process.errorText.contains("chmod"))
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func aSignalLetsRunningAnswersEnd(signal: Int32) throws {
    let server = try ServedModel(["--streams", "1"])
    let running = try Connection(server)
    try running.send(.post, "/v1/completions", body(#""stream": true, "n": 12, "seed": 3"#, tokens: 300))
    try running.receive(until: "data: ")
    server.process.send(signal)
    let reasons = try running.reply().events().compactMap { event in
      (event["choices"] as? [[String: Any]])?.first?["finish_reason"] as? String
    }
    #expect(reasons.count == 12 && reasons.allSatisfy { ["stop", "length"].contains($0) })
    #expect(try server.process.waitForExit(seconds: 30) == 0)
    #expect(server.process.errorText.contains("taking no more requests"))
  }

  @Test func requestsThatComeDuringTheEndAreRefused() throws {
    let server = try ServedModel(["--streams", "1", "--patience", "600"])
    // Enough texts, one after another, to outlast the questions by far.
    let running = try (0..<3).map { _ in
      let connection = try Connection(server)
      try connection.send(.post, "/v1/completions", body(#""n": 16"#, tokens: 480))
      return connection
    }
    try server.waitUntil("their start") { $0["admix_requests_total"] == 48 }
    server.process.send(SIGTERM)
    try waitForStop(of: server)
    let late = try complete(server)
    #expect(late.status == 503 && late.error["code"] as? String == "shutting_down")
    for connection in running { #expect(try connection.reply().status == 200) }
    #expect(try server.process.waitForExit(seconds: 60) == 0)
  }

  @Test func withoutPatienceRunningAnswersAreCutAndTheClientIsTold() throws {
    let server = try ServedModel(["--patience", "0", "--streams", "1"])
    let running = try Connection(server)
    try running.send(.post, "/v1/completions", body(#""stream": true, "n": 16"#, tokens: 480))
    try running.receive(until: "data: ")
    server.process.send(SIGTERM)
    let reasons = try running.reply().events().compactMap { event in
      (event["choices"] as? [[String: Any]])?.first?["finish_reason"] as? String
    }
    #expect(reasons.contains("cancelled"))
    #expect(try server.process.waitForExit(seconds: 30) == 0)
  }

  @Test func aClientThatDoesNotReadDoesNotHoldTheEnd() throws {
    let server = try ServedModel()
    let deaf = try Connection(server, buffer: 4096)
    try deaf.send(.post, "/v1/completions", body(#""stream": true, "n": 16, "logprobs": 20"#, tokens: 480))
    try server.waitUntil("its texts") { $0["admix_requests_finished_total"] == 16 }
    server.process.send(SIGTERM)
    #expect(try server.process.waitForExit(seconds: 30) == 0)
  }

  private func waitForStop(of server: ServedModel) throws {
    let end = ContinuousClock.now + .seconds(30)
    while try Reply(of: server, .get, "/health").status != 503 {
      guard ContinuousClock.now < end else { throw TestFailure("the server does not stop") }
      usleep(5_000)
    }
  }
}
