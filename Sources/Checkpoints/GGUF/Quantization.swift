// Floats as blocks of ggml's quantizations, byte for byte what ggml's reference functions write
// (https://github.com/ggml-org/ggml/blob/master/src/ggml-quants.c, quantize_row_q8_0_ref and quantize_row_q4_0_ref).
//
// The names are ggml's, underscores included.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

extension GGUFTensorType {
  /// What `admix export` writes.
  public static let writable: [GGUFTensorType] = [.f32, .f16, .bf16, .q8_0, .q4_0]

  /// Precondition: the type is writable, and `floats` are whole blocks.
  func quantize(_ floats: UnsafeBufferPointer<Float>) -> [UInt8] {
    let block = block
    precondition(floats.count % block.elements == 0, "\(floats.count) floats are no whole blocks of \(block.elements)")
    var bytes: [UInt8] = []
    bytes.reserveCapacity(floats.count / block.elements * block.bytes)
    switch self {
    case .f32: bytes.append(contentsOf: UnsafeRawBufferPointer(floats))
    case .f16: for value in floats { bytes.appendLittleEndian(halfBits(value)) }
    case .bf16: for value in floats { bytes.appendLittleEndian(bfloat16Bits(value)) }
    case .q8_0:
      for first in stride(from: 0, to: floats.count, by: 32) {
        appendQ8_0(UnsafeBufferPointer(rebasing: floats[first..<first + 32]), to: &bytes)
      }
    case .q4_0:
      for first in stride(from: 0, to: floats.count, by: 32) {
        appendQ4_0(UnsafeBufferPointer(rebasing: floats[first..<first + 32]), to: &bytes)
      }
    default: preconditionFailure("\(name) is not written")
    }
    return bytes
  }

  /// d = max|x| / 127, q = round(x / d), ties away from zero.
  private func appendQ8_0(_ block: UnsafeBufferPointer<Float>, to bytes: inout [UInt8]) {
    let scale = block.reduce(0) { max($0, abs($1)) } / 127
    let inverse = scale == 0 ? 0 : 1 / scale
    bytes.appendLittleEndian(halfBits(scale))
    for value in block {
      let rounded = (value * inverse).rounded(.toNearestOrAwayFromZero)
      bytes.append(UInt8(bitPattern: Int8(max(-128, min(127, rounded.isNaN ? 0 : rounded)))))
    }
  }

  /// d = the x of largest magnitude / −8, q = x / d + 8, rounded and at most 15; the first sixteen in the low halves.
  /// ggml's own rounding depends on whether its compiler fuses the product and the sum; the package `gguf` takes both in
  /// double precision, as here.
  private func appendQ4_0(_ block: UnsafeBufferPointer<Float>, to bytes: inout [UInt8]) {
    var extreme: Float = 0
    for value in block where abs(value) > abs(extreme) { extreme = value }
    let scale = extreme / -8
    let inverse = scale == 0 ? 0 : 1 / scale
    bytes.appendLittleEndian(halfBits(scale))
    func quantum(_ value: Float) -> UInt8 {
      let shifted = Double(value) * Double(inverse) + 8.5
      return UInt8(max(0, min(15, shifted.isNaN ? 8 : shifted)))
    }
    for index in 0..<16 { bytes.append(quantum(block[index]) | quantum(block[16 + index]) << 4) }
  }
}

/// IEEE half precision, to nearest, ties to even; beyond its range infinite.
func halfBits(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  let sign = UInt16(bits >> 16 & 0x8000)
  let magnitude = bits & 0x7FFF_FFFF
  if magnitude > 0x7F80_0000 { return sign | 0x7E00 }
  // From 65520 on, halfway to what would be the next number.
  if magnitude >= 0x477F_F000 { return sign | 0x7C00 }
  // Below 2^-25 nothing is left; the tie at 2^-25 goes to zero, the even one.
  if magnitude <= 0x3300_0000 { return sign }
  let exponent = Int(magnitude >> 23) - 127
  let mantissa = magnitude & 0x7F_FFFF | 0x80_0000
  // Bits to drop: 13 of a normal half's, more for a subnormal one.
  let shift = UInt32(exponent >= -14 ? 13 : -exponent - 1)
  let kept = mantissa >> shift
  let rest = mantissa & (1 << shift - 1)
  let half: UInt32 = 1 << (shift - 1)
  let up: UInt32 = rest > half || rest == half && kept & 1 == 1 ? 1 : 0
  let base = exponent >= -14 ? UInt32(exponent + 14) << 10 : 0
  return sign | UInt16(base + kept + up)
}
