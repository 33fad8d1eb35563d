extension Kernels {
  /// output[T,D] = RMSNorm(input[T,D]) · weight[D]; keeps rstd[T].
  public func rmsNorm(
    tokens: Int, width: Int, _ input: UnsafePointer<Float>, weight: UnsafePointer<Float>, epsilon: Float,
    into output: UnsafeMutablePointer<Float>, rstd: UnsafeMutablePointer<Float>, pool: ThreadPool
  ) {
    precondition(tokens >= 0 && width > 0, "RMSNorm of \(tokens) rows of \(width)")
    pool.split(tokens, grain: elementsPerPiece / width) { first, count in
      entries.rmsNormForward(count, width, input + first * width, weight, epsilon, output + first * width, rstd + first)
    }
  }

  /// dInput[T,D] += gradient through the norm; dWeight[D] += its weight's, tokens in order.
  public func rmsNormBackward(
    tokens: Int, width: Int, _ input: UnsafePointer<Float>, weight: UnsafePointer<Float>,
    rstd: UnsafePointer<Float>, dOutput: UnsafePointer<Float>, dInput: UnsafeMutablePointer<Float>,
    dWeight: UnsafeMutablePointer<Float>, pool: ThreadPool
  ) {
    precondition(tokens >= 0 && width > 0, "RMSNorm of \(tokens) rows of \(width)")
    pool.split(width, grain: max(16, elementsPerPiece / max(1, tokens))) { first, count in
      entries.rmsNormWeightBackward(
        tokens, count, width, input + first, rstd, dOutput + first, dWeight + first)
    }
    pool.split(tokens, grain: elementsPerPiece / width) { first, count in
      let offset = first * width
      entries.rmsNormInputBackward(
        count, width, input + offset, weight, rstd + first, dOutput + offset, dInput + offset)
    }
  }

  /// Rotates heads[T, heads, headDimension] in place by the angles of positions[T] (tables [position, headDimension
  /// / 2]); `inverse` turns a gradient back.
  public func rotate(
    tokens: Int, heads: Int, headDimension: Int, _ x: UnsafeMutablePointer<Float>, cosines: UnsafePointer<Float>,
    sines: UnsafePointer<Float>, positions: UnsafePointer<Int32>, inverse: Bool, pool: ThreadPool
  ) {
    precondition(headDimension % 2 == 0 && headDimension > 0, "head dimension \(headDimension) is not even")
    let width = heads * headDimension
    pool.split(tokens, grain: elementsPerPiece / max(1, width)) { first, count in
      entries.rotate(
        count, heads, headDimension / 2, x + first * width, width, cosines, sines, positions + first, inverse ? 1 : 0)
    }
  }

  /// hidden[count] = silu(gate) · up.
  public func swiglu(
    count: Int, gate: UnsafePointer<Float>, up: UnsafePointer<Float>, into hidden: UnsafeMutablePointer<Float>,
    pool: ThreadPool
  ) {
    precondition(count >= 0, "SwiGLU of \(count) elements")
    pool.split(count, grain: elementsPerPiece) { first, count in
      entries.swigluForward(count, gate + first, up + first, hidden + first)
    }
  }

  /// Overwrites gate and up [count] by their gradients.
  public func swigluBackward(
    count: Int, gate: UnsafeMutablePointer<Float>, up: UnsafeMutablePointer<Float>, dHidden: UnsafePointer<Float>,
    pool: ThreadPool
  ) {
    precondition(count >= 0, "SwiGLU of \(count) elements")
    pool.split(count, grain: elementsPerPiece) { first, count in
      entries.swigluBackward(count, gate + first, up + first, dHidden + first)
    }
  }

  /// sum[count] = left + right; `sum` may be either.
  public func add(
    count: Int, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, into sum: UnsafeMutablePointer<Float>,
    pool: ThreadPool
  ) {
    precondition(count >= 0, "a sum of \(count) elements")
    pool.split(count, grain: elementsPerPiece) { first, count in
      entries.addRows(count, left + first, right + first, sum + first)
    }
  }

  /// x[T,D] += bias[D], every row.
  public func addBias(
    tokens: Int, width: Int, bias: UnsafePointer<Float>, to x: UnsafeMutablePointer<Float>, pool: ThreadPool
  ) {
    precondition(tokens >= 0 && width > 0, "a bias of \(tokens) rows of \(width)")
    pool.split(tokens, grain: elementsPerPiece / width) { first, count in
      entries.biasForward(count, width, bias, x + first * width)
    }
  }

  /// dBias[D] += Σ_t dOutput[T,D], tokens in order.
  public func addBiasGradient(
    tokens: Int, width: Int, dOutput: UnsafePointer<Float>, to dBias: UnsafeMutablePointer<Float>, pool: ThreadPool
  ) {
    precondition(tokens >= 0 && width > 0, "a bias of \(tokens) rows of \(width)")
    pool.split(width, grain: max(16, elementsPerPiece / max(1, tokens))) { first, count in
      entries.biasBackward(tokens, count, width, dOutput + first, dBias + first)
    }
  }

  /// output[T,D] = table[tokens[t], :], widened.
  public func embed(
    tokens: Int, width: Int, ids: UnsafePointer<Int32>, table: WeightSource,
    into output: UnsafeMutablePointer<Float>, pool: ThreadPool
  ) {
    precondition(tokens >= 0 && width > 0, "an embedding of \(tokens) tokens of width \(width)")
    pool.split(tokens, grain: elementsPerPiece / width) { first, count in
      switch table {
      case .fp32(let table): entries.embeddingForward(count, width, ids + first, table, output + first * width)
      case .bf16(let table):
        for token in first..<first + count {
          entries.bfloat16Widened(width, table + Int(ids[token]) * width, output + token * width)
        }
      }
    }
  }

  /// dTable[ids[t], :] += dOutput[t, :], tokens in order.
  public func embedBackward(
    tokens: Int, width: Int, ids: UnsafePointer<Int32>, dOutput: UnsafePointer<Float>,
    dTable: UnsafeMutablePointer<Float>, pool: ThreadPool
  ) {
    precondition(tokens >= 0 && width > 0, "an embedding of \(tokens) tokens of width \(width)")
    pool.split(width, grain: max(16, elementsPerPiece / max(1, tokens))) { first, count in
      entries.embeddingBackward(tokens, count, width, ids, dOutput + first, dTable + first)
    }
  }

  /// Reduces logits[T,vocabulary] to statistics[T,3] (maximum, Σ exp(l − maximum), target's logit), writing over the
  /// logits: their gradient if `gradient`, else nothing of use. Negative targets are ignored.
  public func crossEntropy(
    tokens: Int, vocabulary: Int, logits: UnsafeMutablePointer<Float>, targets: UnsafePointer<Int32>,
    statistics: UnsafeMutablePointer<Float>, gradient: Bool, pool: ThreadPool
  ) {
    precondition(tokens >= 0 && vocabulary > 0, "cross-entropy of \(tokens) rows of \(vocabulary)")
    pool.split(tokens, grain: elementsPerPiece / 4 / vocabulary) { first, count in
      entries.crossEntropy(
        count, vocabulary, logits + first * vocabulary, targets + first, statistics + 3 * first, gradient ? 1 : 0)
    }
  }
}

extension Kernels {
  /// x[rows,width] ×= factors[rows], row by row: one multiplication an element.
  public func scaleRows(
    rows: Int, width: Int, _ x: UnsafeMutablePointer<Float>, by factors: [Float], pool: ThreadPool
  ) {
    precondition(rows == factors.count && width > 0, "\(factors.count) factors for \(rows) rows of \(width)")
    // Each piece has rows of its own, so that threads do not meet.
    nonisolated(unsafe) let x = x
    pool.split(rows, grain: max(1, 65536 / width)) { first, count in
      for row in first..<first + count {
        let (line, factor) = (x + row * width, factors[row])
        for index in 0..<width { line[index] *= factor }
      }
    }
  }
}
