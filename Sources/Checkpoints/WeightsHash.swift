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
  var hasher = WeightsHasher()
  for placement in placements.inByteOrder {
    hasher.begin(placement.name, shape: placement.shape)
    hasher.update(UnsafeBufferPointer(rebasing: weights[placement.range]))
  }
  return hasher.finish()
}

extension ModelSource {
  /// The weights' hash of the model on disk, read once and never all in memory.
  ///
  /// - Throws: `CheckpointError` as `readFloats` does.
  public func weightsHash() throws -> [UInt8] {
    var hasher = WeightsHasher()
    for tensor in weightTensors {
      hasher.begin(tensor.name, shape: tensor.shape)
      try forEachRows(of: tensor) { hasher.update($0) }
    }
    return hasher.finish()
  }

  /// What counts as weights, in byte order of names: all but a tied head's copy of the embedding.
  var weightTensors: [ModelTensor] {
    tensors.filter { !(configuration.tieWordEmbeddings && $0.name == headName) }
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }
}

/// The weights' hash, fed tensor by tensor in byte order of their names.
struct WeightsHasher {
  private var hasher = SHA256()

  mutating func begin(_ name: String, shape: [Int]) {
    var prefix: [UInt8] = []
    prefix.appendLittleEndian(UInt32(name.utf8.count))
    prefix.append(contentsOf: name.utf8)
    prefix.appendLittleEndian(UInt32(shape.count))
    for dimension in shape { prefix.appendLittleEndian(UInt64(dimension)) }
    hasher.update(data: prefix)
  }

  /// The next floats of the tensor last begun.
  mutating func update(_ floats: UnsafeBufferPointer<Float>) {
    hasher.update(bufferPointer: UnsafeRawBufferPointer(floats))
  }

  func finish() -> [UInt8] { Array(hasher.finalize()) }
}

extension [UInt8] {
  mutating func appendLittleEndian<Value: FixedWidthInteger>(_ value: Value) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
