import Templates

/// Which examples stand before an item: the first ones, or ones that Python's generator draws anew for every item, in
/// the order of the items. An item whose own split examples come from is left out of them.
struct ExampleChooser {
  let task: String
  let sampler: TaskDefinition.Fewshot.Sampler
  let count: Int
  let rows: [TemplateDictionary]
  /// Whether items are rows of the examples' split.
  let leavesOutItem: Bool
  private var generator: MersenneTwister
  private var nextItem = 0

  /// The seed of lm-evaluation-harness.
  static let seed: UInt32 = 1234

  init(
    task: String, sampler: TaskDefinition.Fewshot.Sampler, count: Int, rows: [TemplateDictionary], leavesOutItem: Bool
  ) throws {
    self.task = task
    self.sampler = sampler
    self.count = count
    self.rows = rows
    self.leavesOutItem = leavesOutItem
    generator = MersenneTwister(seed: Self.seed)
    let needed = count + (leavesOutItem ? 1 : 0)
    guard count == 0 || rows.count >= needed else {
      throw EvaluationError(
        "task \(task)", problem: "num_fewshot is \(count), and there are \(rows.count) rows to take examples from",
        remedy: "Lower num_fewshot")
    }
  }

  var areTheSameForAll: Bool { count == 0 || (sampler == .firstN && !leavesOutItem) }

  /// Examples for item `number`, whose row is `item`. Items are asked in ascending order; what is skipped is drawn and
  /// thrown away, so that a range of items has the examples that it has in the whole. Where `leavesOutItem`, none may
  /// be skipped.
  mutating func examples(_ number: Int, _ item: TemplateDictionary) -> [TemplateDictionary] {
    precondition(number >= nextItem, "items are asked in order")
    guard count > 0 else { return [] }
    switch sampler {
    case .firstN:
      guard leavesOutItem else { return Array(rows.prefix(count)) }
      return Array(rows.filter { !Self.isSame($0, item) }.prefix(count))
    case .drawn:
      while nextItem < number {
        // How many numbers an item takes depends on the rows drawn, when it may itself be among them: a task's items
        // are then made from the first one on.
        precondition(!leavesOutItem, "items that are also examples are all made, in order")
        _ = generator.sample(count, of: rows.count)
        nextItem += 1
      }
      nextItem += 1
      return leavesOutItem ? draw(item) : generator.sample(count, of: rows.count).map { rows[$0] }
    }
  }

  private mutating func draw(_ item: TemplateDictionary) -> [TemplateDictionary] {
    let drawn = generator.sample(count + 1, of: rows.count).map { rows[$0] }.filter { !Self.isSame($0, item) }
    if drawn.count >= count { return Array(drawn.prefix(count)) }
    // Rows that are the same as the item were drawn more than once.
    let others = rows.filter { !Self.isSame($0, item) }
    return generator.sample(min(count, others.count), of: others.count).map { others[$0] }
  }

  private static func isSame(_ a: TemplateDictionary, _ b: TemplateDictionary) -> Bool {
    TemplateValue.dictionary(a).pythonText == TemplateValue.dictionary(b).pythonText
  }
}
