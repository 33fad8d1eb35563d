public import Chat
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Results
import ServiceLifecycle
public import TextGeneration
import Tokenizers

/// A model over HTTP: OpenAI's chat completions and completions, a page to talk to it, its health and its metrics.
public struct ChatServer: Sendable {
  public struct Options: Sendable {
    /// What `/v1/models` calls the model.
    public var modelName: String
    public var host: String
    /// 0 takes any free port.
    public var port: Int
    /// Any of these opens the server; none lets everybody in.
    public var apiKeys: [String]
    /// Tokens of an answer where the request does not say.
    public var defaultMaximumTokens: Int
    /// What `strftime_now` of a template tells; nil is the day on which a request comes.
    public var date: ChatDate?

    public init(
      modelName: String, host: String = "127.0.0.1", port: Int = 8080, apiKeys: [String] = [],
      defaultMaximumTokens: Int = 512, date: ChatDate? = nil
    ) {
      self.modelName = modelName
      self.host = host
      self.port = port
      self.apiKeys = apiKeys
      self.defaultMaximumTokens = defaultMaximumTokens
      self.date = date
    }
  }

  private let engine: TextEngine
  private let format: ChatFormat?
  /// Why there is no `format`.
  private let noFormat: String
  private let options: Options
  private let limits: ServingLimits
  private let keys: APIKeys
  private let started = Int64(Date().timeIntervalSince1970)

  /// - Parameters:
  ///   - format: how the model chats, or why it cannot: chat completions are refused with that sentence then.
  public init(_ engine: TextEngine, format: Result<ChatFormat, ChatError>, options: Options) {
    self.engine = engine
    self.options = options
    switch format {
    case .success(let format): (self.format, noFormat) = (format, "")
    case .failure(let error): (self.format, noFormat) = (nil, "\(error)")
    }
    limits = ServingLimits(contextLength: engine.contextLength, vocabularySize: engine.vocabularySize)
    keys = APIKeys(options.apiKeys)
  }

