internal import Glibc
internal import Results

/// Round numbers along an axis.
struct AxisTicks: Equatable {
  let values: [Double]
  let labels: [String]
  /// What the axis spans: the data, out to the next tick where that costs little room.
  let range: ClosedRange<Double>
  /// Equal ways are equal ratios.
  var isLogarithmic = false

  /// Ticks at powers of ten and between them, fewer where there would be many. All of `data` is above 0; of more than
  /// twelve decades the upper ones are shown.
  static func logarithmic(_ data: ClosedRange<Double>) -> AxisTicks {
    precondition(data.lowerBound > 0, "a logarithm of \(data.lowerBound)")
    let lowest = max(data.lowerBound, data.upperBound / 1e12, 1e-300)
    let decades = Int(floor(log10(lowest)))...Int(ceil(log10(max(lowest, data.upperBound))))
    let factors: [Double] = decades.count > 5 ? [1] : decades.count > 3 ? [1, 3] : [1, 2, 3, 5, 7]
    let candidates = decades.flatMap { decade in
      factors.map { factor in
        (value: factor * pow(10, Double(decade)), label: label(factor, decade: decade))
      }
    }
    // From the last tick at or below the data to the first at or above.
    let low = candidates.last { $0.value <= lowest * (1 + 1e-9) }?.value ?? lowest
    let high = candidates.first { $0.value >= data.upperBound * (1 - 1e-9) }?.value ?? data.upperBound
    let shown = candidates.filter { $0.value >= low && $0.value <= high }
    return AxisTicks(
      values: shown.map(\.value), labels: shown.map(\.label), range: low...max(low, high), isLogarithmic: true)
  }

  private static func label(_ factor: Double, decade: Int) -> String {
    let value = factor * pow(10, Double(decade))
    if !(-3...4).contains(decade) { return "\(fixed(factor, digits: 0))e\(decade)" }
    return decade >= 3 ? grouped(UInt64(value.rounded())) : fixed(value, digits: max(0, -decade))
  }

  /// Ticks 1, 2, 2.5 or 5 times a power of ten apart, about `count` of them.
  static func linear(_ data: ClosedRange<Double>, count: Int, fromZero: Bool = false, wholes: Bool = false) -> AxisTicks
  {
    var low = fromZero ? min(0, data.lowerBound) : data.lowerBound
    var high = fromZero ? max(0, data.upperBound) : data.upperBound
    // Further apart than ticks beyond the data could be said.
    guard high - low < 1e300 else { return AxisTicks(values: [], labels: [], range: data) }
    if high - low <= abs(high) * 1e-9 {
      // One value: a little room on either side of it.
      let room = max(abs(high) * 0.1, 1e-9)
      (low, high) = (fromZero ? low : low - room, high + room)
    }
    var step = roundStep((high - low) / Double(max(1, count)))
    if wholes { step = max(1, step.rounded(.up)) }
    let first = fromZero ? (low / step + 1e-9).rounded(.down) : (low / step - 1e-9).rounded(.up)
    let last = (high / step - 1e-9).rounded(.up)
    var values: [Double] = []
    var index = first
    while index <= last {
      values.append(index * step)
      index += 1
    }
    // The axis ends at a tick above; below it begins at the data, or at a tick that is near.
    let below = (first - 1) * step
    if !fromZero, low - below < 0.35 * step { values.insert(below, at: 0) }
    let lowest = min(low, values.first ?? low)
    return AxisTicks(values: values, labels: labels(values, step: step), range: lowest...max(high, values.last ?? high))
  }

  /// Along the axis of steps: it begins and ends with the data, and no tick lies outside.
  static func steps(_ data: ClosedRange<Double>, count: Int) -> AxisTicks {
    let ticks = linear(data, count: count, wholes: true)
    let inside = ticks.values.filter { $0 >= data.lowerBound - 1e-9 && $0 <= data.upperBound + 1e-9 }
    let high = max(data.upperBound, data.lowerBound + 1)
    return AxisTicks(values: inside, labels: inside.map { grouped(UInt64(max(0, $0))) }, range: data.lowerBound...high)
  }

  /// Ticks at the places that were measured, for an axis whose ends are given; of places that lie closer together than
  /// `apart` of the axis, the first.
  static func places(
    _ values: [Double], range: ClosedRange<Double>, isLogarithmic: Bool = false, apart: Double,
    label: (Double) -> String
  ) -> AxisTicks {
    func scaled(_ value: Double) -> Double { isLogarithmic ? log(max(value, 1e-300)) : value }
    let span = scaled(range.upperBound) - scaled(range.lowerBound)
    var kept: [Double] = []
    for value in Set(values).sorted() where range.contains(value) {
      if let last = kept.last, scaled(value) - scaled(last) < apart * span { continue }
      kept.append(value)
    }
    return AxisTicks(values: kept, labels: kept.map(label), range: range, isLogarithmic: isLogarithmic)
  }

  private static func roundStep(_ rough: Double) -> Double {
    let power = pow(10, floor(log10(rough)))
    for factor in [1, 2, 2.5, 5] where rough <= factor * power * (1 + 1e-9) { return factor * power }
    return 10 * power
  }

  /// All with as many digits as the finest needs; large and small ones with a power of ten.
  private static func labels(_ values: [Double], step: Double) -> [String] {
    let largest = values.map { abs($0) }.max() ?? 0
    if largest >= 1e6 || (largest > 0 && largest < 1e-2) {
      return values.map { engineering($0, step: step) }
    }
    let exponent = Int(floor(log10(step) + 1e-9))
    // 2.5, 0.25 … need a digit more than their power of ten.
    let scaled = step / pow(10, Double(exponent))
    let digits = max(0, -exponent + (abs(scaled - 2.5) < 1e-6 ? 1 : 0))
    return values.map { value in
      let text = abs(value) >= 1000 && digits == 0 ? grouped(UInt64(abs(value))) : fixed(abs(value), digits: digits)
      return (value < -1e-12 ? "−" : "") + text
    }
  }

  /// `1.5e-4` as people of the field write it; zero is `0`.
  private static func engineering(_ value: Double, step: Double) -> String {
    if abs(value) < step * 1e-6 { return "0" }
    let exponent = Int(floor(log10(abs(value)) + 1e-9))
    let mantissa = value / pow(10, Double(exponent))
    var text = fixed(mantissa, digits: 2)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return "\(text)e\(exponent)"
  }
}
