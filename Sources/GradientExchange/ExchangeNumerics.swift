import KernelTable

/// The numerics that this build computes with, for those who say HELLO.
public enum ExchangeNumerics {
  public static var version: UInt32 { numericsVersion }
}

extension NodeArithmetic {
  /// With the kernels for this processor, or those that `ADMIX_ISA` names.
  ///
  /// - Throws: `InstructionSetError`, whose description says what to do.
  public static func forThisProcessor() throws -> NodeArithmetic {
    NodeArithmetic(kernels: try Kernels.forThisProcessor())
  }
}
