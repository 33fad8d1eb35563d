// Residual additions.

/// sum[count] = left[count] + right[count]. `sum` may be either operand.
@inline(never) public func addRows(
  _ count: Int, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ sum: UnsafeMutablePointer<Float>
) {
  var i = 0
  while i + 16 <= count {
    store16(load16(left + i) + load16(right + i), sum + i)
    i += 16
  }
  while i < count {
    sum[i] = left[i] + right[i]
    i += 1
  }
}
