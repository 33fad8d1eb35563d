import Crypto

#if _endian(big)
  #error("Tensors are little-endian in files and hashes and are taken from memory as they are.")
#endif

/// The weights' hash: SHA-256 over the tensors in byte order of their Hugging Face names, each as u32 length of the
/// name, the name in UTF-8, u32 rank, u64 dimensions and the fp32 elements, all little-endian.
///
/// - Parameters:
///   - placements: every tensor once; a tied head has no placement of its own and so counts only as the embedding.
///   - weights: the flat array the placements point into.
/// - Returns: 32 bytes.
public func weightsHash(_ placements: [TensorPlacement], weights: UnsafeBufferPointer<Float>) -> [UInt8] {
  placements.check(fitInto: weights.count)
  var hasher = SHA256()
  for placement in placements.inByteOrder {
    hasher.update(data: hashPrefix(name: placement.name, shape: placement.shape))
    hasher.update(bufferPointer: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: weights[placement.range])))
  }
  return Array(hasher.finalize())
}

extension ModelSource {
  /// The weights' hash of the model on disk, read once and never all in memory.
  ///
  /// - Throws: `CheckpointError` as `readFloats` does.
  public func weightsHash() throws -> [UInt8] {
    var hasher = SHA256()
    let counted = tensors.filter { !(configuration.tieWordEmbeddings && $0.name == headName) }
    for tensor in counted.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
      hasher.update(data: hashPrefix(name: tensor.name, shape: tensor.shape))
      try forEachRows(of: tensor) { hasher.update(bufferPointer: UnsafeRawBufferPointer($0)) }
    }
    return Array(hasher.finalize())
  }
}

private func hashPrefix(name: String, shape: [Int]) -> [UInt8] {
  var prefix: [UInt8] = []
  prefix.appendLittleEndian(UInt32(name.utf8.count))
  prefix.append(contentsOf: name.utf8)
  prefix.appendLittleEndian(UInt32(shape.count))
  for dimension in shape { prefix.appendLittleEndian(UInt64(dimension)) }
  return prefix
}

extension [UInt8] {
  mutating func appendLittleEndian<Value: FixedWidthInteger>(_ value: Value) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
