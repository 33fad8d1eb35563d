/// Pieces that a model's author asked to be kept whole wherever they stand in a text. The longest one wins; nothing
/// merges with them.
struct UserDefinedSymbols: Sendable {
  private var table: ByteStringTable
  /// Lengths of the symbols that start with a byte, the longest first.
  private var lengths: [[Int]]
  let isEmpty: Bool

  init(_ pieces: [SentencePieceModel.Piece]) {
    let defined = pieces.enumerated().filter { $0.element.kind == .userDefined }
    table = ByteStringTable(capacity: defined.count)
    lengths = [[Int]](repeating: [], count: 256)
    isEmpty = defined.isEmpty
    for (id, piece) in defined {
      _ = piece.text.withUnsafeBufferPointer { table.insert($0, Int32(id)) }
      lengths[Int(piece.text[0])].append(piece.text.count)
    }
    for first in lengths.indices { lengths[first] = Set(lengths[first]).sorted(by: >) }
  }

  /// The longest symbol with which the text starts: its length in bytes and its id.
  @inline(__always)
  func longestPrefix(of text: UnsafeBufferPointer<UInt8>) -> (count: Int, token: Int32)? {
    if isEmpty { return nil }
    guard let first = text.first else { return nil }
    for count in lengths[Int(first)] where count <= text.count {
      if let token = table.value(of: .init(rebasing: text[..<count])) { return (count, token) }
    }
    return nil
  }
}
