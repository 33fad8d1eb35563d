// Blocks of ggml's quantizations as floats, bit for bit what the Python package `gguf` computes (its `quants.py`):
// each product and each sum is one fp32 operation, rounded once, in the order written there, without fused operations.
//
// A zero keeps the sign the operations give it (a negative scale times 0 is −0). A scale that is NaN or infinite makes
// NaNs; which of the many NaNs is the processor's choice, and the only thing not compared.
//
// The names are ggml's, underscores included.
// swift-format-ignore-file: AlwaysUseLowerCamelCase
//
// Layouts: https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h (block_q4_0 and so on)

/// Writes the elements of whole blocks.
///
/// - Precondition: `type.isReadable`, and `floats` has room for exactly the blocks in `bytes`.
func dequantize(
  _ type: GGUFTensorType, _ bytes: UnsafeRawBufferPointer, into floats: UnsafeMutableBufferPointer<Float>
) {
  let block = type.block
  let count = bytes.count / block.bytes
  precondition(count * block.bytes == bytes.count && count * block.elements == floats.count, "no whole blocks")
  guard let source = bytes.baseAddress, let target = floats.baseAddress else { return }
  func each(_ convert: (UnsafeRawPointer, UnsafeMutablePointer<Float>) -> Void) {
    for index in 0..<count { convert(source + index * block.bytes, target + index * block.elements) }
  }
  switch type {
  case .f32: UnsafeMutableRawBufferPointer(floats).copyMemory(from: bytes)
  case .f16: each { $1[0] = half($0, 0) }
  case .bf16: each { $1[0] = float(fromBFloat16: word($0, 0)) }
  case .q8_0: each(dequantizeQ8_0)
  case .q4_0: each(dequantizeQ4_0)
  case .q4_1: each(dequantizeQ4_1)
  case .q5_0: each(dequantizeQ5_0)
  case .q5_1: each(dequantizeQ5_1)
  case .q4_K: each(dequantizeQ4_K)
  case .q5_K: each(dequantizeQ5_K)
  case .q6_K: each(dequantizeQ6_K)
  default: preconditionFailure("\(type.name) is not read")
  }
}

private func byte(_ block: UnsafeRawPointer, _ offset: Int) -> UInt8 {
  block.load(fromByteOffset: offset, as: UInt8.self)
}

