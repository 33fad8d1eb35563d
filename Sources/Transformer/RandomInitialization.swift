public import KernelTable

extension ParameterLayout {
  /// Fresh weights [count]: matrices normal with standard deviation 0.02, norms 1, biases 0. Parameter i is a function
  /// of (seed, i) alone, so the threads of `pool`, if given, may share the work.
  public func initializeRandom(seed: UInt64, into weights: UnsafeMutablePointer<Float>, pool: ThreadPool? = nil) {
    let random = Philox4x32(seed: seed)
    for tensor in tensors {
      guard tensor.decays else {
        (weights + tensor.offset).update(repeating: tensor.isBias ? 0 : 1, count: tensor.count)
        continue
      }
      let end = tensor.range.upperBound
      let first = tensor.offset / Self.pieceLength
      let pieces = (end + Self.pieceLength - 1) / Self.pieceLength - first
      func fillPiece(_ piece: Int) {
        let start = (first + piece) * Self.pieceLength
        Self.fillNormal(max(start, tensor.offset)..<min(start + Self.pieceLength, end), random, weights)
      }
      if let pool {
        pool.run(pieces, fillPiece)
      } else {
        for piece in 0..<pieces { fillPiece(piece) }
      }
    }
  }

  /// Parameters a thread makes at a time; even, because two neighbours share one block of random bits.
  private static let pieceLength = 65_536

  private static func fillNormal(
    _ range: Range<Int>, _ random: Philox4x32, _ weights: UnsafeMutablePointer<Float>
  ) {
    var index = range.lowerBound
    while index < range.upperBound {
      let (even, odd) = random.normals(UInt64(index / 2))
      weights[index] = Float(0.02 * (index % 2 == 0 ? even : odd))
      if index % 2 == 0 && index + 1 < range.upperBound {
        weights[index + 1] = Float(0.02 * odd)
        index += 1
      }
      index += 1
    }
  }
}
