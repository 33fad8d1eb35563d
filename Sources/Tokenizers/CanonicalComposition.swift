/// Unicode's normalization form C, for the tokenizers that ask for it (Qwen2): canonical decomposition, ordering of
/// combining marks, composition. Source: https://www.unicode.org/reports/tr15, with the tables of the library that
/// such tokenizers were made with.
struct CanonicalComposition: Sendable {
  static let shared = CanonicalComposition()

  private enum Hangul {
    static let syllables: UInt32 = 0xAC00
    static let leading: UInt32 = 0x1100
    static let vowels: UInt32 = 0x1161
    static let trailing: UInt32 = 0x11A7
    static let vowelCount: UInt32 = 21
    static let trailingCount: UInt32 = 28
    static let syllableCount: UInt32 = 19 * 21 * 28
  }

  /// Full decompositions; Hangul's are computed.
  private let decompositions: [UInt32: [UInt32]]
  /// Starter or composite in the high half, what follows in the low half.
  private let compositions: [UInt64: UInt32]
  private let combiningClasses: [UInt32: UInt8]
  /// Bit by code point: it may change, or change what stands before it.
  private let isSuspect: [UInt64]

  private init() {
    var decompositions: [UInt32: [UInt32]] = [:]
    var composing: [(UInt32, [UInt32])] = []
    var last: UInt32 = 0
    CompositionTable.decompositions.withUTF8Buffer { bytes in
      for word in bytes.split(separator: 0x20) {
        var numbers: [UInt32] = []
        for field in word.split(separator: 0x2C) {
          numbers.append(field.reduce(0) { $0 << 4 | UInt32(HexadecimalList.digit($1) ?? 0) })
          if field.first == 0x2D { numbers[0] &= 0x0FFF_FFFF }
        }
        last += numbers[0]
        decompositions[last] = Array(numbers.dropFirst())
        if word.first != 0x2D { composing.append((last, Array(numbers.dropFirst()))) }
      }
    }
    var classes: [UInt32: UInt8] = [:]
    let runs = HexadecimalList.numbers(CompositionTable.combiningClasses)
    var position: UInt32 = 0
    for run in stride(from: 0, to: runs.count, by: 3) {
      position += UInt32(runs[run])
      for _ in 0..<runs[run + 1] {
        classes[position] = UInt8(runs[run + 2])
        position += 1
      }
    }
    // A composite of three is one of two and one more: the shorter ones first.
    var compositions: [UInt64: UInt32] = [:]
    for (composite, parts) in composing.sorted(by: { $0.1.count < $1.1.count }) {
      guard var first = parts.first else { continue }
      for part in parts.dropFirst().dropLast() { first = compositions[Self.key(first, part)] ?? first }
      guard let second = parts.last, parts.count > 1 else { continue }
      compositions[Self.key(first, second)] = composite
    }
    var suspect = [UInt64](repeating: 0, count: 0x110000 / 64)
    func mark(_ code: UInt32) { suspect[Int(code / 64)] |= 1 << UInt64(code % 64) }
    let composites = Set(compositions.values)
    for code in decompositions.keys where !composites.contains(code) { mark(code) }
    for code in classes.keys { mark(code) }
    for key in compositions.keys { mark(UInt32(truncatingIfNeeded: key)) }
    for code in Hangul.vowels..<Hangul.vowels + Hangul.vowelCount { mark(code) }
    for code in Hangul.trailing..<Hangul.trailing + Hangul.trailingCount { mark(code) }
    self.decompositions = decompositions
    self.compositions = compositions
    self.combiningClasses = classes
    self.isSuspect = suspect
  }

