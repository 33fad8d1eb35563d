import KernelTable
import Testing

struct BiasTests {
  @Test func aBiasIsAddedToEveryRowAndItsGradientSumsThemInOrder() {
    for (t, d) in [(1, 1), (3, 7), (5, 16), (2, 17), (61, 47), (131, 130), (7, 2051), (1000, 3)] {
      let x = values(t * d, seed: 1)
      let bias = values(d, seed: 2)
      let prior = values(d, seed: 3)
      let found = Machines.equalBits("bias \(t)×\(d)") { kernels, pool in
        fenced(x) { kernels.addBias(tokens: t, width: d, bias: bias, to: $0, pool: pool) }
          + fenced(prior) { kernels.addBiasGradient(tokens: t, width: d, dOutput: x, to: $0, pool: pool) }
      }
      // To the bit: one addition an element, tokens in order.
      var (expected, gradient) = (x, prior)
      for row in 0..<t {
        for column in 0..<d {
          expected[row * d + column] += bias[column]
          gradient[column] += x[row * d + column]
        }
      }
      #expect(found == expected + gradient, "\(t)×\(d)")
    }
  }
}