private func word(_ block: UnsafeRawPointer, _ offset: Int) -> UInt16 {
  UInt16(littleEndian: block.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
}

private func half(_ block: UnsafeRawPointer, _ offset: Int) -> Float { float(fromHalf: word(block, offset)) }

/// d · q: f16 d, 32 × i8 q.
private func dequantizeQ8_0(_ block: UnsafeRawPointer, _ floats: UnsafeMutablePointer<Float>) {
  let scale = half(block, 0)
  for index in 0..<32 { floats[index] = Float(Int8(bitPattern: byte(block, 2 + index))) * scale }
}

/// d · (q − 8): f16 d, 32 × 4 bits; the low halves of the 16 bytes come first.
private func dequantizeQ4_0(_ block: UnsafeRawPointer, _ floats: UnsafeMutablePointer<Float>) {
  let scale = half(block, 0)
  for index in 0..<16 {
    let pair = byte(block, 2 + index)
    floats[index] = scale * Float(Int(pair & 15) - 8)
    floats[16 + index] = scale * Float(Int(pair >> 4) - 8)
  }
}

/// d · q + m: f16 d, f16 m, 32 × 4 bits.
private func dequantizeQ4_1(_ block: UnsafeRawPointer, _ floats: UnsafeMutablePointer<Float>) {
  let (scale, minimum) = (half(block, 0), half(block, 2))
  for index in 0..<16 {
    let pair = byte(block, 4 + index)
    floats[index] = scale * Float(pair & 15) + minimum
    floats[16 + index] = scale * Float(pair >> 4) + minimum
  }
}

private func fifthBits(_ block: UnsafeRawPointer, _ offset: Int) -> UInt32 {
  UInt32(littleEndian: block.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
}

/// d · (q − 16): f16 d, 32 fifth bits, 32 × 4 bits.
private func dequantizeQ5_0(_ block: UnsafeRawPointer, _ floats: UnsafeMutablePointer<Float>) {
  let (scale, high) = (half(block, 0), fifthBits(block, 2))
  for index in 0..<16 {
    let pair = byte(block, 6 + index)
    floats[index] = scale * Float(Int(UInt32(pair & 15) | (high >> UInt32(index) & 1) << 4) - 16)
    floats[16 + index] = scale * Float(Int(UInt32(pair >> 4) | (high >> UInt32(16 + index) & 1) << 4) - 16)
  }
}

/// d · q + m: f16 d, f16 m, 32 fifth bits, 32 × 4 bits.
private func dequantizeQ5_1(_ block: UnsafeRawPointer, _ floats: UnsafeMutablePointer<Float>) {
  let (scale, minimum, high) = (half(block, 0), half(block, 2), fifthBits(block, 4))
  for index in 0..<16 {
    let pair = byte(block, 8 + index)
    floats[index] = scale * Float(UInt32(pair & 15) | (high >> UInt32(index) & 1) << 4) + minimum
    floats[16 + index] = scale * Float(UInt32(pair >> 4) | (high >> UInt32(16 + index) & 1) << 4) + minimum
  }
}

/// The six-bit scale and minimum of sub-block `index` of 8, packed into 12 bytes at `packed`: the first four stand in
/// the low six bits, of the last four the upper two bits stand above them.
private func scaleAndMinimum(_ packed: UnsafeRawPointer, _ index: Int) -> (scale: Float, minimum: Float) {
  if index < 4 { return (Float(byte(packed, index) & 63), Float(byte(packed, 4 + index) & 63)) }
  let low = byte(packed, 4 + index)
  return (
    Float(low & 15 | (byte(packed, index - 4) & 0xC0) >> 2), Float(low >> 4 | (byte(packed, index) & 0xC0) >> 2)
  )
}

/// (d · s) · q − (dmin · m) in 8 sub-blocks of 32: f16 d, f16 dmin, 12 bytes of s and m, 256 × 4 bits.
private func dequantizeQ4_K(_ block: UnsafeRawPointer, _ floats: UnsafeMutablePointer<Float>) {
  let (scale, minimum) = (half(block, 0), half(block, 2))
  for sub in 0..<8 {
    let packed = scaleAndMinimum(block + 4, sub)
    let (d, m) = (scale * packed.scale, minimum * packed.minimum)
    for index in 0..<32 {
      let pair = byte(block, 16 + sub / 2 * 32 + index)
      floats[32 * sub + index] = d * Float(sub % 2 == 0 ? pair & 15 : pair >> 4) - m
    }
  }
}

/// As Q4_K, with 32 bytes of fifth bits before the 4 bits: bit s of byte i belongs to element i of sub-block s.
private func dequantizeQ5_K(_ block: UnsafeRawPointer, _ floats: UnsafeMutablePointer<Float>) {
  let (scale, minimum) = (half(block, 0), half(block, 2))
  for sub in 0..<8 {
    let packed = scaleAndMinimum(block + 4, sub)
    let (d, m) = (scale * packed.scale, minimum * packed.minimum)
    for index in 0..<32 {
      let pair = byte(block, 48 + sub / 2 * 32 + index)
      let high = byte(block, 16 + index) >> UInt8(sub) & 1
      floats[32 * sub + index] = d * Float((sub % 2 == 0 ? pair & 15 : pair >> 4) | high << 4) - m
    }
  }
}

/// (d · s) · (q − 32) in 16 sub-blocks of 16: 128 bytes of low 4 bits, 64 of high 2 bits, 16 × i8 s, f16 d.
private func dequantizeQ6_K(_ block: UnsafeRawPointer, _ floats: UnsafeMutablePointer<Float>) {
  let scale = half(block, 208)
  for group in 0..<8 {
    // Half of the block, then quarter of the half: which nibble and which pair of bits.
    let (upper, quarter) = (group / 4, group % 4)
    for index in 0..<32 {
      let element = 32 * group + index
      let pair = byte(block, 64 * upper + quarter % 2 * 32 + index)
      let low = quarter < 2 ? pair & 15 : pair >> 4
      let high = byte(block, 128 + 32 * upper + index) >> UInt8(2 * quarter) & 3
      let d = scale * Float(Int8(bitPattern: byte(block, 192 + element / 16)))
      floats[element] = d * Float(Int(low | high << 4) - 32)
    }
  }
}
