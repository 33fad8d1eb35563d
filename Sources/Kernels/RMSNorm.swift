// Root-mean-square normalization (Zhang and Sennrich, arXiv 1910.07467).
//   y = x · rstd · w,  rstd = 1 / √(mean(x²) + ε)
// With n = x · rstd and g = dy · w:
//   dx = rstd · (g − n · mean(g · n)),   dw = Σ_t dy · n

/// output[rows,width] = RMSNorm(input[rows,width]) · weight[width]; keeps rstd[rows] for the backward pass.
@inline(never) public func rmsNormForward(
  _ rows: Int, _ width: Int, _ input: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ epsilon: Float,
  _ output: UnsafeMutablePointer<Float>, _ rstd: UnsafeMutablePointer<Float>
) {
  var row = 0
  while row < rows {
    let x = input + row * width
    let y = output + row * width
    let scale = 1 / (dotRow(x, x, width) / Float(width) + epsilon).squareRoot()
    rstd[row] = scale
    let scales = SIMD16<Float>(repeating: scale)
    var i = 0
    while i < width {
      let n = width - i
      storeUpTo16(loadUpTo16(x + i, n) * scales * loadUpTo16(weight + i, n), y + i, n)
      i += 16
    }
    row += 1
  }
}

/// dInput[rows,width] += the gradient through the norm; what dInput holds already is the residual branch's.
@inline(never) public func rmsNormInputBackward(
  _ rows: Int, _ width: Int, _ input: UnsafePointer<Float>, _ weight: UnsafePointer<Float>,
  _ rstd: UnsafePointer<Float>, _ dOutput: UnsafePointer<Float>, _ dInput: UnsafeMutablePointer<Float>
) {
  var row = 0
  while row < rows {
    let x = input + row * width
    let dy = dOutput + row * width
    let dx = dInput + row * width
    let scales = SIMD16<Float>(repeating: rstd[row])
    var lanes = SIMD16<Float>()
    var i = 0
    while i < width {
      let n = width - i
      lanes = lanes.addingProduct(loadUpTo16(dy + i, n) * loadUpTo16(weight + i, n), loadUpTo16(x + i, n) * scales)
      i += 16
    }
    let means = SIMD16<Float>(repeating: sumLanes(lanes) / Float(width))
    i = 0
    while i < width {
      let left = width - i
      let g = loadUpTo16(dy + i, left) * loadUpTo16(weight + i, left)
      let n = loadUpTo16(x + i, left) * scales
      storeUpTo16(loadUpTo16(dx + i, left) + scales * (g - n * means), dx + i, left)
      i += 16
    }
    row += 1
  }
}

/// dWeight[columns] += Σ_t dOutput · input · rstd, tokens in order, for `columns` columns of rows `width` apart.
@inline(never) public func rmsNormWeightBackward(
  _ rows: Int, _ columns: Int, _ width: Int, _ input: UnsafePointer<Float>, _ rstd: UnsafePointer<Float>,
  _ dOutput: UnsafePointer<Float>, _ dWeight: UnsafeMutablePointer<Float>
) {
  var i = 0
  while i < columns {
    let count = columns - i
    var sum = loadUpTo16(dWeight + i, count)
    var row = 0
    while row < rows {
      let x = input + row * width + i
      let dy = dOutput + row * width + i
      let scales = SIMD16<Float>(repeating: rstd[row])
      sum = sum.addingProduct(loadUpTo16(dy, count), loadUpTo16(x, count) * scales)
      row += 1
    }
    storeUpTo16(sum, dWeight + i, count)
    i += 16
  }
}
