/// The entry points of one build. Nothing but pointers and numbers crosses: a vector's calling convention depends on
/// the build.
struct KernelEntries: Sendable {
  typealias In = UnsafePointer<Float>
  typealias Out = UnsafeMutablePointer<Float>
  typealias Tokens = UnsafePointer<Int32>

  let matmulScratchFloats: @Sendable () -> Int
  let matmul: @Sendable (Int, Int, Int, In, Int, Int, In, Int, Int, Out, Int, Int, Out) -> Void
  let leftPanelRows: @Sendable () -> Int
  let rightPanelColumns: @Sendable () -> Int
  let packOperand: @Sendable (Int, Int, In, Int, Int, Int, Int, Int, Out) -> Void
  let packScratchFloats: @Sendable () -> Int
  let packOperandBFloat16: @Sendable (Int, Int, UnsafePointer<UInt16>, Int, Int, Int, Int, Int, Out, Out) -> Void
  let multiplyPacked: @Sendable (Int, Int, Int, In, Int, Int, In, Int, Int, Out, Int, Int, Out) -> Void
  let exponentialRow: @Sendable (In, Out, Int) -> Void
  let rmsNormForward: @Sendable (Int, Int, In, In, Float, Out, Out) -> Void
  let rmsNormInputBackward: @Sendable (Int, Int, In, In, In, In, Out) -> Void
  let rmsNormWeightBackward: @Sendable (Int, Int, Int, In, In, In, Out) -> Void
  let rotate: @Sendable (Int, Int, Int, Out, Int, In, In, Tokens, Int) -> Void
  let attentionScratchFloats: @Sendable (Int, Int) -> Int
  let attentionForward: @Sendable (Int, Int, Float, In, Int, In, In, Int, Out, Out, Int, Out) -> Void
  let attentionBackward:
    @Sendable (Int, Int, Int, Float, In, Int, In, In, Int, In, In, In, Int, Out, Out, Out, Out) -> Void
  let swigluForward: @Sendable (Int, In, In, Out) -> Void
  let swigluBackward: @Sendable (Int, Out, Out, In) -> Void
  let addRows: @Sendable (Int, In, In, Out) -> Void
  let biasForward: @Sendable (Int, Int, In, Out) -> Void
  let biasBackward: @Sendable (Int, Int, Int, In, Out) -> Void
  let embeddingForward: @Sendable (Int, Int, Tokens, In, Out) -> Void
  let embeddingBackward: @Sendable (Int, Int, Int, Tokens, In, Out) -> Void
  let crossEntropy: @Sendable (Int, Int, Out, Tokens, Out, Int) -> Void
  let adamW:
    @Sendable (Int, Out, Out, Out, In, Float, Float, Float, Float, Float, Float, Float, Float, Float, Float) -> Void
  let squaredNorm: @Sendable (Int, In) -> Double
  let bfloat16Rounded: @Sendable (Int, In, UnsafeMutablePointer<UInt16>) -> Void
  let bfloat16Widened: @Sendable (Int, UnsafePointer<UInt16>, Out) -> Void
  let bfloat16NodeSum:
    @Sendable (Int, UnsafePointer<UInt16>, UnsafePointer<UInt16>, UnsafeMutablePointer<UInt16>) -> Void
  typealias Bytes = UnsafePointer<UInt8>
  typealias OutBytes = UnsafeMutablePointer<UInt8>
  let splitPlanes16: @Sendable (Int, UnsafePointer<UInt16>, OutBytes, OutBytes) -> Void
  let joinPlanes16: @Sendable (Int, Bytes, Bytes, UnsafeMutablePointer<UInt16>) -> Void
  let splitPlanes32: @Sendable (Int, UnsafePointer<UInt32>, OutBytes, OutBytes, OutBytes, OutBytes) -> Void
  let joinPlanes32: @Sendable (Int, Bytes, Bytes, Bytes, Bytes, UnsafeMutablePointer<UInt32>) -> Void
  let packExponentBlocks: @Sendable (Int, Bytes, OutBytes, OutBytes, UnsafeMutablePointer<Int>) -> Int
  let unpackExponentBlock: @Sendable (Bytes, Int, OutBytes, OutBytes) -> Int
  let fewRowsLimit: @Sendable () -> Int
  let multiplyFewRowsStored: @Sendable (Int, Int, Int, In, Int, Int, Int, In, Int, Out, Int, Int) -> Void
  let raisesExactly: @Sendable (Float, Float) -> Int
  let packRowsForPanels: @Sendable (Int, Int, In, Int, Int, Int, Out) -> Void
  let panelScratchFloats: @Sendable () -> Int
  let multiplyByPanels: @Sendable (Int, Int, Int, In, Int, Int, Int, In, Int, Out, Int, Out) -> Void
  let pagedQueryRows: @Sendable () -> Int
  let pageFloats: @Sendable (Int, Int) -> Int
  let storeInPage: @Sendable (Int, Int, In, In, Int, Out, Int, Int) -> Void
  let attendPagesScratchFloats: @Sendable (Int, Int, Int, Int) -> Int
  let attendPages:
    @Sendable (Int, Int, Int, Int, Float, In, Int, Out, Int, UnsafePointer<In>, Int, UnsafePointer<Int>, Int, Out)
      -> Void
  let logitStatistics: @Sendable (Int, Int, In, Int, Out, UnsafeMutablePointer<Int32>) -> Void
}
