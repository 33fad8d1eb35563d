// Biases of projections (Qwen2's queries, keys and values; Llama's with `attention_bias` or `mlp_bias`).
//   y[t,:] = x[t,:] + b,   dx = dy,   db = Σ_t dy[t,:]

/// x[rows,width] += bias[width], every row.
@inline(never) public func biasForward(
  _ rows: Int, _ width: Int, _ bias: UnsafePointer<Float>, _ x: UnsafeMutablePointer<Float>
) {
  var row = 0
  while row < rows {
    addRows(width, x + row * width, bias, x + row * width)
    row += 1
  }
}

/// dBias[columns] += Σ_t dOutput[t, columns], tokens in order, for `columns` columns of rows `width` apart (threads
/// share the columns, never the tokens).
@inline(never) public func biasBackward(
  _ rows: Int, _ columns: Int, _ width: Int, _ dOutput: UnsafePointer<Float>, _ dBias: UnsafeMutablePointer<Float>
) {
  var i = 0
  while i < columns {
    let count = columns - i
    var sum = loadUpTo16(dBias + i, count)
    var row = 0
    while row < rows {
      sum += loadUpTo16(dOutput + row * width + i, count)
      row += 1
    }
    storeUpTo16(sum, dBias + i, count)
    i += 16
  }
}
