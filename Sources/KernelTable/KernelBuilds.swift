#if arch(x86_64)
  import KernelsAVX2
  import KernelsAVX512
#else
  import KernelsPlain
#endif

// The builds' entry points, by the processor's kind. The tables list the same names in the same order; TidyTests checks
// it, as no one machine compiles them all.

extension InstructionSet {
  var entries: KernelEntries {
    switch self {
    #if arch(x86_64)
      case .avx2: .avx2
      case .avx512: .avx512
    #else
      case .plain: .plain
    #endif
    }
  }
}

#if arch(x86_64)
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
      biasForward: KernelsAVX2.biasForward,
      biasBackward: KernelsAVX2.biasBackward,
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
      unpackExponentBlock: KernelsAVX2.unpackExponentBlock,
      fewRowsLimit: KernelsAVX2.fewRowsLimit,
      multiplyFewRowsStored: KernelsAVX2.multiplyFewRowsStored,
      raisesExactly: KernelsAVX2.raisesExactly,
      packRowsForPanels: KernelsAVX2.packRowsForPanels,
      panelScratchFloats: KernelsAVX2.panelScratchFloats,
      multiplyByPanels: KernelsAVX2.multiplyByPanels,
      pagedQueryRows: KernelsAVX2.pagedQueryRows,
      pageFloats: KernelsAVX2.pageFloats,
      storeInPage: KernelsAVX2.storeInPage,
      attendPagesScratchFloats: KernelsAVX2.attendPagesScratchFloats,
      attendPages: KernelsAVX2.attendPages,
      logitStatistics: KernelsAVX2.logitStatistics)

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
      biasForward: KernelsAVX512.biasForward,
      biasBackward: KernelsAVX512.biasBackward,
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
      unpackExponentBlock: KernelsAVX512.unpackExponentBlock,
      fewRowsLimit: KernelsAVX512.fewRowsLimit,
      multiplyFewRowsStored: KernelsAVX512.multiplyFewRowsStored,
      raisesExactly: KernelsAVX512.raisesExactly,
      packRowsForPanels: KernelsAVX512.packRowsForPanels,
      panelScratchFloats: KernelsAVX512.panelScratchFloats,
      multiplyByPanels: KernelsAVX512.multiplyByPanels,
      pagedQueryRows: KernelsAVX512.pagedQueryRows,
      pageFloats: KernelsAVX512.pageFloats,
      storeInPage: KernelsAVX512.storeInPage,
      attendPagesScratchFloats: KernelsAVX512.attendPagesScratchFloats,
      attendPages: KernelsAVX512.attendPages,
      logitStatistics: KernelsAVX512.logitStatistics)
  }
#else
  extension KernelEntries {
    static let plain = Self(
      matmulScratchFloats: KernelsPlain.matmulScratchFloats,
      matmul: KernelsPlain.matmul,
      leftPanelRows: KernelsPlain.leftPanelRows,
      rightPanelColumns: KernelsPlain.rightPanelColumns,
      packOperand: KernelsPlain.packOperand,
      packScratchFloats: KernelsPlain.packScratchFloats,
      packOperandBFloat16: KernelsPlain.packOperandBFloat16,
      multiplyPacked: KernelsPlain.multiplyPacked,
      exponentialRow: KernelsPlain.exponentialRow,
      rmsNormForward: KernelsPlain.rmsNormForward,
      rmsNormInputBackward: KernelsPlain.rmsNormInputBackward,
      rmsNormWeightBackward: KernelsPlain.rmsNormWeightBackward,
      rotate: KernelsPlain.rotate,
      attentionScratchFloats: KernelsPlain.attentionScratchFloats,
      attentionForward: KernelsPlain.attentionForward,
      attentionBackward: KernelsPlain.attentionBackward,
      swigluForward: KernelsPlain.swigluForward,
      swigluBackward: KernelsPlain.swigluBackward,
      addRows: KernelsPlain.addRows,
      biasForward: KernelsPlain.biasForward,
      biasBackward: KernelsPlain.biasBackward,
      embeddingForward: KernelsPlain.embeddingForward,
      embeddingBackward: KernelsPlain.embeddingBackward,
      crossEntropy: KernelsPlain.crossEntropy,
      adamW: KernelsPlain.adamW,
      squaredNorm: KernelsPlain.squaredNorm,
      bfloat16Rounded: KernelsPlain.bfloat16Rounded,
      bfloat16Widened: KernelsPlain.bfloat16Widened,
      bfloat16NodeSum: KernelsPlain.bfloat16NodeSum,
      splitPlanes16: KernelsPlain.splitPlanes16,
      joinPlanes16: KernelsPlain.joinPlanes16,
      splitPlanes32: KernelsPlain.splitPlanes32,
      joinPlanes32: KernelsPlain.joinPlanes32,
      packExponentBlocks: KernelsPlain.packExponentBlocks,
      unpackExponentBlock: KernelsPlain.unpackExponentBlock,
      fewRowsLimit: KernelsPlain.fewRowsLimit,
      multiplyFewRowsStored: KernelsPlain.multiplyFewRowsStored,
      raisesExactly: KernelsPlain.raisesExactly,
      packRowsForPanels: KernelsPlain.packRowsForPanels,
      panelScratchFloats: KernelsPlain.panelScratchFloats,
      multiplyByPanels: KernelsPlain.multiplyByPanels,
      pagedQueryRows: KernelsPlain.pagedQueryRows,
      pageFloats: KernelsPlain.pageFloats,
      storeInPage: KernelsPlain.storeInPage,
      attendPagesScratchFloats: KernelsPlain.attendPagesScratchFloats,
      attendPages: KernelsPlain.attendPages,
      logitStatistics: KernelsPlain.logitStatistics)
  }
#endif
