import Checkpoints
import Inference
import KernelTable
import Tokenizers
import Transformer

/// The engine's thread: loads the model, then steps for as long as there is something to say.
enum EngineLoop {
  static func run(
    _ source: any ModelSource, _ shape: LlamaShape, _ tokenizer: any Tokenizer, _ options: TextEngine.Options,
    _ mailbox: Mailbox
  ) {
    let model: InferenceModel
    do {
      let kernels = try Kernels.forThisProcessor()
      let pool = ThreadPool(threads: options.threads)
      let weights = try InferenceWeights(source, shape: shape, kernels: kernels, pool: pool)
      model = InferenceModel(
        weights, kernels: kernels, pool: pool, options: InferenceModel.Options(cacheBytes: options.cacheBytes))
      mailbox.report(
        .success(
          Mailbox.Loaded(
            contextLength: weights.shape.contextLength, vocabularySize: weights.shape.vocabularySize,
            storage: weights.storage)))
    } catch {
      return mailbox.report(.failure(error))
    }
    var engine = Engine(model, tokenizer, options, mailbox)
    while engine.turn() {}
  }
}

private struct Engine {
  private let model: InferenceModel
  private let generation: Generation
  private let tokenizer: any Tokenizer
  private let mailbox: Mailbox
  private var streams: [UInt64: TextStream] = [:]

  init(_ model: InferenceModel, _ tokenizer: any Tokenizer, _ options: TextEngine.Options, _ mailbox: Mailbox) {
    self.model = model
    self.tokenizer = tokenizer
    self.mailbox = mailbox
    generation = Generation(model, maximumStreams: options.streams)
    publish(seconds: 0, generated: 0)
  }

  /// Takes what has come and computes a step. False when the engine is to end.
  mutating func turn() -> Bool {
    let delivery = mailbox.collect(isIdle: generation.isIdle)
    if delivery.isOver { return false }
    for order in delivery.orders { take(order) }
    for id in delivery.cancellations { generation.cancel(id) }
    if delivery.cancelsAll { for id in streams.keys.sorted() { generation.cancel(id) } }
    let began = ContinuousClock.now
    let events = generation.step()
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    var generated = 0
    for event in events {
      switch event {
      case .token(let id, let token):
        generated += 1
        if streams[id]?.append(token) == false { generation.cancel(id) }
      case .finished(let id, let finish): end(id, finish)
      }
    }
    publish(seconds: seconds, generated: generated)
    return true
  }

  private mutating func take(_ order: Mailbox.Order) {
    let request = order.request
    do {
      try generation.submit(
        GenerationRequest(
          id: order.id, prompt: request.prompt, maximumTokens: request.maximumTokens, stopTokens: request.stopTokens,
          sampling: request.sampling, seed: request.seed, item: request.item, alternatives: request.alternatives))
    } catch {
      mailbox.update { $0.refused += 1 }
      return order.sink(.refused(.unfit("\(error)")))
    }
    streams[order.id] = TextStream(request, tokenizer: tokenizer, sink: order.sink)
    mailbox.update { $0.requests += 1 }
    order.sink(.accepted)
  }

  private mutating func end(_ id: UInt64, _ finish: FinishedGeneration) {
    guard var stream = streams.removeValue(forKey: id) else { return }
    let wasCancelled = finish.reason == .cancelled && !stream.isStopped
    stream.finish(finish)
    mailbox.update {
      if wasCancelled { $0.cancelled += 1 } else { $0.finished += 1 }
      $0.promptTokens += finish.promptTokens
      $0.cachedPromptTokens += finish.cachedPromptTokens
    }
  }

  private func publish(seconds: Double, generated: Int) {
    let counts = generation.counts
    let cache = model.cacheStatistics
    mailbox.update {
      $0.generatedTokens += generated
      $0.busySeconds += seconds
      $0.running = counts.prefilling + counts.running
      $0.waiting = counts.waiting
      $0.cacheUsedPages = cache.usedPages
      $0.cachePages = cache.pages
    }
  }
}
