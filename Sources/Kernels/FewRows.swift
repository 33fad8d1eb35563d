// Products of few rows: a decoding step has one row for each running text, too few to pay for packing them. The right
// operand comes in panels that were packed before (a weight once for all, keys and values as they are computed), so a
// row meets each of its elements once, in the order of memory. The order of additions is that of Matmul.swift.
//
// `rows` is a constant at every call of a tile: the accumulators that it does not have are never made.

/// C[rows, panels · tileColumns] (+)= X[rows, depth] · B. Element (r, k) of X lies at x[r · xRow + k], panel p of B at
/// b + p · panelStride, row r of C at c + r · cRow. accumulate: 0 starts from zero and does not read C, else from C.
@inline(never) func multiplyFewRows(
  _ rows: Int, _ panels: Int, _ depth: Int, _ x: UnsafePointer<Float>, _ xRow: Int, _ b: UnsafePointer<Float>,
  _ panelStride: Int, _ c: UnsafeMutablePointer<Float>, _ cRow: Int, _ accumulate: Int
) {
  var row = 0
  while row < rows {
    let left = rows - row
    let limit = fewRowsLimit()
    let count = left < limit ? left : limit
    multiplyRowsOfPanels(
      count, panels, depth, x + row * xRow, xRow, b, panelStride, c + row * cRow, cRow, accumulate)
    row += count
  }
}

@inline(__always) func multiplyRowsOfPanels(
  _ rows: Int, _ panels: Int, _ depth: Int, _ x: UnsafePointer<Float>, _ xRow: Int, _ b: UnsafePointer<Float>,
  _ panelStride: Int, _ c: UnsafeMutablePointer<Float>, _ cRow: Int, _ accumulate: Int
) {
  var panel = 0
  if rows == 1 {
    while panel + 4 <= panels {
      multiplyRowOfFourPanels(
        depth, x, b + panel * panelStride, panelStride, c + panel * tileColumns, accumulate)
      panel += 4
    }
  }
  while panel < panels {
    let source = b + panel * panelStride
    let target = c + panel * tileColumns
    switch rows {
    case 1: fewRowsTile(1, depth, x, xRow, source, target, cRow, accumulate)
    case 2: fewRowsTile(2, depth, x, xRow, source, target, cRow, accumulate)
    case 3: fewRowsTile(3, depth, x, xRow, source, target, cRow, accumulate)
    case 4: fewRowsTile(4, depth, x, xRow, source, target, cRow, accumulate)
    case 5: fewRowsTile(5, depth, x, xRow, source, target, cRow, accumulate)
    case 6: fewRowsTile(6, depth, x, xRow, source, target, cRow, accumulate)
    case 7: fewRowsTile(7, depth, x, xRow, source, target, cRow, accumulate)
    default: fewRowsTile(8, depth, x, xRow, source, target, cRow, accumulate)
    }
    panel += 1
  }
}

/// One row by four panels: one panel's two chains of additions would leave the units idle.
@inline(__always) func multiplyRowOfFourPanels(
  _ depth: Int, _ x: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ panelStride: Int,
  _ c: UnsafeMutablePointer<Float>, _ accumulate: Int
) {
  var c0 = zeroPanel()
  var c1 = zeroPanel()
  var c2 = zeroPanel()
  var c3 = zeroPanel()
  if accumulate != 0 {
    c0 = loadPanel(c)
    c1 = loadPanel(c + tileColumns)
    c2 = loadPanel(c + 2 * tileColumns)
    c3 = loadPanel(c + 3 * tileColumns)
  }
  var source = b
  var k = 0
  while k < depth {
    let value = repeated(x[k])
    c0 = addingProduct(c0, value, loadPanel(source))
    c1 = addingProduct(c1, value, loadPanel(source + panelStride))
    c2 = addingProduct(c2, value, loadPanel(source + 2 * panelStride))
    c3 = addingProduct(c3, value, loadPanel(source + 3 * panelStride))
    source += tileColumns
    k += 1
  }
  storePanel(c0, c)
  storePanel(c1, c + tileColumns)
  storePanel(c2, c + 2 * tileColumns)
  storePanel(c3, c + 3 * tileColumns)
}

@inline(__always) func fewRowsTile(
  _ rows: Int, _ depth: Int, _ x: UnsafePointer<Float>, _ xRow: Int, _ b: UnsafePointer<Float>,
  _ c: UnsafeMutablePointer<Float>, _ cRow: Int, _ accumulate: Int
) {
  var c0 = zeroPanel()
  var c1 = zeroPanel()
  var c2 = zeroPanel()
  var c3 = zeroPanel()
  var c4 = zeroPanel()
  var c5 = zeroPanel()
  var c6 = zeroPanel()
  var c7 = zeroPanel()
  if accumulate != 0 {
    c0 = loadPanel(c)
    if rows > 1 { c1 = loadPanel(c + cRow) }
    if rows > 2 { c2 = loadPanel(c + 2 * cRow) }
    if rows > 3 { c3 = loadPanel(c + 3 * cRow) }
    if rows > 4 { c4 = loadPanel(c + 4 * cRow) }
    if rows > 5 { c5 = loadPanel(c + 5 * cRow) }
    if rows > 6 { c6 = loadPanel(c + 6 * cRow) }
    if rows > 7 { c7 = loadPanel(c + 7 * cRow) }
  }
  var source = b
  var k = 0
  while k < depth {
    prefetchPanel(source)
    let w = loadPanel(source)
    let value = x + k
    c0 = addingProduct(c0, repeated(value[0]), w)
    if rows > 1 { c1 = addingProduct(c1, repeated(value[xRow]), w) }
    if rows > 2 { c2 = addingProduct(c2, repeated(value[2 * xRow]), w) }
    if rows > 3 { c3 = addingProduct(c3, repeated(value[3 * xRow]), w) }
    if rows > 4 { c4 = addingProduct(c4, repeated(value[4 * xRow]), w) }
    if rows > 5 { c5 = addingProduct(c5, repeated(value[5 * xRow]), w) }
    if rows > 6 { c6 = addingProduct(c6, repeated(value[6 * xRow]), w) }
    if rows > 7 { c7 = addingProduct(c7, repeated(value[7 * xRow]), w) }
    source += tileColumns
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
