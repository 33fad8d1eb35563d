import KernelTable
import Testing

/// Products by panels, with a naive twin: for each element one FMA after another.
struct PanelTests {
  private struct Codes {
    let codes: [UInt8]
    let scales: [Float]
    let offsets: [Float]

    /// Scales and offsets of few bits, as in quantized files, a zero and a negative one among them. Other `offsets`
    /// than those have a weight's last bits, some of them, or are a negative zero.
    init(bits: Int, group: Int, count: Int, plainOffsets: Bool = true) {
      let random = Philox4x32(seed: 11)
      codes = (0..<count).map { UInt8(random.block(SIMD4(UInt32($0), 0, 0, 0))[0] & (bits == 4 ? 15 : 255)) }
      func numbers(_ stream: UInt32, _ divisor: Float) -> [Float] {
        (0..<count / group).map {
          Float(Int(random.block(SIMD4(UInt32($0), stream, 0, 0))[0] % 2047) - 1023) / divisor
        }
      }
      scales = numbers(1, 65_536)
      offsets = numbers(2, 8192).enumerated().map { index, offset in
        plainOffsets ? offset : index % 5 == 0 ? -0.0 : index % 5 == 1 ? offset.nextUp : offset
      }
    }

    func floats(group: Int) -> [Float] {
      codes.indices.map { offsets[$0 / group].addingProduct(Float(codes[$0]), scales[$0 / group]) }
    }
  }

  private func naive(_ x: [Float], _ w: [Float], rows: Int, width: Int, depth: Int) -> [Float] {
    (0..<rows * width).map { index in
      var sum: Float = 0
      for k in 0..<depth { sum = sum.addingProduct(x[index / width * depth + k], w[index % width * depth + k]) }
      return sum
    }
  }

  private func product(
    _ x: [Float], _ matrix: PanelMatrix, rows: Int, _ kernels: Kernels, _ pool: ThreadPool
  ) -> [Float] {
    let padded = matrix.paddedWidth
    let output = fenced(zeros: rows * padded) {
      kernels.multiply(rows: rows, x, xRow: matrix.depth, by: matrix, into: $0, outputRow: padded, pool: pool)
    }
    return (0..<rows * matrix.width).map { output[$0 / matrix.width * padded + $0 % matrix.width] }
  }

  @Test func floatsGiveTheNaiveProductsBits() {
    for (width, depth) in [(1, 1), (33, 7), (64, 96), (97, 300), (160, 576), (300, 33)] {
      let w = values(width * depth, seed: 2)
      for rows in [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 17, 40, 150] {
        let x = values(rows * depth, seed: UInt64(rows))
        let found = Machines.equalBits("\(rows) × \(width) × \(depth)") { kernels, pool in
          let matrix = PanelMatrix(width: width, depth: depth, storage: .fp32, kernels: kernels)
          // In two parts that do not end with a panel.
          let cut = width / 3
          w.withUnsafeBufferPointer {
            guard let w = $0.baseAddress else { return }
            matrix.setRows(0, count: cut, w, pool: pool)
            matrix.setRows(cut, count: width - cut, w + cut * depth, pool: pool)
          }
          return product(x, matrix, rows: rows, kernels, pool)
        }
        #expect(found == naive(x, w, rows: rows, width: width, depth: depth))
      }
    }
  }

  @Test func bfloat16GivesTheBitsOfItsFloats() {
    for (width, depth) in [(5, 1), (40, 33), (70, 288)] {
      let halves = values(width * depth, seed: 3).map { UInt16($0.bitPattern >> 16) }
      let w = halves.map { Float(bitPattern: UInt32($0) << 16) }
      for rows in [1, 2, 5, 13, 30] {
        let x = values(rows * depth, seed: UInt64(rows))
        let found = Machines.equalBits("bf16, \(rows) × \(width) × \(depth)") { kernels, pool in
          let matrix = PanelMatrix(width: width, depth: depth, storage: .bf16, kernels: kernels)
          matrix.setRows(0, count: width, halves, pool: pool)
          #expect(row(matrix, width - 1) == Array(w.suffix(depth)))
          return product(x, matrix, rows: rows, kernels, pool)
        }
        #expect(found == naive(x, w, rows: rows, width: width, depth: depth))
      }
    }
  }

