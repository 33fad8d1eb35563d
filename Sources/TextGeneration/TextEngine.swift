public import Checkpoints
import Foundation
import Inference
import KernelTable
public import Tokenizers
public import Transformer

/// A model that continues texts, many at once, on a thread of its own. Requests may come from any thread; events of a
/// request come on the engine's thread, in order, and must not block it.
///
/// Sendable: what threads share is behind `state`'s lock; everything else belongs to the engine's thread.
public final class TextEngine: Sendable {
  public struct Options: Sendable {
    public var threads: Int
    /// Memory that cached keys and values may take.
    public var cacheBytes: Int
    /// Texts that run at once; others wait.
    public var streams: Int
    /// Requests that may wait; further ones are refused.
    public var waiting: Int

    public init(threads: Int, cacheBytes: Int = 1 << 30, streams: Int = 16, waiting: Int = 256) {
      self.threads = threads
      self.cacheBytes = cacheBytes
      self.streams = streams
      self.waiting = waiting
    }
  }

  /// What the engine did so far.
  public struct Statistics: Sendable, Equatable {
    public var requests = 0
    public var refused = 0
    public var finished = 0
    public var cancelled = 0
    public var promptTokens = 0
    public var cachedPromptTokens = 0
    public var generatedTokens = 0
    public var running = 0
    public var waiting = 0
    /// Seconds in which the model computed.
    public var busySeconds = 0.0
    public var cacheUsedPages = 0
    public var cachePages = 0
  }

  public let tokenizer: any Tokenizer
  /// Tokens of the longest text.
  public let contextLength: Int
  public let vocabularySize: Int
  /// How the weights lie in memory, such as `Q4_1 + Q8_0`.
  public let storage: String
  private let options: Options
  private let mailbox: Mailbox

  /// Loads the model; returns when it is ready.
  ///
  /// - Throws: `CheckpointError` for weights that cannot be read, `InstructionSetError` for an unfit processor.
  public init(
    _ source: any ModelSource, shape: LlamaShape, tokenizer: any Tokenizer, options: Options
  ) throws {
    self.tokenizer = tokenizer
    self.options = options
    let mailbox = Mailbox()
    self.mailbox = mailbox
    let thread = Thread {
      FloatingPointMode.setFlushing()
      EngineLoop.run(source, shape, tokenizer, options, mailbox)
    }
    thread.name = "admix-text"
    thread.stackSize = 8 << 20
    thread.start()
    let loaded = try mailbox.waitUntilLoaded()
    (contextLength, vocabularySize, storage) = (loaded.contextLength, loaded.vocabularySize, loaded.storage)
  }

  /// Takes a request. `sink` hears `accepted` or `refused` first.
  ///
  /// - Returns: what `cancel` takes.
  @discardableResult
  public func submit(_ request: TextRequest, sink: @escaping @Sendable (TextEvent) -> Void) -> UInt64 {
    switch mailbox.post(request, sink, limit: options.waiting) {
    case .success(let id): return id
    case .failure(let refusal):
      sink(.refused(refusal))
      return 0
    }
  }

  /// Ends a text: its place is free at once. Unknown ids are passed over, since the text may just have ended.
  public func cancel(_ id: UInt64) { mailbox.cancel(id) }

  /// Takes no further requests, and returns when those that are running have ended, or `patience` is over and they were
  /// cancelled.
  public func stop(patience: Duration) { mailbox.stop(patience: patience) }

  /// Takes no further requests.
  public var isStopping: Bool { mailbox.isStopping }

  public var statistics: Statistics { mailbox.statistics }
}
