/// Finds which of some 13-grams occur in texts. It holds the wanted ones, not the texts' own: a corpus may be of any
/// size.
public struct OverlapFinder {
  private var wanted: Set<UInt64>
  private var found: Set<UInt64> = []
  public private(set) var documentCount = 0

  /// `wanted`: hashes as `thirteenGrams(of:)` gives them.
  public init(wanted: some Sequence<UInt64>) { self.wanted = Set(wanted) }

  /// Goes through a file of texts. `progress` is told the share of it that is done.
  /// - Throws: `CorpusError` naming the file and the line.
  public mutating func read(_ path: String, textField: String, progress: (Double) -> Void) throws {
    let isLines = path.contains(".jsonl")
    var reader = try DocumentReader(
      path: path, options: DocumentOptions(textField: textField, documents: isLines ? .line : .file))
    var grams = WordGrams()
    var text: [UInt8] = []
    while try reader.next(into: &text) {
      documentCount += 1
      for gram in text.withUnsafeBufferPointer({ grams.hashes(of: $0) }) where wanted.contains(gram) {
        found.insert(gram)
      }
      progress(0)
    }
  }

  public func contains(anyOf grams: [UInt64]) -> Bool { grams.contains(where: found.contains) }
}

/// Hashes of the 13-grams of a text's words, sorted, each once: the same by which corpora are compared. A text of fewer
/// than 13 words has none.
public func thirteenGrams(of text: String) -> [UInt64] {
  var grams = WordGrams()
  return Array(text.utf8).withUnsafeBufferPointer { grams.hashes(of: $0) }
}