  @Test(arguments: [true, false]) func codesGiveTheBitsOfTheirFloats(plainOffsets: Bool) {
    for (bits, group) in [(4, 32), (8, 32), (8, 16), (4, 16)] {
      for (width, depth) in [(3, 32), (40, 96), (200, 544), (65, 1056)] {
        let codes = Codes(bits: bits, group: group, count: width * depth, plainOffsets: plainOffsets)
        let w = codes.floats(group: group)
        for rows in [1, 2, 3, 8, 11, 30] {
          let x = values(rows * depth, seed: UInt64(rows))
          let found = Machines.equalBits("\(bits) bits, \(rows) × \(width) × \(depth)") { kernels, pool in
            let matrix = PanelMatrix(
              width: width, depth: depth, storage: .codes(bits: bits, group: group), kernels: kernels)
            matrix.setRows(
              0, count: width, codes: codes.codes, scales: codes.scales, offsets: codes.offsets, pool: pool)
            #expect(row(matrix, width / 2) == Array(w[(width / 2 * depth)..<((width / 2 + 1) * depth)]))
            return product(x, matrix, rows: rows, kernels, pool)
          }
          #expect(found == naive(x, w, rows: rows, width: width, depth: depth))
        }
      }
    }
  }

  /// The short form of a weight would lose it, and so would a check of that in double precision.
  @Test(arguments: [0x1p-55, 0x1p+55] as [Float]) func aTermFarBelowTheOtherIsKept(ratio: Float) {
    let (width, depth) = (40, 64)
    let (scale, offset): (Float, Float) = ratio < 1 ? (1, ratio) : (1 / ratio, 1)
    let codes = [UInt8](repeating: ratio < 1 ? 0 : 15, count: width * depth)
    let x = values(depth, seed: 5)
    let found = Machines.equalBits("codes beside \(ratio)") { kernels, pool in
      let matrix = PanelMatrix(width: width, depth: depth, storage: .codes(bits: 4, group: 32), kernels: kernels)
      matrix.setRows(
        0, count: width, codes: codes, scales: [Float](repeating: scale, count: width * depth / 32),
        offsets: [Float](repeating: offset, count: width * depth / 32), pool: pool)
      return product(x, matrix, rows: 1, kernels, pool)
    }
    let w = codes.map { offset.addingProduct(Float($0), scale) }
    #expect(found == naive(x, w, rows: 1, width: width, depth: depth))
  }

  private func row(_ matrix: PanelMatrix, _ row: Int) -> [Float] {
    fenced(zeros: matrix.depth) { matrix.copyRow(row, into: $0) }
  }

  @Test func statisticsOfLogitsAreThoseOfTheCrossEntropy() {
    for width in oddSizes + [1000] {
      var logits = values(3 * width, seed: UInt64(width))
      if width > 2 { logits[width - 1] = logits[..<width].max() ?? 0 }
      let targets = [Int32](repeating: 0, count: 3)
      var best: [Int32] = []
      let found = Machines.equalBits("logits of \(width)") { kernels, pool in
        best = [7, 7, 7]
        return fenced(zeros: 6) { statistics in
          best.withUnsafeMutableBufferPointer {
            guard let best = $0.baseAddress else { return }
            kernels.logitStatistics(
              rows: 3, vocabulary: width, logits, rowStride: width, statistics: statistics, best: best, pool: pool)
          }
        }
      }
      let expected = Machines.equalBits("cross-entropy of \(width)") { kernels, pool in
        var copy = logits
        return fenced(zeros: 9) {
          kernels.crossEntropy(
            tokens: 3, vocabulary: width, logits: &copy, targets: targets, statistics: $0, gradient: false, pool: pool)
        }
      }
      for row in 0..<3 {
        #expect(found[2 * row] == expected[3 * row] && found[2 * row + 1] == expected[3 * row + 1])
        let part = logits[(row * width)..<((row + 1) * width)]
        #expect(Int(best[row]) == (part.firstIndex(of: part.max() ?? 0) ?? 0) - row * width)
      }
    }
  }
}
