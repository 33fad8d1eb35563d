/// Element types of the safetensors format that have whole bytes.
/// https://github.com/huggingface/safetensors (`safetensors/src/tensor.rs`, enum Dtype)
public enum TensorDType: String, Sendable, CaseIterable {
  case bool = "BOOL"
  case u8 = "U8"
  case i8 = "I8"
  case f8E5M2 = "F8_E5M2"
  case f8E4M3 = "F8_E4M3"
  case f8E8M0 = "F8_E8M0"
  case i16 = "I16"
  case u16 = "U16"
  case f16 = "F16"
  case bf16 = "BF16"
  case i32 = "I32"
  case u32 = "U32"
  case f32 = "F32"
  case i64 = "I64"
  case u64 = "U64"
  case f64 = "F64"
  case c64 = "C64"

  /// Bytes an element takes.
  public var byteCount: Int {
    switch self {
    case .bool, .u8, .i8, .f8E5M2, .f8E4M3, .f8E8M0: 1
    case .i16, .u16, .f16, .bf16: 2
    case .i32, .u32, .f32: 4
    case .i64, .u64, .f64, .c64: 8
    }
  }
}

/// The value of IEEE 754 binary16 bits, exact. By integer operations rather than `Float16`, because compute threads
/// treat subnormal floats as zero.
func float(fromHalf bits: UInt16) -> Float {
  let sign = UInt32(bits & 0x8000) << 16
  let exponent = UInt32(bits >> 10 & 0x1F)
  let fraction = UInt32(bits & 0x3FF)
  switch exponent {
  case 0x1F:
    return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
  case 0 where fraction == 0:
    return Float(bitPattern: sign)
  case 0:
    // Subnormal: fraction × 2^-24, which is a normal Float. Shift until the leading one is the implicit bit.
    let shift = UInt32(fraction.leadingZeroBitCount - 21)
    return Float(bitPattern: sign | (113 - shift) << 23 | (fraction << shift & 0x3FF) << 13)
  default:
    return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
  }
}

/// The value of bfloat16 bits, exact: a Float whose low half is zero.
func float(fromBFloat16 bits: UInt16) -> Float {
  Float(bitPattern: UInt32(bits) << 16)
}

/// Bits of the nearest bfloat16, ties to even. A NaN becomes the quiet one; PyTorch's differs from processor to
/// processor.
func bfloat16Bits(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  if value.isNaN { return 0x7FC0 }
  // Carries into the exponent, up to infinity, as rounding should.
  return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
}
