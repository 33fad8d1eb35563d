/// Rows of a quantized tensor before they become floats: element = code · scale + offset, one rounding, for unsigned
/// codes in groups that share a scale and an offset. All of ggml's quantizations that Admix reads are of this form, and
/// code · scale is exact in fp32 (a half's 11 bits, times a sub-block's 6 or 8, times a code's), so the fused operation
/// gives the bits of `dequantize`; only the sign of a zero may differ.
public struct QuantizedRows: Sendable {
  /// How the codes of a tensor are grouped.
  public struct Form: Sendable, Hashable {
    /// Bits that a code needs: 4 or 8.
    public let bits: Int
    /// Elements that share a scale and an offset: 16 or 32.
    public let group: Int
  }

  public let form: Form
  /// Elements of a row.
  public let length: Int
  /// [rows, row length]
  public fileprivate(set) var codes: [UInt8]
  /// [rows, row length / group]
  public fileprivate(set) var scales: [Float]
  /// [rows, row length / group]
  public fileprivate(set) var offsets: [Float]
}

extension GGUFTensorType {
  /// The form of the type's codes, nil for floats.
  var codeForm: QuantizedRows.Form? {
    switch self {
    case .q4_0, .q4_1, .q4_K: .init(bits: 4, group: 32)
    case .q8_0, .q5_0, .q5_1, .q5_K: .init(bits: 8, group: 32)
    case .q6_K: .init(bits: 8, group: 16)
    default: nil
    }
  }
}

extension GGUFModel {
  /// The form of a tensor's codes, nil when it is stored as floats.
  public func codeForm(of tensor: ModelTensor) -> QuantizedRows.Form? { ggmlType(of: tensor).codeForm }

  /// Reads rows of a quantized tensor, under Hugging Face's order of rows.
  ///
  /// - Precondition: `codeForm(of:)` is not nil.
  /// - Throws: `CheckpointError` when the file changed since it was opened.
  public func readCodes(_ tensor: ModelTensor, rows: Range<Int>) throws -> QuantizedRows {
    let type = ggmlType(of: tensor)
    guard let form = type.codeForm else { preconditionFailure("\(tensor.name) holds floats") }
    var result = QuantizedRows(form, rows: rows.count, length: tensor.rowLength)
    try readBlocks(tensor, rows: rows) { row, bytes in result.set(row, type, bytes) }
    return result
  }
}

extension QuantizedRows {
  init(_ form: Form, rows: Int, length: Int) {
    self.form = form
    self.length = length
    codes = [UInt8](repeating: 0, count: rows * length)
    scales = [Float](repeating: 0, count: rows * (length / form.group))
    offsets = [Float](repeating: 0, count: rows * (length / form.group))
  }

  /// Sets a row from its blocks as stored.
  mutating func set(_ row: Int, _ type: GGUFTensorType, _ bytes: UnsafeRawBufferPointer) {
    let (elements, blockBytes) = type.block
    precondition(bytes.count == length / elements * blockBytes, "\(bytes.count) bytes for a row of \(length)")
    let group = form.group
    codes.withUnsafeMutableBufferPointer { codes in
      scales.withUnsafeMutableBufferPointer { scales in
        offsets.withUnsafeMutableBufferPointer { offsets in
          for block in 0..<length / elements {
            let first = row * length + block * elements
            let groups = (first / group)..<((first + elements) / group)
            let target = BlockTarget(
              codes: UnsafeMutableBufferPointer(rebasing: codes[first..<(first + elements)]),
              scales: UnsafeMutableBufferPointer(rebasing: scales[groups]),
              offsets: UnsafeMutableBufferPointer(rebasing: offsets[groups]))
            target.unpack(
              type, UnsafeRawBufferPointer(rebasing: bytes[(block * blockBytes)..<((block + 1) * blockBytes)]))
          }
        }
      }
    }
  }
}

/// Where the codes of one block go.
private struct BlockTarget {
  let codes: UnsafeMutableBufferPointer<UInt8>
  let scales: UnsafeMutableBufferPointer<Float>
  let offsets: UnsafeMutableBufferPointer<Float>

