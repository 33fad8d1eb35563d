// What the exchange's codec is made of. Serial, for the caller's thread; integers only.
extension Kernels {
  /// Values of a block of exponents.
  public static let exponentBlockBytes = 256
  /// Packed bytes of a block at most.
  public static let packedExponentBlockBytes = 258

  /// low, high[count] = the bytes of values[count] (bfloat16 bits), the sign rotated into the lowest bit.
  public func splitPlanes(
    count: Int, _ values: UnsafePointer<UInt16>, low: UnsafeMutablePointer<UInt8>, high: UnsafeMutablePointer<UInt8>
  ) {
    precondition(count >= 0, "planes of \(count) values")
    entries.splitPlanes16(count, values, low, high)
  }

  /// The inverse of `splitPlanes`.
  public func joinPlanes(
    count: Int, low: UnsafePointer<UInt8>, high: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<UInt16>
  ) {
    precondition(count >= 0, "planes of \(count) values")
    entries.joinPlanes16(count, low, high, values)
  }

  /// planes[3], high[count] = the bytes of values[count] (fp32 bits), the sign rotated into the lowest bit.
  public func splitPlanes(
    count: Int, _ values: UnsafePointer<UInt32>,
    low planes: (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt8>),
    high: UnsafeMutablePointer<UInt8>
  ) {
    precondition(count >= 0, "planes of \(count) values")
    entries.splitPlanes32(count, values, planes.0, planes.1, planes.2, high)
  }

  /// The inverse of `splitPlanes`.
  public func joinPlanes(
    count: Int, low planes: (UnsafePointer<UInt8>, UnsafePointer<UInt8>, UnsafePointer<UInt8>),
    high: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<UInt32>
  ) {
    precondition(count >= 0, "planes of \(count) values")
    entries.joinPlanes32(count, planes.0, planes.1, planes.2, high, values)
  }

  /// Packs plane[count] in blocks of 256 bytes, the last one padded with its own last byte (layout: see
  /// Kernels/ExponentBlocks.swift). `packed` has room for `packedExponentBlockBytes` a block.
  ///
  /// - Returns: bytes written, and how many whole blocks hold one value only.
  public func packExponents(
    count: Int, _ plane: UnsafePointer<UInt8>, into packed: UnsafeMutablePointer<UInt8>
  ) -> (byteCount: Int, constantBlocks: Int) {
    precondition(count > 0, "a plane of \(count) values")
    return withBlockScratch { scratch in
      var constants = 0
      let whole = count / Self.exponentBlockBytes
      var written = entries.packExponentBlocks(whole, plane, packed, scratch, &constants)
      let rest = count % Self.exponentBlockBytes
      if rest > 0 {
        let block = scratch + 2 * Self.exponentBlockBytes
        block.update(from: plane + whole * Self.exponentBlockBytes, count: rest)
        (block + rest).update(repeating: plane[count - 1], count: Self.exponentBlockBytes - rest)
        var constant = 0
        written += entries.packExponentBlocks(1, block, packed + written, scratch, &constant)
      }
      return (written, constants)
    }
  }

  /// The inverse of `packExponents`. Trusts nothing about packed[byteCount].
  ///
  /// - Returns: whether it unpacked to exactly `count` bytes, with none left over.
  public func unpackExponents(
    _ packed: UnsafePointer<UInt8>, byteCount: Int, into plane: UnsafeMutablePointer<UInt8>, count: Int
  ) -> Bool {
    precondition(count >= 0 && byteCount >= 0, "a plane of \(count) values in \(byteCount) bytes")
    return withBlockScratch { scratch in
      var read = 0
      var done = 0
      while done < count {
        let rest = count - done
        let isWhole = rest >= Self.exponentBlockBytes
        let target = isWhole ? plane + done : scratch + Self.exponentBlockBytes
        let step = entries.unpackExponentBlock(packed + read, byteCount - read, target, scratch)
        guard step > 0 else { return false }
        if !isWhole { (plane + done).update(from: target, count: rest) }
        read += step
        done += Self.exponentBlockBytes
      }
      return read == byteCount
    }
  }

  /// Three blocks of memory, aligned as vectors want it.
  private func withBlockScratch<Result>(_ body: (UnsafeMutablePointer<UInt8>) -> Result) -> Result {
    withUnsafeTemporaryAllocation(byteCount: 3 * Self.exponentBlockBytes, alignment: 64) { memory in
      // Not empty, so that it has an address.
      guard let base = memory.baseAddress else { preconditionFailure("no memory for three blocks") }
      return body(base.bindMemory(to: UInt8.self, capacity: memory.count))
    }
  }
}
