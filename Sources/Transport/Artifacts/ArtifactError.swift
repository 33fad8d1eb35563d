public import WireProtocol

/// Why a blob was not transferred.
public enum ArtifactError: Error, Sendable, Equatable, CustomStringConvertible {
  /// All bytes came, but they are not the blob's.
  case wrongContent(expected: Digest, found: Digest)
  /// A piece that does not follow the one before, or belongs to another blob.
  case outOfOrder(field: String, found: String, expected: String)
  /// The other side gave up, in its words.
  case failedByPeer(String)

  public var description: String {
    switch self {
    case .wrongContent(let expected, let found):
      "the bytes received have SHA-256 \(found), not \(expected): the file changed while it was sent, or was damaged"
    case .outOfOrder(let field, let found, let expected):
      "an artifact's piece does not fit: \(field) is \(found), expected \(expected)"
    case .failedByPeer(let message): message
    }
  }
}
