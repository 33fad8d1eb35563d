import KernelTable

/// Clipping by the global norm of the step's mean gradient.
public enum GradientClipping {
  /// The norm of the mean gradient: √(Σ chunks' squared norms) / validTokens. Squared norms are of the reduced
  /// gradient of the sum of losses, one a chunk, added in the order of chunks.
  public static func norm(chunkSquaredNorms: [Double], validTokens: Int) -> Double {
    precondition(validTokens >= 1, "a norm over \(validTokens) valid tokens")
    return chunkSquaredNorms.reduce(0, +).squareRoot() / Double(validTokens)
  }

  /// The factor the gradient is scaled by: maximum / norm when the norm exceeds it, else 1. A maximum of nil or 0
  /// does not clip. (torch.nn.utils.clip_grad_norm_ divides by norm + 1e-6; here exactly by the norm.)
  public static func factor(norm: Double, maximum: Double?) -> Double {
    guard let maximum, maximum > 0, norm > maximum else { return 1 }
    return maximum / norm
  }
}
