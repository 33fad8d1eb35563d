// Products of few rows by panels that stay as small as they are stored: codes and bfloat16 become floats in registers,
// a step of k for all rows at a time, and memory is read once. See FewRows.swift and PanelExpansion.swift.

/// As `multiplyFewRows`, with B in panels of any storage, from zero. raised: 1 where `raisesExactly` holds for all
/// groups of 4-bit codes.
@inline(never) public func multiplyFewRowsStored(
  _ rows: Int, _ panels: Int, _ depth: Int, _ x: UnsafePointer<Float>, _ xRow: Int, _ storage: Int, _ group: Int,
  _ b: UnsafePointer<Float>, _ panelStride: Int, _ c: UnsafeMutablePointer<Float>, _ cRow: Int, _ raised: Int
) {
  if storage == 0 {
    multiplyFewRows(rows, panels, depth, x, xRow, b, panelStride, c, cRow, 0)
    return
  }
  var row = 0
  while row < rows {
    let left = rows - row
    let limit = fewRowsLimit()
    let count = left < limit ? left : limit
    let source = x + row * xRow
    let target = c + row * cRow
    if storage == 1 {
      multiplyBFloat16(count, panels, depth, source, xRow, b, panelStride, target, cRow)
    } else if storage == 2 {
      multiplyFourBits(count, panels, group, depth, source, xRow, b, panelStride, target, cRow, raised)
    } else {
      multiplyEightBits(count, panels, group, depth, source, xRow, b, panelStride, target, cRow)
    }
    row += count
  }
}

@inline(never) func multiplyFourBits(
  _ rows: Int, _ panels: Int, _ group: Int, _ depth: Int, _ x: UnsafePointer<Float>, _ xRow: Int,
  _ b: UnsafePointer<Float>, _ panelStride: Int, _ c: UnsafeMutablePointer<Float>, _ cRow: Int, _ raised: Int
) {
  multiplyCodes(4, 15, rows, panels, group, depth, x, xRow, b, panelStride, c, cRow, raised)
}

@inline(never) func multiplyEightBits(
  _ rows: Int, _ panels: Int, _ group: Int, _ depth: Int, _ x: UnsafePointer<Float>, _ xRow: Int,
  _ b: UnsafePointer<Float>, _ panelStride: Int, _ c: UnsafeMutablePointer<Float>, _ cRow: Int
) {
  // The short form of a weight was no faster here.
  multiplyCodes(8, 255, rows, panels, group, depth, x, xRow, b, panelStride, c, cRow, 0)
}

/// Inlined with `bits` and `mask` as constants, as are the numbers of rows and `raised` further down.
@inline(__always) func multiplyCodes(
  _ bits: Int, _ mask: UInt32, _ rows: Int, _ panels: Int, _ group: Int, _ depth: Int, _ x: UnsafePointer<Float>,
  _ xRow: Int, _ b: UnsafePointer<Float>, _ panelStride: Int, _ c: UnsafeMutablePointer<Float>, _ cRow: Int,
  _ raised: Int
) {
  var panel = 0
  if rows == 1 {
    while panel + 2 <= panels {
      let source = b + panel * panelStride
      let target = c + panel * tileColumns
      if raised == 1 {
        affineRowOfTwoPanels(bits, 1, group, depth, x, source, panelStride, target)
      } else {
        affineRowOfTwoPanels(bits, 0, group, depth, x, source, panelStride, target)
      }
      panel += 2
    }
  }
  while panel < panels {
    let source = b + panel * panelStride
    let target = c + panel * tileColumns
    switch rows {
    case 1: affineTile(1, bits, mask, group, depth, x, xRow, source, target, cRow)
    case 2: affineTile(2, bits, mask, group, depth, x, xRow, source, target, cRow)
    case 3: affineTile(3, bits, mask, group, depth, x, xRow, source, target, cRow)
    case 4: affineTile(4, bits, mask, group, depth, x, xRow, source, target, cRow)
    case 5: affineTile(5, bits, mask, group, depth, x, xRow, source, target, cRow)
    case 6: affineTile(6, bits, mask, group, depth, x, xRow, source, target, cRow)
    case 7: affineTile(7, bits, mask, group, depth, x, xRow, source, target, cRow)
    default: affineTile(8, bits, mask, group, depth, x, xRow, source, target, cRow)
    }
    panel += 1
  }
}

