// Token embedding: a row of the table per token.

/// output[rows,width] = table[tokens[row], :].
@inline(never) public func embeddingForward(
  _ rows: Int, _ width: Int, _ tokens: UnsafePointer<Int32>, _ table: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>
) {
  var row = 0
  while row < rows {
    let source = table + Int(tokens[row]) * width
    let target = output + row * width
    var i = 0
    while i < width {
      target[i] = source[i]
      i += 1
    }
    row += 1
  }
}

/// dTable[tokens[row], column…] += dOutput[row, column…] in token order, for `columns` columns of rows `width` apart
/// (threads share the columns, never the tokens, so that a token seen twice adds in order).
@inline(never) public func embeddingBackward(
  _ rows: Int, _ columns: Int, _ width: Int, _ tokens: UnsafePointer<Int32>, _ dOutput: UnsafePointer<Float>,
  _ dTable: UnsafeMutablePointer<Float>
) {
  var row = 0
  while row < rows {
    addRows(
      columns, dTable + Int(tokens[row]) * width, dOutput + row * width, dTable + Int(tokens[row]) * width)
    row += 1
  }
}
