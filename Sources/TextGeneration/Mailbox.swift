import Foundation

/// What the engine's thread and the others say to each other.
///
/// Sendable: `condition` is held around every use of the mutable members.
final class Mailbox: @unchecked Sendable {
  struct Order: Sendable {
    let id: UInt64
    let request: TextRequest
    let sink: @Sendable (TextEvent) -> Void
  }

  /// What is known of the model once it is in memory.
  struct Loaded: Sendable {
    let contextLength: Int
    let vocabularySize: Int
    let storage: String
  }

  private enum Phase {
    case loading
    case serving
    /// Ends what runs, takes nothing new.
    case draining
    case stopped
  }

  private let condition = NSCondition()
  private var phase = Phase.loading
  private var loaded: Result<Loaded, any Error>?
  private var orders: [Order] = []
  private var cancellations: [UInt64] = []
  private var cancelsAll = false
  private var nextID: UInt64 = 1
  private var figures = TextEngine.Statistics()

  // MARK: From outside

  func waitUntilLoaded() throws -> Loaded {
    try condition.withLock {
      while loaded == nil { condition.wait() }
      return try loaded!.get()
    }
  }

  func post(
    _ request: TextRequest, _ sink: @escaping @Sendable (TextEvent) -> Void, limit: Int
  ) -> Result<UInt64, TextRefusal> {
    condition.withLock {
      guard phase == .serving else { return .failure(.stopping) }
      let waiting = orders.count + figures.waiting
      guard waiting < limit else {
        figures.refused += 1
        return .failure(.busy(waiting: waiting))
      }
      defer { nextID += 1 }
      orders.append(Order(id: nextID, request: request, sink: sink))
      condition.broadcast()
      return .success(nextID)
    }
  }

  func cancel(_ id: UInt64) {
    condition.withLock {
      cancellations.append(id)
      condition.broadcast()
    }
  }

  func stop(patience: Duration) {
    let end = Date(timeIntervalSinceNow: patience / .seconds(1))
    condition.withLock {
      if phase == .serving { phase = .draining }
      condition.broadcast()
      while phase != .stopped {
        if !condition.wait(until: end), !cancelsAll {
          cancelsAll = true
          condition.broadcast()
        } else if cancelsAll, phase != .stopped {
          condition.wait()
        }
      }
    }
  }

  var isStopping: Bool { condition.withLock { phase == .draining || phase == .stopped } }

  var statistics: TextEngine.Statistics {
    condition.withLock {
      var result = figures
      result.waiting += orders.count
      return result
    }
  }

  // MARK: From the engine's thread

  func report(_ result: Result<Loaded, any Error>) {
    condition.withLock {
      loaded = result
      if case .success = result { phase = .serving } else { phase = .stopped }
      condition.broadcast()
    }
  }

  struct Delivery {
    var orders: [Order] = []
    var cancellations: [UInt64] = []
    var cancelsAll = false
    var isOver = false
  }

  /// What has come since. Waits for something while `isIdle`.
  func collect(isIdle: Bool) -> Delivery {
    condition.withLock {
      while isIdle, orders.isEmpty, cancellations.isEmpty, phase == .serving { condition.wait() }
      var delivery = Delivery(orders: orders, cancellations: cancellations, cancelsAll: cancelsAll)
      orders = []
      cancellations = []
      if isIdle, phase == .draining, delivery.orders.isEmpty {
        delivery.isOver = true
        phase = .stopped
        condition.broadcast()
      }
      return delivery
    }
  }

  func update(_ change: (inout TextEngine.Statistics) -> Void) {
    condition.withLock { change(&figures) }
  }
}