/// One row by two panels: one panel's chains of additions would leave the units idle.
@inline(__always) func affineRowOfTwoPanels(
  _ bits: Int, _ raised: Int, _ group: Int, _ depth: Int, _ x: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
  _ panelStride: Int, _ c: UnsafeMutablePointer<Float>
) {
  var c0 = zeroPanel()
  var c1 = zeroPanel()
  var block = b
  var value = x
  let end = x + depth
  while value < end {
    // Behind the end of these two panels lie the two that come next.
    let next = block - b + prefetchDistance < panelStride ? 0 : panelStride
    prefetchPanel(block, further: next)
    prefetchPanel(block + tileColumns, further: next)
    prefetchPanel(block + panelStride, further: next)
    prefetchPanel(block + panelStride + tileColumns, further: next)
    let scales0 = rowScales(raised, block)
    let offsets0 = rowOffsets(raised, block + tileColumns, scales0)
    let scales1 = rowScales(raised, block + panelStride)
    let offsets1 = rowOffsets(raised, block + panelStride + tileColumns, scales1)
    var word = block + 2 * tileColumns
    let groupEnd = value + group
    while value < groupEnd {
      prefetchPanel(word, further: next)
      prefetchPanel(word + panelStride, further: next)
      let words0 = loadPanelWords(word)
      let words1 = loadPanelWords(word + panelStride)
      // Written out: shifts by constants are one instruction each.
      addRowStep(bits, raised, 0, value, words0, words1, scales0, offsets0, scales1, offsets1, &c0, &c1)
      addRowStep(bits, raised, 1, value, words0, words1, scales0, offsets0, scales1, offsets1, &c0, &c1)
      addRowStep(bits, raised, 2, value, words0, words1, scales0, offsets0, scales1, offsets1, &c0, &c1)
      addRowStep(bits, raised, 3, value, words0, words1, scales0, offsets0, scales1, offsets1, &c0, &c1)
      if bits == 4 {
        addRowStep(bits, raised, 4, value, words0, words1, scales0, offsets0, scales1, offsets1, &c0, &c1)
        addRowStep(bits, raised, 5, value, words0, words1, scales0, offsets0, scales1, offsets1, &c0, &c1)
        addRowStep(bits, raised, 6, value, words0, words1, scales0, offsets0, scales1, offsets1, &c0, &c1)
        addRowStep(bits, raised, 7, value, words0, words1, scales0, offsets0, scales1, offsets1, &c0, &c1)
      }
      value += 32 / bits
      word += tileColumns
    }
    block += affineBlock(bits, group)
  }
  storePanel(c0, c)
  storePanel(c1, c + tileColumns)
}

/// c0, c1 += x · weights of a word's code `index`.
@inline(__always) func addRowStep(
  _ bits: Int, _ raised: Int, _ index: Int, _ x: UnsafePointer<Float>, _ words0: PanelWords, _ words1: PanelWords,
  _ scales0: PanelVector, _ offsets0: PanelVector, _ scales1: PanelVector, _ offsets1: PanelVector,
  _ c0: inout PanelVector, _ c1: inout PanelVector
) {
  let v = repeated(x[index])
  if raised == 1 {
    c0 = addingProduct(c0, v, raisedWeights(words0, index, scales0, offsets0))
    c1 = addingProduct(c1, v, raisedWeights(words1, index, scales1, offsets1))
  } else {
    let shift = UInt32(truncatingIfNeeded: index &* bits)
    let mask: UInt32 = bits == 4 ? 15 : 255
    c0 = addingProduct(c0, v, affineWeights(words0, shift, mask, scales0, offsets0))
    c1 = addingProduct(c1, v, affineWeights(words1, shift, mask, scales1, offsets1))
  }
}

