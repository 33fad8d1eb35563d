/// How often each word stands in some texts: what a vocabulary is trained on. Belongs to one thread; several are
/// counted apart and added up, in any order.
public struct WordCounts: Sendable {
  let splitting: SplittingRule
  let composes: Bool
  private(set) var counts: [[UInt8]: Int] = [:]
  private var composed: [UInt8] = []
  public private(set) var textBytes = 0

  public init(rule: TrainedRule) {
    splitting = rule.splitting
    composes = rule.composes
  }

  /// Cuts the text into words and counts them. Malformed UTF-8 counts as U+FFFD.
  public mutating func add(_ utf8: UnsafeBufferPointer<UInt8>) {
    textBytes += utf8.count
    var text: [UInt8] = []
    guard UTF8Scan.isWellFormed(utf8) else {
      UTF8Scan.repair(utf8, into: &text)
      return text.withUnsafeBufferPointer { addWellFormed($0) }
    }
    guard composes, !CanonicalComposition.shared.isComposed(utf8) else { return addWellFormed(utf8) }
    swap(&text, &composed)
    CanonicalComposition.shared.compose(utf8, into: &text)
    text.withUnsafeBufferPointer { addWellFormed($0) }
    swap(&text, &composed)
  }

  private mutating func addWellFormed(_ text: UnsafeBufferPointer<UInt8>) {
    guard let base = text.baseAddress else { return }
    let splitter = TextSplitter(text: base, end: text.count, rule: splitting)
    var start = 0
    while start < text.count {
      let end = splitter.wordEnd(start)
      counts[Array(text[start..<end]), default: 0] += 1
      start = end
    }
  }

  public mutating func add(_ other: WordCounts) {
    precondition(splitting == other.splitting && composes == other.composes)
    counts.merge(other.counts, uniquingKeysWith: +)
    textBytes += other.textBytes
  }
}

/// The splitting rules that a new tokenizer may have.
public enum TrainedRule: String, CaseIterable, Sendable {
  case gpt2
  case smollm
  case llama3
  case qwen2

  var splitting: SplittingRule {
    switch self {
    case .gpt2: .gpt2
    case .smollm: .gpt2AfterDigits(individual: true)
    case .llama3: .cl100k(digitsMax: 3)
    case .qwen2: .cl100k(digitsMax: 1)
    }
  }

  var composes: Bool { self == .qwen2 }
}
