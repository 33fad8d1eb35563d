import KernelsAVX2
import KernelsAVX512

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
}

extension KernelEntries {
  static let avx2 = Self(
    matmulScratchFloats: KernelsAVX2.matmulScratchFloats,
    matmul: KernelsAVX2.matmul,
    leftPanelRows: KernelsAVX2.leftPanelRows,
    rightPanelColumns: KernelsAVX2.rightPanelColumns,
    packOperand: KernelsAVX2.packOperand,
    packScratchFloats: KernelsAVX2.packScratchFloats,
    packOperandBFloat16: KernelsAVX2.packOperandBFloat16,
    multiplyPacked: KernelsAVX2.multiplyPacked,
    exponentialRow: KernelsAVX2.exponentialRow,
    rmsNormForward: KernelsAVX2.rmsNormForward,
    rmsNormInputBackward: KernelsAVX2.rmsNormInputBackward,
    rmsNormWeightBackward: KernelsAVX2.rmsNormWeightBackward,
    rotate: KernelsAVX2.rotate,
    attentionScratchFloats: KernelsAVX2.attentionScratchFloats,
    attentionForward: KernelsAVX2.attentionForward,
    attentionBackward: KernelsAVX2.attentionBackward,
    swigluForward: KernelsAVX2.swigluForward,
    swigluBackward: KernelsAVX2.swigluBackward,
    addRows: KernelsAVX2.addRows,
    embeddingForward: KernelsAVX2.embeddingForward,
    embeddingBackward: KernelsAVX2.embeddingBackward,
    crossEntropy: KernelsAVX2.crossEntropy,
    adamW: KernelsAVX2.adamW,
    squaredNorm: KernelsAVX2.squaredNorm,
    bfloat16Rounded: KernelsAVX2.bfloat16Rounded,
    bfloat16Widened: KernelsAVX2.bfloat16Widened,
    bfloat16NodeSum: KernelsAVX2.bfloat16NodeSum,
    splitPlanes16: KernelsAVX2.splitPlanes16,
    joinPlanes16: KernelsAVX2.joinPlanes16,
    splitPlanes32: KernelsAVX2.splitPlanes32,
    joinPlanes32: KernelsAVX2.joinPlanes32,
    packExponentBlocks: KernelsAVX2.packExponentBlocks,
    unpackExponentBlock: KernelsAVX2.unpackExponentBlock)

  static let avx512 = Self(
    matmulScratchFloats: KernelsAVX512.matmulScratchFloats,
    matmul: KernelsAVX512.matmul,
    leftPanelRows: KernelsAVX512.leftPanelRows,
    rightPanelColumns: KernelsAVX512.rightPanelColumns,
    packOperand: KernelsAVX512.packOperand,
    packScratchFloats: KernelsAVX512.packScratchFloats,
    packOperandBFloat16: KernelsAVX512.packOperandBFloat16,
    multiplyPacked: KernelsAVX512.multiplyPacked,
    exponentialRow: KernelsAVX512.exponentialRow,
    rmsNormForward: KernelsAVX512.rmsNormForward,
    rmsNormInputBackward: KernelsAVX512.rmsNormInputBackward,
    rmsNormWeightBackward: KernelsAVX512.rmsNormWeightBackward,
    rotate: KernelsAVX512.rotate,
    attentionScratchFloats: KernelsAVX512.attentionScratchFloats,
    attentionForward: KernelsAVX512.attentionForward,
    attentionBackward: KernelsAVX512.attentionBackward,
    swigluForward: KernelsAVX512.swigluForward,
    swigluBackward: KernelsAVX512.swigluBackward,
    addRows: KernelsAVX512.addRows,
    embeddingForward: KernelsAVX512.embeddingForward,
    embeddingBackward: KernelsAVX512.embeddingBackward,
    crossEntropy: KernelsAVX512.crossEntropy,
    adamW: KernelsAVX512.adamW,
    squaredNorm: KernelsAVX512.squaredNorm,
    bfloat16Rounded: KernelsAVX512.bfloat16Rounded,
    bfloat16Widened: KernelsAVX512.bfloat16Widened,
    bfloat16NodeSum: KernelsAVX512.bfloat16NodeSum,
    splitPlanes16: KernelsAVX512.splitPlanes16,
    joinPlanes16: KernelsAVX512.joinPlanes16,
    splitPlanes32: KernelsAVX512.splitPlanes32,
    joinPlanes32: KernelsAVX512.joinPlanes32,
    packExponentBlocks: KernelsAVX512.packExponentBlocks,
    unpackExponentBlock: KernelsAVX512.unpackExponentBlock)
}
