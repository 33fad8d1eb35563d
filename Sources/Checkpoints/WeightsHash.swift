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
    var prefix: [UInt8] = []
    prefix.appendLittleEndian(UInt32(placement.name.utf8.count))
    prefix.append(contentsOf: placement.name.utf8)
    prefix.appendLittleEndian(UInt32(placement.shape.count))
    for dimension in placement.shape { prefix.appendLittleEndian(UInt64(dimension)) }
    hasher.update(data: prefix)
    hasher.update(bufferPointer: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: weights[placement.range])))
  }
  return Array(hasher.finalize())
}

extension [UInt8] {
  mutating func appendLittleEndian<Value: FixedWidthInteger>(_ value: Value) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
