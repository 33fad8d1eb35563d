public import KernelTable

/// Cosines and sines of the rotary angles, [position, headDimension / 2].
///
/// Rounded where Hugging Face's code rounds (frequency and angle in fp32), so that logits agree at far positions too,
/// where a frequency's last bit is worth thousandths of a radian.
public final class RotaryTable {
  private let frequencies: [Float]
  public private(set) var length = 0
  public private(set) var cosines = FloatBuffer(count: 0)
  public private(set) var sines = FloatBuffer(count: 0)

  public init(_ shape: LlamaShape) {
    frequencies = Self.frequencies(shape)
  }

  /// Makes the table reach positions below `length`.
  public func extend(to length: Int) {
    guard length > self.length else { return }
    let half = frequencies.count
    let cosines = FloatBuffer(count: length * half)
    let sines = FloatBuffer(count: length * half)
    for position in 0..<length {
      for (i, frequency) in frequencies.enumerated() {
        let angle = Double(Float(position) * frequency)
        cosines.start[position * half + i] = Float(BitwiseMath.cosine(angle))
        sines.start[position * half + i] = Float(BitwiseMath.sine(angle))
      }
    }
    self.cosines = cosines
    self.sines = sines
    self.length = length
  }

  /// θ^(−2i/d), stretched as `rope_scaling` says.
  static func frequencies(_ shape: LlamaShape) -> [Float] {
    (0..<shape.headDimension / 2).map { i in
      let exponent = Double(Float(2 * i) / Float(shape.headDimension))
      let frequency = 1 / Float(BitwiseMath.power(shape.ropeTheta, exponent))
      return shape.ropeScaling?.stretched(frequency) ?? frequency
    }
  }
}
