/// A type of scalar in a job file: how it is parsed, what to say when it is something else, how it is written back.
public struct SpecKind<Value> {
  /// Completes "expected …": `a whole number of at least 1`.
  let expectation: String
  /// A value to show after the key.
  let example: String
  /// Nil when the scalar is not such a value.
  let parse: (SpecScalar) -> Value?
  let resolve: (Value) -> ResolvedValue

  public init(
    expectation: String, example: String, parse: @escaping (SpecScalar) -> Value?,
    resolve: @escaping (Value) -> ResolvedValue
  ) {
    self.expectation = expectation
    self.example = example
    self.parse = parse
    self.resolve = resolve
  }
}

extension SpecKind where Value == Int {
  /// A whole number; `10k`, `2M`, `1.5B` and `1_000` are understood.
  public static func integer(_ range: ClosedRange<Int>) -> SpecKind<Int> {
    let bounds =
      switch (range.lowerBound, range.upperBound) {
      case (.min, .max): ""
      case (_, .max): " of at least \(grouped(range.lowerBound))"
      case (.min, _): " of at most \(grouped(range.upperBound))"
      default: " from \(grouped(range.lowerBound)) to \(grouped(range.upperBound))"
      }
    return SpecKind(
      expectation: "a whole number\(bounds)", example: String(max(range.lowerBound, 1)),
      parse: { scalar in
        guard !scalar.isQuoted, let value = parseWholeNumber(scalar.text), range.contains(value) else { return nil }
        return value
      }, resolve: { .number(String($0)) })
  }

  public static func integer(from lower: Int) -> SpecKind<Int> { integer(lower...Int.max) }

  /// How many: at least 1.
  public static var count: SpecKind<Int> { integer(from: 1) }
}

extension SpecKind where Value == Double {
  /// A number in `lower ... upper`.
  public static func number(from lower: Double, through upper: Double = .infinity) -> SpecKind<Double> {
    number(upper == .infinity ? "of at least \(bound(lower))" : "from \(bound(lower)) to \(bound(upper))") {
      $0 >= lower && $0 <= upper
    }
  }

  /// A number in `lower ..< upper`.
  public static func number(from lower: Double, below upper: Double) -> SpecKind<Double> {
    number("of at least \(bound(lower)) and below \(bound(upper))") { $0 >= lower && $0 < upper }
  }

  /// A number greater than `lower`, and not greater than `upper`.
  public static func number(above lower: Double, through upper: Double = .infinity) -> SpecKind<Double> {
    let end = upper == .infinity ? "" : " and at most \(bound(upper))"
    return number("above \(bound(lower))\(end)") { $0 > lower && $0 <= upper }
  }

  /// A share: from 0 to 1, both included.
  public static var ratio: SpecKind<Double> {
    SpecKind(
      expectation: "a ratio from 0 to 1", example: "0.3", parse: number(from: 0, through: 1).parse,
      resolve: { .number(written($0)) })
  }

  private static func number(_ bounds: String, _ accepts: @escaping (Double) -> Bool) -> SpecKind<Double> {
    SpecKind(
      expectation: "a number \(bounds)", example: "0.1",
      parse: { scalar in
        guard !scalar.isQuoted, let value = parseNumber(scalar.text), accepts(value) else { return nil }
        return value
      }, resolve: { .number(written($0)) })
  }
}

extension SpecKind where Value == Bool {
  public static var boolean: SpecKind<Bool> {
    SpecKind(
      expectation: "true or false", example: "true",
      parse: { $0.isQuoted ? nil : $0.text == "true" ? true : $0.text == "false" ? false : nil },
      resolve: { .number($0 ? "true" : "false") })
  }
}

extension SpecKind where Value == String {
  /// Text that is not empty.
  public static var text: SpecKind<String> {
    SpecKind(
      expectation: "text", example: "\"…\"", parse: { $0.isNothing || $0.text.isEmpty ? nil : $0.text },
      resolve: { .text($0) })
  }

  /// A word of small letters, digits and hyphens.
  static var word: SpecKind<String> {
    SpecKind(
      expectation: "a word", example: "cpt",
      parse: { scalar in
        let fits = !scalar.isNothing && !scalar.text.isEmpty && scalar.text.allSatisfy { !$0.isWhitespace }
        return fits ? scalar.text : nil
      }, resolve: { .text($0) })
  }

  /// A name of a job, stage, source or set: it becomes a directory's name and a label in tables.
  public static var name: SpecKind<String> {
    SpecKind(
      expectation: "a name of 1 to 64 letters, digits, `-`, `_` and `.` that does not begin with `.` or `-`",
      example: "first-run",
      parse: { scalar in
        guard !scalar.isNothing, (1...64).contains(scalar.text.count), let first = scalar.text.first,
          first != ".", first != "-",
          scalar.text.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) })
        else { return nil }
        return scalar.text
      }, resolve: { .text($0) })
  }
}

extension SpecKind where Value == SpecScalar {
  /// A path or a `${stage.output}` reference, with its position, for `PlanningContext.input`. It is no part of the
  /// recipe's digest; the files it leads to are.
  public static var path: SpecKind<SpecScalar> {
    SpecKind(
      expectation: "a path", example: "data/texts.jsonl.gz",
      parse: { $0.isNothing || $0.text.isEmpty || $0.text.contains("\0") ? nil : $0 }, resolve: { .path($0.text) })
  }
}

extension SpecKind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of the cases of `type`, by raw value.
  public static func oneOf(_ type: Value.Type) -> SpecKind<Value> {
    let words = type.allCases.map(\.rawValue)
    let last = words.last ?? ""
    return SpecKind(
      expectation: words.count < 2 ? last : "\(words.dropLast().joined(separator: ", ")) or \(last)",
      example: words.first ?? "",
      parse: { Value(rawValue: $0.text) }, resolve: { .text($0.rawValue) })
  }
}

/// A bound as people say it: `0`, not `0.0`.
private func bound(_ value: Double) -> String {
  let text = written(value)
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
