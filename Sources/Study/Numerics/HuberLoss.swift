/// Huber's loss (1964): e²/2 up to `delta`, δ(|e| − δ/2) beyond, so that one bad cell cannot pull a fit far.
public struct HuberLoss: Sendable, Equatable {
  /// In units of the residual. Infinity is least squares.
  public let delta: Double

  public init(delta: Double) {
    precondition(delta > 0, "Huber's δ is \(delta)")
    self.delta = delta
  }

  public func value(_ residual: Double) -> Double {
    let size = abs(residual)
    return size <= delta ? residual * residual / 2 : delta * (size - delta / 2)
  }

  public func derivative(_ residual: Double) -> Double { min(delta, max(-delta, residual)) }

  /// The weight w with derivative = w · residual.
  public func weight(_ residual: Double) -> Double {
    let size = abs(residual)
    return size <= delta ? 1 : delta / size
  }
}
