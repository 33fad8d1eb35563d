/// One packed row: tokens of one or more documents, and what should follow each.
public struct TokenRow: Sendable, Equatable {
  public var tokens: [Int32]
  /// The token that should come next, as long as `tokens`; -1 counts for nothing (padding, a prompt, a document's end).
  public var targets: [Int32]
  /// Indices where documents begin, ascending; the first is 0. Attention does not cross them and positions restart.
  public var documentStarts: [Int]

  public init(tokens: [Int32], targets: [Int32], documentStarts: [Int] = [0]) {
    self.tokens = tokens
    self.targets = targets
    self.documentStarts = documentStarts
  }

  /// What a model of this shape cannot take about the row, if anything. Rows made from foreign data are asked first:
  /// the model itself traps on such a row.
  public func check(_ shape: LlamaShape) throws(TokenRowError) {
    guard !tokens.isEmpty else { throw .empty }
    guard targets.count == tokens.count else {
      throw .targetCount(found: targets.count, expected: tokens.count)
    }
    for (index, token) in tokens.enumerated() where token < 0 || Int(token) >= shape.vocabularySize {
      throw .token(token, index: index, vocabularySize: shape.vocabularySize)
    }
    for (index, target) in targets.enumerated() where target < -1 || Int(target) >= shape.vocabularySize {
      throw .target(target, index: index, vocabularySize: shape.vocabularySize)
    }
    guard documentStarts.first == 0, (documentStarts.last ?? 0) < tokens.count,
      zip(documentStarts, documentStarts.dropFirst()).allSatisfy({ $0 < $1 })
    else { throw .documentStarts }
    for (start, end) in zip(documentStarts, documentStarts.dropFirst() + [tokens.count])
    where end - start > shape.contextLength {
      throw .documentTooLong(tokens: end - start, contextLength: shape.contextLength)
    }
  }

  /// Targets that count.
  public var validTokens: Int { targets.reduce(0) { $0 + ($1 >= 0 ? 1 : 0) } }
}

/// What is wrong with a row.
public enum TokenRowError: Error, Equatable, CustomStringConvertible {
  case empty
  case targetCount(found: Int, expected: Int)
  case token(Int32, index: Int, vocabularySize: Int)
  case target(Int32, index: Int, vocabularySize: Int)
  case documentStarts
  case documentTooLong(tokens: Int, contextLength: Int)

  public var description: String {
    switch self {
    case .empty: "a row has no tokens"
    case .targetCount(let found, let expected): "a row has \(found) targets for \(expected) tokens"
    case .token(let token, let index, let size):
      "token \(index) of a row is \(token), outside the vocabulary of \(size); does the tokenizer fit the model?"
    case .target(let target, let index, let size):
      "target \(index) of a row is \(target), outside the vocabulary of \(size) (-1 marks an ignored one)"
    case .documentStarts: "a row's document starts must begin with 0, ascend and lie inside the row"
    case .documentTooLong(let tokens, let contextLength):
      "a document of \(tokens) tokens exceeds the model's context of \(contextLength); lower sequence_length"
    }
  }
}

/// The loss of one row: a function of the weights and the row alone, whatever rows were computed with it.
public struct RowLoss: Sendable, Equatable {
  /// Sum of the valid tokens' cross-entropies in nats, in token order.
  public var sum: Double
  public var validTokens: Int

  public init(sum: Double, validTokens: Int) {
    self.sum = sum
    self.validTokens = validTokens
  }
}
