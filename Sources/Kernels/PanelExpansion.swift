// Panels of weights that stay as small as they are stored, made floats a block of steps at a time. What a panel holds,
// in words of 32 bits, so that a vector of words has one for each column:
//
// - bf16: [⌈k/2⌉][columns]: a word holds steps 2i (its low half) and 2i + 1.
// - affine codes of 4 or 8 bits: for each group of steps (16 or 32) [columns] scales, [columns] offsets, and
//   [group · bits / 32][columns] words, the earlier step in the lower bits. A weight is code · scale + offset, rounded
//   once. Every quantization of ggml's that Admix reads is of this kind: code · scale is exact there (at most 24 bits),
//   so the fused operation rounds where `Dequantization.swift` rounds.

/// Words of an affine group's block.
@inline(__always) func affineBlock(_ bits: Int, _ group: Int) -> Int { (2 + group * bits / 32) * tileColumns }

@inline(__always) private func expandAffine(
  _ bits: Int, _ mask: UInt32, _ group: Int, _ first: Int, _ steps: Int, _ panel: UnsafePointer<Float>,
  _ target: UnsafeMutablePointer<Float>
) {
  let codesPerWord = 32 / bits
  var block = panel + first / group * affineBlock(bits, group)
  var out = target
  var k = 0
  while k < steps {
    let scales = loadPanel(block)
    let offsets = loadPanel(block + tileColumns)
    var word = block + 2 * tileColumns
    var inGroup = 0
    while inGroup < group {
      let words = loadPanelWords(word)
      var code = 0
      while code < codesPerWord {
        let shift = UInt32(truncatingIfNeeded: code &* bits)
        storePanel(affineWeights(words, shift, mask, scales, offsets), out)
        out += tileColumns
        code += 1
      }
      word += tileColumns
      inGroup += codesPerWord
    }
    block += affineBlock(bits, group)
    k += group
  }
}

@inline(__always) private func expandBFloat16(
  _ first: Int, _ steps: Int, _ panel: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
) {
  var k = 0
  while k < steps {
    let words = loadPanelWords(panel + (first + k) / 2 * tileColumns)
    storePanel(bfloat16Weights(words, 16), target + k * tileColumns)
    if k + 1 < steps {
      storePanel(bfloat16Weights(words, 0), target + (k + 1) * tileColumns)
    }
    k += 2
  }
}

/// Storage of a panel: 0 floats, 1 bf16, 2 affine codes of 4 bits, 3 of 8 bits. `group` counts for the last two.
/// Writes steps first ..< first + steps of one panel as floats [steps][columns]; `first` begins a group (a pair, for
/// bf16), `steps` are whole groups.
@inline(never) public func expandPanel(
  _ storage: Int, _ group: Int, _ first: Int, _ steps: Int, _ panel: UnsafePointer<Float>,
  _ target: UnsafeMutablePointer<Float>
) {
  switch storage {
  case 1: expandBFloat16(first, steps, panel, target)
  case 2: expandAffine(4, 15, group, first, steps, panel, target)
  case 3: expandAffine(8, 255, group, first, steps, panel, target)
  default:
    var k = 0
    while k < steps {
      storePanel(loadPanel(panel + (first + k) * tileColumns), target + k * tileColumns)
      k += 1
    }
  }
}

/// Steps of k in each block of a product by panels: whole groups of codes, `blockDepth` at most.
@inline(__always) func panelStep(_ depth: Int) -> Int {
  let blocks = (depth + blockDepth - 1) / blockDepth
  return blocks <= 1 ? blockDepth : ((depth + blocks - 1) / blocks + 31) & ~31
}

/// Packs `count` rows of X[count, depth], xRow apart, as the rows from `first` of a left operand that has `padded` rows
/// for `multiplyByPanels`; `first` and `padded` are multiples of `leftPanelRows`.
@inline(never) public func packRowsForPanels(
  _ count: Int, _ depth: Int, _ x: UnsafePointer<Float>, _ xRow: Int, _ first: Int, _ padded: Int,
  _ packed: UnsafeMutablePointer<Float>
) {
  let step = panelStep(depth)
  var k = 0
  while k < depth {
    let depths = depth - k < step ? depth - k : step
    packOnePanel(count, depths, x + k, xRow, 1, tileRows, packed + k * padded + first * depths)
    k += depths
  }
}

/// Floats of scratch for `multiplyByPanels`: a block of expanded panels, and a tile for the edges.
public func panelScratchFloats() -> Int { blockColumns * blockDepth + tileRows * tileColumns }

/// C[rows, panels · tileColumns] = A · B for many rows: A packed by `packRowsForPanels`, B in panels of the given
/// storage, `panelStride` words apart.
@inline(never) public func multiplyByPanels(
  _ rows: Int, _ panels: Int, _ depth: Int, _ packedA: UnsafePointer<Float>, _ paddedRows: Int, _ storage: Int,
  _ group: Int, _ b: UnsafePointer<Float>, _ panelStride: Int, _ c: UnsafeMutablePointer<Float>, _ cRow: Int,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let step = panelStep(depth)
  let edge = scratch + blockColumns * blockDepth
  let panelsAtOnce = blockColumns / tileColumns
  var panel = 0
  while panel < panels {
    let count = panels - panel < panelsAtOnce ? panels - panel : panelsAtOnce
    var k = 0
    while k < depth {
      let depths = depth - k < step ? depth - k : step
      if storage != 0 {
        var p = 0
        while p < count {
          expandPanel(
            storage, group, k, depths, b + (panel + p) * panelStride, scratch + p * depths * tileColumns)
          p += 1
        }
      }
      let packedB = storage == 0 ? b + panel * panelStride + k * tileColumns : UnsafePointer(scratch)
      var row = 0
      while row < rows {
        let height = rows - row < blockRows ? rows - row : blockRows
        multiplyBlock(
          height, count * tileColumns, depths, packedA + k * paddedRows + row * depths, packedB,
          storage == 0 ? depth : depths, c + row * cRow + panel * tileColumns, cRow, k == 0 ? 0 : 1, edge)
        row += height
      }
      k += depths
    }
    panel += count
  }
}
