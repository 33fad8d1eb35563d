import Templates

/// What CPython 3.11 draws: `Random(1234).sample(range(7473), 5)` twice; `sample(range(12), 5)`, then
/// `sample(range(70), 8)`; `Random(0)`: two of `random()`, then `choices(range(10), k=10)`.
enum PythonValues {
  static let largeSample = [6374, 3610, 957, 61, 742]
  static let nextLargeSample = [7462, 6610, 4769, 286, 5501]
  static let smallSample = [7, 1, 0, 10, 9]
  static let eightOf70 = [10, 12, 45, 30, 2, 3, 65, 22]
  static let unitsOfZero = [0.8444218515250481, 0.7579544029403025]
  static let choicesOfZero = [4, 2, 5, 4, 7, 3, 4, 5, 9, 5]
}

extension TemplateValue {
  /// Inside a list, `str` is `repr`.
  var pythonRepr: String { String(TemplateValue.list([self]).pythonText.dropFirst().dropLast()) }
}
