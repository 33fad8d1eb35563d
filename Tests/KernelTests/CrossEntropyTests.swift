import Glibc
import KernelTable
import Testing

struct CrossEntropyTests {
  @Test func lossAndGradientAreTheDefinition() {
    for (t, v) in [(1, 1), (3, 2), (5, 17), (4, 96), (7, 509), (3, 4099)] {
      let logits = values(t * v, seed: 1, scale: 5)
      let targets = (0..<t).map { $0 % 3 == 1 ? Int32(-1) : Int32($0 * 31 % v) }
      let found = Machines.equalBits("cross-entropy \(t)×\(v)") { kernels, pool in
        var gradient: [Float] = []
        let statistics = fenced(zeros: 3 * t) { statistics in
          gradient = fenced(logits) {
            kernels.crossEntropy(
              tokens: t, vocabulary: v, logits: $0, targets: targets, statistics: statistics, gradient: true,
              pool: pool)
          }
        }
        return statistics + gradient
      }
      for row in 0..<t where targets[row] >= 0 {
        let line = (0..<v).map { Double(logits[row * v + $0]) }
        let sum = line.reduce(0) { $0 + exp($1) }
        let s = found[3 * row..<3 * row + 3].map(Double.init)
        let loss = log(sum) - line[Int(targets[row])]
        #expect(abs(BitwiseMath.log(s[1]) + s[0] - s[2] - loss) < 2e-6 * max(1, loss))
      }
      var expected: [Double] = []
      for row in 0..<t {
        let line = (0..<v).map { Double(logits[row * v + $0]) }
        let sum = line.reduce(0) { $0 + exp($1) }
        for j in 0..<v {
          expected.append(targets[row] < 0 ? 0 : exp(line[j]) / sum - (j == Int(targets[row]) ? 1 : 0))
        }
      }
      #expect(deviation(Array(found.dropFirst(3 * t)), expected) < 1e-6)
    }
  }

  @Test func aLogitThatIsNotANumberShowsInTheLoss() {
    for place in [0, 3, 16, 20] {
      var logits = values(21, seed: 1)
      logits[place] = .nan
      let statistics = Machines.equalBits("NaN logit") { kernels, pool in
        fenced(zeros: 3) { statistics in
          _ = fenced(logits) {
            kernels.crossEntropy(
              tokens: 1, vocabulary: 21, logits: $0, targets: [1], statistics: statistics, gradient: false,
              pool: pool)
          }
        }
      }
      #expect(statistics[1].isNaN)
    }
  }
}