  /// Serves until `isAskedToStop` says so, then takes no further requests and lets running ones end, for as long as
  /// `patience`.
  ///
  /// - Parameters:
  ///   - listening: called once with the port.
  ///   - isAskedToStop: asked again and again.
  ///   - stopping: called once it has said so, before anything ends.
  /// - Throws: `ServingError` for an address that cannot be had.
  public func run(
    patience: Duration, listening: @escaping @Sendable (Int) -> Void,
    isAskedToStop: @escaping @Sendable () -> Bool, stopping: @escaping @Sendable () -> Void
  ) async throws {
    var logger = Logger(label: "admix")
    logger.logLevel = .critical
    let application = Application(
      router: router(), server: .http1(
        configuration: .init(additionalChannelHandlers: [ClientPresence()], idleTimeout: .seconds(60))),
      configuration: .init(
        address: .hostname(options.host, port: options.port), serverName: "admix",
        availableConnectionsDelegate: MaximumAvailableConnections(ServingLimits.connections, logger: logger)),
      onServerRunning: { listening($0.localAddress?.port ?? 0) }, logger: logger)
    var configuration = ServiceGroupConfiguration(services: [application], logger: logger)
    // The texts have ended by then; a client that does not read them is not waited for.
    configuration.maximumGracefulShutdownDuration = .seconds(5)
    let group = ServiceGroup(configuration: configuration)
    let watch = Task { [engine] in
      while !Task.isCancelled, !isAskedToStop() { try await Task.sleep(for: .milliseconds(50)) }
      try Task.checkCancellation()
      stopping()
      await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        // It waits, which a thread of the cooperative pool must not.
        Thread.detachNewThread {
          engine.stop(patience: patience)
          continuation.resume()
        }
      }
      await group.triggerGracefulShutdown()
    }
    defer { watch.cancel() }
    do {
      try await group.run()
    } catch {
      throw ServingError(host: options.host, port: options.port, error)
    }
  }

  // MARK: Routes

  private func router() -> Router<ConnectedContext> {
    let router = Router(context: ConnectedContext.self, options: .autoGenerateHeadEndpoints)
    router.get("/") { _, _ in ChatPage.response }
    router.get("/health") { _, _ in
      Response.json(
        ["status": engine.isStopping ? "stopping" : "ok", "model": .string(options.modelName)],
        status: engine.isStopping ? .serviceUnavailable : .ok)
    }
    route(router, .get, "/metrics") { _, _ in
      let metrics = PrometheusMetrics(statistics: engine.statistics, model: options.modelName)
      return Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: metrics.text)))
    }
    route(router, .get, "/v1/models") { _, _ in .json(["object": "list", "data": [modelNode]]) }
    route(router, .get, "/v1/models/**") { request, _ in
      let name = request.uri.path.dropFirst("/v1/models/".count).removingPercentEncoding ?? ""
      guard name == options.modelName else { throw unknownModel(name) }
      return .json(modelNode)
    }
    route(router, .post, "/v1/chat/completions") { try await chatCompletion($0, for: $1.client()) }
    route(router, .post, "/v1/completions") { try await textCompletion($0, for: $1.client()) }
    router.add(middleware: UnknownPaths())
    return router
  }

  private func route(
    _ router: Router<ConnectedContext>, _ method: HTTPRequest.Method, _ path: RouterPath,
    _ handle: @escaping @Sendable (Request, ConnectedContext) async throws -> Response
  ) {
    router.on(path, method: method) { request, context in
      do {
        try keys.check(request.headers)
        return try await handle(request, context)
      } catch let error as APIError {
        return error.response
      } catch {
        return APIError(.internalServerError, "internal", "the server failed: \(error)").response
      }
    }
  }

  private static func fields(of request: Request) async throws -> RequestFields {
    do {
      return try RequestFields(json: Array(buffer: try await request.body.collect(upTo: ServingLimits.bodyBytes)))
    } catch is NIOTooManyBytesError {
      throw APIError(
        .contentTooLarge, "too_large", "the body is larger than the \(ServingLimits.bodyBytes) bytes that are taken")
    }
  }

  private var modelNode: JSONNode {
    [
      "id": .string(options.modelName), "object": "model", "created": .integer(started), "owned_by": "admix",
      "context_length": .integer(Int64(engine.contextLength)),
    ]
  }

  // MARK: Texts

  private func chatCompletion(_ http: Request, for client: ClientPresence) async throws -> Response {
    let fields = try await Self.fields(of: http)
    try checkModel(fields)
    guard let format else { throw APIError(.badRequest, "no_chat_template", noFormat) }
    let parameters = try TextParameters(fields, limits: limits)
    let request = try ChatCompletionRequest(fields, format: format, date: options.date ?? .today)
    return try await complete(
      .chat, request.prompt, stopTokens: Set(format.stopTokens), parameters, alternatives: request.alternatives,
      for: client)
  }

  private func textCompletion(_ http: Request, for client: ClientPresence) async throws -> Response {
    let fields = try await Self.fields(of: http)
    try checkModel(fields)
    let parameters = try TextParameters(fields, limits: limits)
    let request = try TextCompletionRequest(fields, engine: engine)
    let ends = format.map { Set($0.stopTokens) } ?? Set([engine.tokenizer.endOfText].compactMap { $0 })
    return try await complete(
      .text, request.prompt, stopTokens: ends, parameters, alternatives: request.alternatives, for: client)
  }

  private func complete(
    _ kind: CompletionFormat.Kind, _ prompt: [Int32], stopTokens: Set<Int32>,
    _ parameters: TextParameters, alternatives: Int?, for client: ClientPresence
  ) async throws -> Response {
    let room = engine.contextLength - prompt.count
    guard room > 0 else {
      throw APIError(
        .badRequest, "context_length_exceeded",
        "the prompt has \(prompt.count) tokens, and the model's context holds \(engine.contextLength) with the answer; "
          + "shorten it", field: kind == .chat ? "messages" : "prompt")
    }
    let seed = parameters.seed ?? UInt64.random(in: 0...UInt64.max)
    let requests = (0..<parameters.choices).map { choice in
      TextRequest(
        prompt: prompt, maximumTokens: min(room, parameters.maximumTokens ?? options.defaultMaximumTokens),
        stopTokens: stopTokens, stopStrings: parameters.stopStrings, sampling: parameters.sampling, seed: seed,
        item: UInt64(choice), continuesPrompt: kind == .text, alternatives: alternatives)
    }
    let prefix = kind == .chat ? "chatcmpl" : "cmpl"
    let handler = CompletionHandler(
      engine: engine, requests: requests,
      format: CompletionFormat(
        kind: kind, id: "\(prefix)-\(UUID().uuidString.lowercased())", created: Int64(Date().timeIntervalSince1970),
        model: options.modelName, tokenizer: engine.tokenizer, tellsProbabilities: alternatives != nil),
      includesUsage: parameters.includesUsage)
    return try await parameters.isStreaming ? handler.streamed(to: client) : handler.whole(for: client)
  }

  private func checkModel(_ fields: RequestFields) throws(APIError) {
    if let name = try fields.text("model"), name != options.modelName { throw unknownModel(name) }
  }

  private func unknownModel(_ name: String) -> APIError {
    APIError(
      .notFound, "model_not_found", "there is no model \(name.prefix(80)) here; this server has \(options.modelName)",
      field: "model")
  }
}

/// Paths and methods that are not served are answered like everything else: as JSON.
private struct UnknownPaths: RouterMiddleware {
  func handle(
    _ request: Request, context: ConnectedContext,
    next: (Request, ConnectedContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as HTTPError where error.status == .notFound || error.status == .methodNotAllowed {
      return APIError(
        error.status, "not_found",
        "\(request.method.rawValue) \(request.uri.path.prefix(200)) is not served here; see /v1/models, "
          + "/v1/chat/completions, /v1/completions, /health and /metrics"
      ).response
    }
  }
}

/// An address that cannot be listened on, or a server that failed over it.
public struct ServingError: Error, Sendable, CustomStringConvertible {
  public let description: String

  init(host: String, port: Int, _ error: any Error) {
    description =
      switch (error as? IOError)?.errnoCode {
      case EADDRINUSE: "\(host):\(port) is in use; name another port with --port, or 0 for any that is free"
      case EACCES: "\(host):\(port) may not be used by this user; take a port above 1023 with --port"
      case EADDRNOTAVAIL: "\(host) is no address of this machine; name one with --host"
      case nil where error is SocketAddressError.UnknownHost:
        "\(host) is not known here; name an address of this machine with --host"
      default: "\(host):\(port) cannot be served: \(error)"
      }
  }
}
