import Glibc

/// Where the time of a step goes: seconds of each phase since the last `take`, for benchmarks. Phases do not nest.
public final class StepPhases {
  public enum Phase: String, CaseIterable, Sendable {
    /// Linear layers, their inputs' gradients and their weights' gradients.
    case forwardProducts = "forward_products"
    case backwardProducts = "backward_products"
    /// Scores to output, forward and backward; what is computed beside it on idle threads.
    case attention
    /// Final norm, logits, cross-entropy, and their gradients.
    case head
  }

  private var seconds: [Phase: Double] = [:]

  public init() {}

  func time<Result>(_ phase: Phase, _ body: () -> Result) -> Result {
    let start = Self.now()
    defer { seconds[phase, default: 0] += Self.now() - start }
    return body()
  }

  /// The seconds so far, which begin again at 0.
  public func take() -> [Phase: Double] {
    defer { seconds = [:] }
    return seconds
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

extension LlamaModel {
  func timed<Result>(_ phase: StepPhases.Phase, _ body: () -> Result) -> Result {
    guard let phases else { return body() }
    return phases.time(phase, body)
  }
}
