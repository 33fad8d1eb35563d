/// One row of tokens: T input positions and, for each, the token to predict.
///
/// The target of a position is the next token of the same document, also when that lies in the next row; where the
/// document ends it is -1, which no loss counts. A document that a row's start cuts begins anew there.
public struct SampledRow: Sendable, Hashable {
  public static let noTarget: Int32 = -1

  /// Number of the source, or of the validation set.
  public var source: Int
  /// T ids.
  public var tokens: [Int32]
  /// T ids or `noTarget`.
  public var targets: [Int32]
  /// Positions at which documents start, ascending; the first is 0.
  public var documentStarts: [Int]
  /// UTF-8 bytes of text that the valid targets stand for: bits per byte are loss_sum / ln 2 / bytes. Ids that close a
  /// document stand for none, and a space that the tokenizer puts in front of a document is not counted.
  public var byteCount: Int
  /// Targets that are not `noTarget`.
  public var validTargets: Int
}
