// exp without libm, whose bits differ between hosts.
// exp(x) = 2^n · exp(r), n = round(x / ln 2), |r| ≤ ln 2 / 2; ln 2 in two parts (Cody and Waite) so that r is exact
// to about 2^-30; exp(r) = 1 + r + r²·P(r) with the coefficients of Cephes' expf (S. Moshier), error below 2 ulp.

/// exp of each lane. Below -87 it is exactly 0, so that nothing denormal ever leaves; above 88 it is exp(88). NaN
/// stays NaN.
@inline(__always) func exponential(_ input: SIMD16<Float>) -> SIMD16<Float> {
  typealias Lanes = SIMD16<Float>
  let top = Lanes(repeating: 88)
  let bottom = Lanes(repeating: -87)
  let underflows = input .< bottom
  var x = input
  x.replace(with: bottom, where: underflows)
  x.replace(with: top, where: input .> top)
  // Adding 1.5·2^23 leaves round(x / ln 2) in the low bits of the sum: the conversion to an integer, without one.
  let magic = Lanes(repeating: 12_582_912)
  let shifted = magic.addingProduct(x, Lanes(repeating: 1.442_695_04))
  let n = shifted - magic
  var r = x.addingProduct(n, Lanes(repeating: -0.693_359_375))
  r = r.addingProduct(n, Lanes(repeating: 2.121_944_4e-4))
  var p = Lanes(repeating: 1.987_569_15e-4)
  p = Lanes(repeating: 1.398_199_95e-3).addingProduct(p, r)
  p = Lanes(repeating: 8.333_451_9e-3).addingProduct(p, r)
  p = Lanes(repeating: 4.166_579_6e-2).addingProduct(p, r)
  p = Lanes(repeating: 0.166_666_65).addingProduct(p, r)
  p = Lanes(repeating: 0.5).addingProduct(p, r)
  p = r.addingProduct(p, r * r) + Lanes(repeating: 1)
  let exponent = unsafeBitCast(shifted, to: SIMD16<Int32>.self) &<< SIMD16<Int32>(repeating: 23)
  var result = unsafeBitCast(unsafeBitCast(p, to: SIMD16<Int32>.self) &+ exponent, to: Lanes.self)
  result.replace(with: Lanes(), where: underflows)
  result.replace(with: input, where: input .!= input)
  return result
}

/// exp of `count` elements. `output` may be `input`.
@inline(never) public func exponentialRow(
  _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ count: Int
) {
  var i = 0
  while i < count {
    storeUpTo16(exponential(loadUpTo16(input + i, count - i)), output + i, count - i)
    i += 16
  }
}
