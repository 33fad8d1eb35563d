import KernelTable

extension ParameterLayout {
  /// Fresh weights [count]: matrices normal with standard deviation 0.02, norms 1. Parameter i is a function of (seed,
  /// i) alone.
  public func initializeRandom(seed: UInt64, into weights: UnsafeMutablePointer<Float>) {
    let random = Philox4x32(seed: seed)
    for tensor in tensors {
      guard tensor.decays else {
        (weights + tensor.offset).update(repeating: 1, count: tensor.count)
        continue
      }
      var index = tensor.offset
      while index < tensor.range.upperBound {
        let (even, odd) = random.normals(UInt64(index / 2))
        weights[index] = Float(0.02 * (index % 2 == 0 ? even : odd))
        if index % 2 == 0 && index + 1 < tensor.range.upperBound {
          weights[index + 1] = Float(0.02 * odd)
          index += 1
        }
        index += 1
      }
    }
  }
}
