extension SentencePieceBPE {
  /// A piece as the model's file has it, for writing the vocabulary in another form.
  public struct VocabularyPiece: Sendable {
    public let text: [UInt8]
    public let score: Float
    /// Numbered as in the file: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
    public let kind: Int
  }

  /// All pieces, in the order of their ids.
  public var vocabularyPieces: [VocabularyPiece] {
    pieces.map { VocabularyPiece(text: $0.text, score: $0.score, kind: Int($0.kind.rawValue)) }
  }
}
