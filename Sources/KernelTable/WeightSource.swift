/// Where a product's right operand lies, and as what. Products widen while they pack, so every storage gives the bits
/// that its fp32 values would give. Storage in blocks of quantized values joins here, with a packer of its own.
public enum WeightSource {
  case fp32(UnsafePointer<Float>)
  /// The upper halves of floats.
  case bf16(UnsafePointer<UInt16>)

  /// The same storage from element `offset` on.
  public static func + (source: WeightSource, offset: Int) -> WeightSource {
    switch source {
    case .fp32(let base): .fp32(base + offset)
    case .bf16(let base): .bf16(base + offset)
    }
  }
}
