/// Step Law, arXiv 2503.04715: the best peak learning rate and batch of training from scratch, N parameters on D tokens.
/// It says nothing of continual pre-training; its slope in N is one rule of transfer.
public enum StepLaw {
  public static let sizeExponent = -0.713
  public static let tokenExponent = 0.307

  /// η = 1.79·N^−0.713·D^0.307.
  public static func learningRate(parameters: Double, tokens: Double) -> Double {
    1.79 * PortableMath.power(parameters, sizeExponent) * PortableMath.power(tokens, tokenExponent)
  }

  /// Tokens of a global batch: 0.58·D^0.571.
  public static func batchTokens(tokens: Double) -> Double { 0.58 * PortableMath.power(tokens, 0.571) }
}
