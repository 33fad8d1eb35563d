import Checkpoints
import KernelTable
import Transformer

/// Where prepacked weights are taken from, by Hugging Face's names.
protocol WeightRows {
  /// How the tensor's elements are kept.
  func storage(of tensor: ParameterTensor) throws -> PanelMatrix.Storage
  /// Sets the matrix's rows from `firstRow` on to the tensor's.
  func fill(_ matrix: PanelMatrix, firstRow: Int, _ tensor: ParameterTensor, pool: ThreadPool) throws
  /// Writes a norm's weight or a bias.
  func copyVector(_ tensor: ParameterTensor, into target: UnsafeMutablePointer<Float>) throws
}

/// Floats in the flat order.
struct FlatFloats: WeightRows {
  let weights: UnsafePointer<Float>

  func storage(of tensor: ParameterTensor) -> PanelMatrix.Storage { .fp32 }

  func fill(_ matrix: PanelMatrix, firstRow: Int, _ tensor: ParameterTensor, pool: ThreadPool) {
    matrix.setRows(firstRow, count: tensor.shape[0], weights + tensor.offset, pool: pool)
  }

  func copyVector(_ tensor: ParameterTensor, into target: UnsafeMutablePointer<Float>) {
    target.update(from: weights + tensor.offset, count: tensor.count)
  }
}

/// bfloat16 values in the flat order.
struct FlatBFloat16: WeightRows {
  let weights: UnsafePointer<UInt16>

  func storage(of tensor: ParameterTensor) -> PanelMatrix.Storage { .bf16 }

  func fill(_ matrix: PanelMatrix, firstRow: Int, _ tensor: ParameterTensor, pool: ThreadPool) {
    matrix.setRows(firstRow, count: tensor.shape[0], weights + tensor.offset, pool: pool)
  }

  func copyVector(_ tensor: ParameterTensor, into target: UnsafeMutablePointer<Float>) {
    for index in 0..<tensor.count {
      target[index] = Float(bitPattern: UInt32(weights[tensor.offset + index]) << 16)
    }
  }
}

/// The tensors of a model on disk: quantized ones and bfloat16 stay as they are, all others become floats.
struct StoredTensors: WeightRows {
  let source: any ModelSource

  /// Rows that are read at a time take about this many floats.
  private static let floatsAtOnce = 1 << 20

  func storage(of tensor: ParameterTensor) throws -> PanelMatrix.Storage {
    let stored = try stored(tensor)
    if let form = (source as? GGUFModel)?.codeForm(of: stored) { return .codes(bits: form.bits, group: form.group) }
    return stored.storedType == "BF16" ? .bf16 : .fp32
  }

  func fill(_ matrix: PanelMatrix, firstRow: Int, _ tensor: ParameterTensor, pool: ThreadPool) throws {
    let stored = try stored(tensor)
    let rowsAtOnce = max(1, Self.floatsAtOnce / stored.rowLength)
    for first in stride(from: 0, to: stored.rowCount, by: rowsAtOnce) {
      let rows = first..<min(first + rowsAtOnce, stored.rowCount)
      if case .codes = matrix.storage, let model = source as? GGUFModel {
        let read = try model.readCodes(stored, rows: rows)
        matrix.setRows(
          firstRow + first, count: rows.count, codes: read.codes, scales: read.scales, offsets: read.offsets,
          pool: pool)
        continue
      }
      let floats = try self.floats(stored, rows)
      if matrix.storage == .bf16 {
        // Widened bfloat16: the upper halves are all there is.
        let halves = floats.map { UInt16(truncatingIfNeeded: $0.bitPattern >> 16) }
        matrix.setRows(firstRow + first, count: rows.count, halves, pool: pool)
      } else {
        matrix.setRows(firstRow + first, count: rows.count, floats, pool: pool)
      }
    }
  }

  func copyVector(_ tensor: ParameterTensor, into target: UnsafeMutablePointer<Float>) throws {
    let stored = try stored(tensor)
    try source.readFloats(
      stored, rows: 0..<stored.rowCount, into: UnsafeMutableBufferPointer(start: target, count: tensor.count))
  }

  private func floats(_ stored: ModelTensor, _ rows: Range<Int>) throws -> [Float] {
    let count = rows.count * stored.rowLength
    var result = [Float](repeating: 0, count: count)
    try result.withUnsafeMutableBufferPointer { try source.readFloats(stored, rows: rows, into: $0) }
    return result
  }

  private func stored(_ tensor: ParameterTensor) throws -> ModelTensor {
    guard let stored = source.tensor(named: tensor.name) else {
      preconditionFailure("tensor \(tensor.name) is missing although the model was checked")
    }
    return stored
  }
}