  private static func key(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) << 32 | UInt64(second) }

  /// Whether the text is surely in form C: no character of it changes or joins the one before it.
  func isComposed(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    isSuspect.withUnsafeBufferPointer { suspect in
      var position = 0
      while position < text.count {
        // Below U+0300 nothing is suspect.
        if text[position] < 0xCC {
          position += text[position] < 0x80 ? 1 : 2
          continue
        }
        let (scalar, count) = UTF8Scan.scalar(text, position)
        if suspect[Int(scalar / 64)] >> UInt64(scalar % 64) & 1 != 0 { return false }
        position += count
      }
      return true
    }
  }

  /// Replaces `output` by the text in form C. Precondition: the text is UTF-8. Time grows with the text; only within a
  /// run of combining marks, which are sorted, a little faster.
  func compose(_ text: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]) {
    output.removeAll(keepingCapacity: true)
    output.reserveCapacity(text.count)
    // A starter and the marks that follow it.
    var run: [(scalar: UInt32, mark: UInt8)] = []
    var position = 0
    while position < text.count {
      let (scalar, count) = UTF8Scan.scalar(text, position)
      position += count
      for part in decomposed(scalar) {
        let mark = combiningClasses[part] ?? 0
        if mark == 0, let joined = joined(run, part) {
          run = [(joined, 0)]
          continue
        }
        if mark == 0 { flush(&run, into: &output) }
        run.append((part, mark))
      }
    }
    flush(&run, into: &output)
  }

  /// What a starter becomes together with the one right before it, if they compose and no mark stands between.
  private func joined(_ run: [(scalar: UInt32, mark: UInt8)], _ next: UInt32) -> UInt32? {
    guard let first = run.first, first.mark == 0 else { return nil }
    if run.count == 1 { return composite(first.scalar, next) }
    // Marks that all compose with the starter do not stand between.
    var starter = first.scalar
    for (scalar, _) in run.dropFirst().sorted(by: { $0.mark < $1.mark }) {
      guard let joined = composite(starter, scalar) else { return nil }
      starter = joined
    }
    return composite(starter, next)
  }

  private func flush(_ run: inout [(scalar: UInt32, mark: UInt8)], into output: inout [UInt8]) {
    defer { run.removeAll(keepingCapacity: true) }
    guard let first = run.first else { return }
    if run.count == 1 { return append(first.scalar, to: &output) }
    let firstMark = first.mark == 0 ? 1 : 0
    let marks = run[firstMark...].sorted { $0.mark < $1.mark }
    guard first.mark == 0 else {
      for (scalar, _) in marks { append(scalar, to: &output) }
      return
    }
    var starter = first.scalar
    var kept: [UInt32] = []
    var lastMark: UInt8 = 0
    for (scalar, mark) in marks {
      // Blocked by a mark before it that stays and is not of a lower class.
      if lastMark < mark || kept.isEmpty, let joined = composite(starter, scalar) {
        starter = joined
      } else {
        kept.append(scalar)
        lastMark = mark
      }
    }
    append(starter, to: &output)
    for scalar in kept { append(scalar, to: &output) }
  }

  private func decomposed(_ scalar: UInt32) -> [UInt32] {
    let syllable = scalar &- Hangul.syllables
    if syllable < Hangul.syllableCount {
      let trailing = syllable % Hangul.trailingCount
      let leading = Hangul.leading + syllable / (Hangul.vowelCount * Hangul.trailingCount)
      let vowel = Hangul.vowels + syllable / Hangul.trailingCount % Hangul.vowelCount
      return trailing == 0 ? [leading, vowel] : [leading, vowel, Hangul.trailing + trailing]
    }
    return decompositions[scalar] ?? [scalar]
  }

  private func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if first &- Hangul.leading < 19, second &- Hangul.vowels < Hangul.vowelCount {
      return Hangul.syllables
        + ((first - Hangul.leading) * Hangul.vowelCount + second - Hangul.vowels) * Hangul.trailingCount
    }
    let syllable = first &- Hangul.syllables
    if syllable < Hangul.syllableCount, syllable % Hangul.trailingCount == 0,
      second > Hangul.trailing, second < Hangul.trailing + Hangul.trailingCount
    {
      return first + second - Hangul.trailing
    }
    return compositions[Self.key(first, second)]
  }

  private func append(_ scalar: UInt32, to output: inout [UInt8]) {
    guard let scalar = Unicode.Scalar(scalar), let utf8 = UTF8.encode(scalar) else {
      preconditionFailure("the tables hold scalars")
    }
    output.append(contentsOf: utf8)
  }
}
