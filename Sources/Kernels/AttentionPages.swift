// Causal attention over keys and values that were computed before and lie in pages: decoding, and prompts in pieces.
// A row's maximum and sum run over keys counted from the document's first token in 16 lanes, and each element of a
// product adds its terms in order: the bits are those of AttentionForward.swift for the whole document.
//
// A page holds, for one layer and one key head, the keys as panels of a right operand [⌈tokens/columns⌉][d][columns]
// and behind them the values [⌈d/columns⌉][tokens][columns]; columns are the tile's.

/// Rows of a block of queries at most, if one token's do not take more.
public func pagedQueryRows() -> Int { queryBlock }

/// Floats of keys and values in a page of `tokens` tokens, a multiple of 32, for heads of `dimension`.
public func pageFloats(_ tokens: Int, _ dimension: Int) -> Int { tokens * (dimension + paddedColumns(dimension)) }

/// Puts keys and values [count, dimension], rowStride apart, into the page's places from `first` on.
@inline(never) public func storeInPage(
  _ count: Int, _ dimension: Int, _ keys: UnsafePointer<Float>, _ values: UnsafePointer<Float>, _ rowStride: Int,
  _ page: UnsafeMutablePointer<Float>, _ first: Int, _ pageTokens: Int
) {
  var token = 0
  while token < count {
    let place = first + token
    let key = page + place / tileColumns * tileColumns * dimension + place % tileColumns
    let k = keys + token * rowStride
    let v = values + token * rowStride
    let value = page + pageTokens * dimension + place * tileColumns
    var i = 0
    while i < dimension {
      key[i * tileColumns] = k[i]
      value[i / tileColumns * tileColumns * pageTokens + i % tileColumns] = v[i]
      i += 1
    }
    token += 1
  }
}

/// Floats of scratch for `attendPages` with `rows` rows that see at most `length` keys.
public func attendPagesScratchFloats(_ rows: Int, _ length: Int, _ dimension: Int, _ pageTokens: Int) -> Int {
  let deepest = dimension > pageTokens ? dimension : pageTokens
  return tileRows * tileColumns + (rows + tileRows) * deepest + rows * dimension
    + rows * (paddedLength(length) + pageTokens) + rows * paddedColumns(dimension)
}

/// The `group` query heads of one key head, for tokens at positions firstPosition ..< firstPosition + tokens: output =
/// attention over all keys up to each token's own, which is in a page already. Page i, `pageOffset` floats from
/// pages[i], holds the next counts[i] keys.
///
/// Query head g of token t lies at queries + t · queryStride + g · dimension, its output likewise.
@inline(never) public func attendPages(
  _ tokens: Int, _ firstPosition: Int, _ group: Int, _ dimension: Int, _ scale: Float,
  _ queries: UnsafePointer<Float>, _ queryStride: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int,
  _ pages: UnsafePointer<UnsafePointer<Float>>, _ pageOffset: Int, _ counts: UnsafePointer<Int>, _ pageTokens: Int,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let rows = tokens * group
  let visible = firstPosition + tokens
  let deepest = dimension > pageTokens ? dimension : pageTokens
  let scoreStride = paddedLength(visible) + pageTokens
  let outputWidth = paddedColumns(dimension)
  let edge = scratch
  let packed = edge + tileRows * tileColumns
  let gathered = packed + (rows + tileRows) * deepest
  let scores = gathered + rows * dimension
  let attended = scores + rows * scoreStride
  let few = rows <= fewRowsLimit()
  gatherQueries(tokens, group * dimension, queries, queryStride, gathered)
  if !few {
    packRowsForPanels(rows, dimension, gathered, dimension, 0, paddedRowCount(rows), packed)
  }
  var page = 0
  var position = 0
  while position < visible {
    let left = visible - position
    let count = counts[page] < left ? counts[page] : left
    let panels = (count + tileColumns - 1) / tileColumns
    // Columns beyond `count` are the next page's, which overwrites them, or hidden below.
    if few {
      multiplyFewRows(
        rows, panels, dimension, gathered, dimension, pages[page] + pageOffset, dimension * tileColumns,
        scores + position, scoreStride, 0)
    } else {
      scoresOfPage(rows, panels, dimension, packed, pages[page] + pageOffset, scores + position, scoreStride, edge)
    }
    position += count
    page += 1
  }
  var row = 0
  while row < rows {
    let s = scores + row * scoreStride
    let seen = firstPosition + row / group + 1
    hideAfter(s, seen, paddedLength(visible))
    let maximum = rowMaximum(s, seen)
    _ = softmaxRow(s, paddedLength(visible), maximum, scale)
    row += 1
  }
  page = 0
  position = 0
  while position < visible {
    let left = visible - position
    let count = counts[page] < left ? counts[page] : left
    let values = pages[page] + pageOffset + pageTokens * dimension
    let accumulate = page == 0 ? 0 : accumulatesInOrder
    if few {
      multiplyFewRows(
        rows, outputWidth / tileColumns, count, scores + position, scoreStride, values, pageTokens * tileColumns,
        attended, outputWidth, accumulate)
    } else {
      packOnePanel(rows, count, scores + position, scoreStride, 1, tileRows, packed)
      multiplyBlock(rows, outputWidth, count, packed, values, pageTokens, attended, outputWidth, accumulate, edge)
    }
    position += count
    page += 1
  }
  scatterOutput(tokens, group, dimension, attended, outputWidth, output, outputStride)
}

@inline(__always) func paddedRowCount(_ rows: Int) -> Int { (rows + tileRows - 1) / tileRows * tileRows }

@inline(__always) func scoresOfPage(
  _ rows: Int, _ panels: Int, _ dimension: Int, _ packed: UnsafePointer<Float>, _ keys: UnsafePointer<Float>,
  _ scores: UnsafeMutablePointer<Float>, _ scoreStride: Int, _ edge: UnsafeMutablePointer<Float>
) {
  let step = panelStep(dimension)
  var k = 0
  while k < dimension {
    let depths = dimension - k < step ? dimension - k : step
    multiplyBlock(
      rows, panels * tileColumns, depths, packed + k * paddedRowCount(rows), keys + k * tileColumns, dimension, scores,
      scoreStride, k == 0 ? 0 : accumulatesInOrder, edge)
    k += depths
  }
}

@inline(__always) func gatherQueries(
  _ tokens: Int, _ width: Int, _ queries: UnsafePointer<Float>, _ stride: Int, _ target: UnsafeMutablePointer<Float>
) {
  var token = 0
  while token < tokens {
    var i = 0
    while i < width {
      target[token * width + i] = queries[token * stride + i]
      i += 1
    }
    token += 1
  }
}

@inline(__always) func scatterOutput(
  _ tokens: Int, _ group: Int, _ dimension: Int, _ attended: UnsafePointer<Float>, _ width: Int,
  _ output: UnsafeMutablePointer<Float>, _ stride: Int
) {
  var row = 0
  while row < tokens * group {
    let source = attended + row * width
    let target = output + row / group * stride + row % group * dimension
    var i = 0
    while i < dimension {
      target[i] = source[i]
      i += 1
    }
    row += 1
  }
}
