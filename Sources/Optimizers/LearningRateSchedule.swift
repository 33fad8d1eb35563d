import KernelTable

/// The learning rate of each update. Updates are numbered from 1: `rate(forUpdate: 1)` is what the first one uses.
///
/// With peak p, warm-up w, total n, floor r (`min_lr_ratio`) and update number s:
/// - s ≤ w: p · s / w (linear from p/w; the w-th update has the peak).
/// - afterwards, with progress x = (s − w) / (n − w) clamped to 1 (so that the last update has x = 1):
///   - cosine: p · (r + (1 − r) · (1 + cos πx) / 2)
///   - linear: p · (r + (1 − r) · (1 − x))
///   - constant: p
///   - wsd (warm-up, stable, decay; MiniCPM, arXiv 2404.06395): p until x = 1 − decayShare, then linear down to p · r.
/// With n ≤ w the run ends inside the warm-up.
public struct LearningRateSchedule: Sendable, Equatable {
  public enum Form: String, Sendable, CaseIterable {
    case cosine, wsd, linear, constant
  }

  public let form: Form
  public let peak: Double
  public let warmupSteps: Int
  public let totalSteps: Int
  public let minimumRatio: Double
  /// The share of the steps after warm-up in which `wsd` decays.
  public let decayShare: Double

  /// - Throws: `RecipeError` naming the recipe's key.
  public init(
    form: Form, peak: Double, warmupSteps: Int, totalSteps: Int, minimumRatio: Double, decayShare: Double = 0.1
  ) throws(RecipeError) {
    guard peak >= 0 && peak.isFinite else {
      throw RecipeError(key: "learning_rate", found: "\(peak)", expected: "a number of at least 0")
    }
    guard warmupSteps >= 0 else {
      throw RecipeError(key: "warmup_steps", found: "\(warmupSteps)", expected: "a whole number of at least 0")
    }
    guard totalSteps >= 1 else {
      throw RecipeError(key: "steps", found: "\(totalSteps)", expected: "a whole number of at least 1")
    }
    guard minimumRatio >= 0 && minimumRatio <= 1 else {
      throw RecipeError(key: "min_lr_ratio", found: "\(minimumRatio)", expected: "a number from 0 to 1")
    }
    guard decayShare > 0 && decayShare <= 1 else {
      throw RecipeError(key: "decay_share", found: "\(decayShare)", expected: "a number above 0, at most 1")
    }
    self.form = form
    self.peak = peak
    self.warmupSteps = warmupSteps
    self.totalSteps = totalSteps
    self.minimumRatio = minimumRatio
    self.decayShare = decayShare
  }

  /// The rate that update number `step`, from 1, uses. The same bits on every host.
  public func rate(forUpdate step: Int) -> Double {
    precondition(step >= 1, "updates are numbered from 1, not \(step)")
    if step <= warmupSteps {
      return peak * Double(step) / Double(warmupSteps)
    }
    let progress = totalSteps <= warmupSteps ? 1 : min(1, Double(step - warmupSteps) / Double(totalSteps - warmupSteps))
    return peak * (minimumRatio + (1 - minimumRatio) * share(progress))
  }

  /// How much of the way between floor and peak is left: 1 at the peak, 0 at the floor.
  private func share(_ progress: Double) -> Double {
    switch form {
    case .constant: 1
    case .linear: 1 - progress
    case .cosine: (1 + BitwiseMath.cosine(Double.pi * progress)) / 2
    case .wsd: progress <= 1 - decayShare ? 1 : (1 - progress) / decayShare
    }
  }
}

/// A number of the recipe that makes no sense.
public struct RecipeError: Error, Equatable, CustomStringConvertible {
  /// As the job file spells it.
  public let key: String
  public let found: String
  public let expected: String

  public var description: String { "recipe.\(key) is \(found); expected \(expected)" }
}