  /// Layouts as in `Dequantization.swift`.
  func unpack(_ type: GGUFTensorType, _ block: UnsafeRawBufferPointer) {
    switch type {
    case .q8_0:
      for index in 0..<32 { codes[index] = block[2 + index] ^ 0x80 }
      setGroup(0, scale: half(block, 0), zero: 128)
    case .q4_0:
      nibbles(block, at: 2)
      setGroup(0, scale: half(block, 0), zero: 8)
    case .q4_1:
      nibbles(block, at: 4)
      setGroup(0, scale: half(block, 0), offset: half(block, 2))
    case .q5_0:
      nibbles(block, at: 6)
      fifthBits(block, at: 2)
      setGroup(0, scale: half(block, 0), zero: 16)
    case .q5_1:
      nibbles(block, at: 8)
      fifthBits(block, at: 4)
      setGroup(0, scale: half(block, 0), offset: half(block, 2))
    case .q4_K: superBlock(block, codesAt: 16, fifthBitsAt: nil)
    case .q5_K: superBlock(block, codesAt: 48, fifthBitsAt: 16)
    case .q6_K: sixBits(block)
    default: preconditionFailure("\(type.name) holds no codes")
    }
  }

  private func half(_ block: UnsafeRawBufferPointer, _ offset: Int) -> Float {
    float(fromHalf: UInt16(block[offset]) | UInt16(block[offset + 1]) << 8)
  }

  /// scale · (code − zero): the product is exact.
  private func setGroup(_ group: Int, scale: Float, zero: Float) {
    setGroup(group, scale: scale, offset: -(zero * scale))
  }

  private func setGroup(_ group: Int, scale: Float, offset: Float) {
    scales[group] = scale
    offsets[group] = offset
  }

  private func nibbles(_ block: UnsafeRawBufferPointer, at offset: Int) {
    for index in 0..<16 {
      codes[index] = block[offset + index] & 15
      codes[16 + index] = block[offset + index] >> 4
    }
  }

  private func fifthBits(_ block: UnsafeRawBufferPointer, at offset: Int) {
    for index in 0..<32 {
      codes[index] |= (block[offset + index / 8] >> UInt8(index % 8) & 1) << 4
    }
  }

  private func superBlock(_ block: UnsafeRawBufferPointer, codesAt: Int, fifthBitsAt: Int?) {
    let (scale, minimum) = (half(block, 0), half(block, 2))
    for sub in 0..<8 {
      let packed = scaleAndMinimum(UnsafeRawBufferPointer(rebasing: block[4..<16]), sub)
      setGroup(sub, scale: scale * packed.scale, offset: -(minimum * packed.minimum))
      for index in 0..<32 {
        let pair = block[codesAt + sub / 2 * 32 + index]
        let high = fifthBitsAt.map { block[$0 + index] >> UInt8(sub) & 1 } ?? 0
        codes[32 * sub + index] = (sub % 2 == 0 ? pair & 15 : pair >> 4) | high << 4
      }
    }
  }

  private func scaleAndMinimum(_ packed: UnsafeRawBufferPointer, _ index: Int) -> (scale: Float, minimum: Float) {
    if index < 4 { return (Float(packed[index] & 63), Float(packed[4 + index] & 63)) }
    let low = packed[4 + index]
    return (Float(low & 15 | (packed[index - 4] & 0xC0) >> 2), Float(low >> 4 | (packed[index] & 0xC0) >> 2))
  }

  private func sixBits(_ block: UnsafeRawBufferPointer) {
    let scale = half(block, 208)
    for element in 0..<256 {
      let (upper, quarter, index) = (element / 128, element / 32 % 4, element % 32)
      let pair = block[64 * upper + quarter % 2 * 32 + index]
      let high = block[128 + 32 * upper + index] >> UInt8(2 * quarter) & 3
      codes[element] = (quarter < 2 ? pair & 15 : pair >> 4) | high << 4
    }
    for group in 0..<16 { setGroup(group, scale: scale * Float(Int8(bitPattern: block[192 + group])), zero: 32) }
  }
}
