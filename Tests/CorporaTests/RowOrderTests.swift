import Testing

@testable import Corpora

@Suite struct RowOrderTests {
  @Test func aKeyedPermutationIsOne() {
    for count in Array(1...130) + [1000, 1023, 1024, 1025, 4097, 65_537] {
      for key in [0, 1, UInt64.max, 0x1234_5678_9ABC_DEF0] as [UInt64] {
        let order = KeyedPermutation(count: count, key: key)
        var seen = [Bool](repeating: false, count: count)
        for index in 0..<count { seen[order(index)] = true }
        #expect(!seen.contains(false))
      }
    }
  }

  @Test func ordersOfDifferentKeysHaveNothingInCommon() {
    let keys = [
      rowOrderKey(seed: 7, source: "zh", pass: 0), rowOrderKey(seed: 8, source: "zh", pass: 0),
      rowOrderKey(seed: 7, source: "en", pass: 0), rowOrderKey(seed: 7, source: "zh", pass: 1),
    ]
    #expect(Set(keys).count == 4)
    let orders = keys.map { key in (0..<1000).map { KeyedPermutation(count: 1000, key: key)($0) } }
    for (first, second) in [(0, 1), (0, 2), (0, 3), (1, 2)] {
      // Two independent permutations agree in one place on average.
      #expect(zip(orders[first], orders[second]).filter { $0 == $1 }.count < 12)
    }
    #expect(zip(orders[0], 0..<1000).filter { $0 == $1 }.count < 12)
  }

  @Test(arguments: [(64, 64), (65, 64), (127, 64), (128, 64), (1000, 64), (999, 7), (4096, 128), (100, 99)])
  func everyRowOfAPassIsDrawnExactlyOnceAndTheTailGoesOn(tokens: Int, length: Int) {
    let order = RowOrder(streamTokens: tokens, sequenceLength: length, seed: 7, source: "zh")
    var draw = 0
    var next = 0
    for pass in 0..<20 {
      let count = order.rowCount(pass: pass)
      #expect(order.rowsBefore(pass: pass) == draw)
      let rows = (draw..<draw + count).map { order.row(ofDraw: $0) }
      #expect(rows.sorted() == Array(next..<next + count))
      for row in rows {
        #expect((pass * tokens..<(pass + 1) * tokens).contains(row * length))
        #expect(order.pass(ofDraw: draw) == pass)
      }
      draw += count
      next += count
    }
    // Rows lie side by side, so no token is skipped or read twice.
    #expect(order.position(ofRow: 1) == length % tokens)
    #expect(next * length >= 20 * tokens && next * length < 20 * tokens + length)
  }
}