@inline(__always) func affineTile(
  _ rows: Int, _ bits: Int, _ mask: UInt32, _ group: Int, _ depth: Int, _ x: UnsafePointer<Float>, _ xRow: Int,
  _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>, _ cRow: Int
) {
  var c0 = zeroPanel()
  var c1 = zeroPanel()
  var c2 = zeroPanel()
  var c3 = zeroPanel()
  var c4 = zeroPanel()
  var c5 = zeroPanel()
  var c6 = zeroPanel()
  var c7 = zeroPanel()
  var block = b
  var value = x
  let end = x + depth
  while value < end {
    prefetchPanel(block)
    prefetchPanel(block + tileColumns)
    let scales = loadPanel(block)
    let offsets = loadPanel(block + tileColumns)
    var word = block + 2 * tileColumns
    let groupEnd = value + group
    while value < groupEnd {
      prefetchPanel(word)
      let words = loadPanelWords(word)
      var code = 0
      while code < 32 / bits {
        let w = affineWeights(words, UInt32(truncatingIfNeeded: code &* bits), mask, scales, offsets)
        c0 = addingProduct(c0, repeated(value[0]), w)
        if rows > 1 { c1 = addingProduct(c1, repeated(value[xRow]), w) }
        if rows > 2 { c2 = addingProduct(c2, repeated(value[2 * xRow]), w) }
        if rows > 3 { c3 = addingProduct(c3, repeated(value[3 * xRow]), w) }
        if rows > 4 { c4 = addingProduct(c4, repeated(value[4 * xRow]), w) }
        if rows > 5 { c5 = addingProduct(c5, repeated(value[5 * xRow]), w) }
        if rows > 6 { c6 = addingProduct(c6, repeated(value[6 * xRow]), w) }
        if rows > 7 { c7 = addingProduct(c7, repeated(value[7 * xRow]), w) }
        value += 1
        code += 1
      }
      word += tileColumns
    }
    block += affineBlock(bits, group)
  }
  storePanel(c0, c)
  if rows > 1 { storePanel(c1, c + cRow) }
  if rows > 2 { storePanel(c2, c + 2 * cRow) }
  if rows > 3 { storePanel(c3, c + 3 * cRow) }
  if rows > 4 { storePanel(c4, c + 4 * cRow) }
  if rows > 5 { storePanel(c5, c + 5 * cRow) }
  if rows > 6 { storePanel(c6, c + 6 * cRow) }
  if rows > 7 { storePanel(c7, c + 7 * cRow) }
}

@inline(never) func multiplyBFloat16(
  _ rows: Int, _ panels: Int, _ depth: Int, _ x: UnsafePointer<Float>, _ xRow: Int, _ b: UnsafePointer<Float>,
  _ panelStride: Int, _ c: UnsafeMutablePointer<Float>, _ cRow: Int
) {
  var panel = 0
  while panel < panels {
    let source = b + panel * panelStride
    let target = c + panel * tileColumns
    switch rows {
    case 1: bfloat16Tile(1, depth, x, xRow, source, target, cRow)
    case 2: bfloat16Tile(2, depth, x, xRow, source, target, cRow)
    case 3: bfloat16Tile(3, depth, x, xRow, source, target, cRow)
    case 4: bfloat16Tile(4, depth, x, xRow, source, target, cRow)
    case 5: bfloat16Tile(5, depth, x, xRow, source, target, cRow)
    case 6: bfloat16Tile(6, depth, x, xRow, source, target, cRow)
    case 7: bfloat16Tile(7, depth, x, xRow, source, target, cRow)
    default: bfloat16Tile(8, depth, x, xRow, source, target, cRow)
    }
    panel += 1
  }
}

@inline(__always) func bfloat16Tile(
  _ rows: Int, _ depth: Int, _ x: UnsafePointer<Float>, _ xRow: Int, _ b: UnsafePointer<Float>,
  _ c: UnsafeMutablePointer<Float>, _ cRow: Int
) {
  var c0 = zeroPanel()
  var c1 = zeroPanel()
  var c2 = zeroPanel()
  var c3 = zeroPanel()
  var c4 = zeroPanel()
  var c5 = zeroPanel()
  var c6 = zeroPanel()
  var c7 = zeroPanel()
  var k = 0
  while k < depth {
    // A word holds two steps: an even one in its low half.
    if k % 2 == 0 { prefetchPanel(b + k / 2 * tileColumns) }
    let words = loadPanelWords(b + k / 2 * tileColumns)
    let w = bfloat16Weights(words, k % 2 == 0 ? 16 : 0)
    let value = x + k
    c0 = addingProduct(c0, repeated(value[0]), w)
    if rows > 1 { c1 = addingProduct(c1, repeated(value[xRow]), w) }
    if rows > 2 { c2 = addingProduct(c2, repeated(value[2 * xRow]), w) }
    if rows > 3 { c3 = addingProduct(c3, repeated(value[3 * xRow]), w) }
    if rows > 4 { c4 = addingProduct(c4, repeated(value[4 * xRow]), w) }
    if rows > 5 { c5 = addingProduct(c5, repeated(value[5 * xRow]), w) }
    if rows > 6 { c6 = addingProduct(c6, repeated(value[6 * xRow]), w) }
    if rows > 7 { c7 = addingProduct(c7, repeated(value[7 * xRow]), w) }
    k += 1
  }
  storePanel(c0, c)
  if rows > 1 { storePanel(c1, c + cRow) }
  if rows > 2 { storePanel(c2, c + 2 * cRow) }
  if rows > 3 { storePanel(c3, c + 3 * cRow) }
  if rows > 4 { storePanel(c4, c + 4 * cRow) }
  if rows > 5 { storePanel(c5, c + 5 * cRow) }
  if rows > 6 { storePanel(c6, c + 6 * cRow) }
  if rows > 7 { storePanel(c7, c + 7 * cRow) }
}
