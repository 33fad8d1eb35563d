public import KernelTable

/// Rounding and adding nodes: `round(fp32(left) + fp32(right))`. Every call asserts that its thread flushes denormals
/// (FTZ and DAZ) and rounds to nearest even: a thread that forgot would make other bits.
public struct NodeArithmetic: Sendable {
  let kernels: Kernels

  public init(kernels: Kernels) { self.kernels = kernels }

  /// A leaf: `count` gradient values rounded to `format` (`fp32` keeps them as they are, `bf16` goes to nearest, ties
  /// to even; NaN stays NaN).
  public func rounded(_ values: UnsafePointer<Float>, count: Int, to format: NodeFormat) -> NodeValues {
    NodeValues(format: format, count: count) { bytes in
      guard count > 0, let base = bytes.baseAddress else { return }
      switch format {
      case .fp32: base.copyMemory(from: values, byteCount: bytes.count)
      case .bf16: kernels.roundToBFloat16(count: count, values, into: base.bindMemory(to: UInt16.self, capacity: count))
      case .float64: preconditionFailure("gradients are no Doubles")
      }
    }
  }

  /// The parent of two nodes; `left` holds the lower slices.
  public func sum(_ left: NodeValues, _ right: NodeValues) -> NodeValues {
    precondition(left.format == right.format && left.count == right.count, "nodes of one chunk have one shape")
    FloatingPointMode.assertFlushing()
    let count = left.count
    return NodeValues(format: left.format, count: count) { bytes in
      guard count > 0, let base = bytes.baseAddress else { return }
      left.withBytes { a in
        right.withBytes { b in
          guard let a = a.baseAddress, let b = b.baseAddress else { return }
          switch left.format {
          case .fp32:
            kernels.addFloatNodes(
              count: count, a.assumingMemoryBound(to: Float.self), b.assumingMemoryBound(to: Float.self),
              into: base.bindMemory(to: Float.self, capacity: count))
          case .bf16:
            kernels.addBFloat16Nodes(
              count: count, a.assumingMemoryBound(to: UInt16.self), b.assumingMemoryBound(to: UInt16.self),
              into: base.bindMemory(to: UInt16.self, capacity: count))
          case .float64:
            let sums = base.bindMemory(to: Double.self, capacity: count)
            let x = a.assumingMemoryBound(to: Double.self)
            let y = b.assumingMemoryBound(to: Double.self)
            for index in 0..<count { sums[index] = x[index] + y[index] }
          }
        }
      }
    }
  }

  /// Calls `body` with the values as fp32.
  public func withFloats<Result>(
    of values: NodeValues, _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    try values.withBytes { bytes in
      switch values.format {
      case .fp32:
        return try body(bytes.bindMemory(to: Float.self))
      case .bf16:
        let widened = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
        defer { widened.deallocate() }
        if let base = widened.baseAddress, let bits = bytes.baseAddress {
          kernels.widenBFloat16(count: values.count, bits.assumingMemoryBound(to: UInt16.self), into: base)
        }
        return try body(UnsafeBufferPointer(widened))
      case .float64:
        preconditionFailure("statistics are no floats")
      }
    }
  }
}
