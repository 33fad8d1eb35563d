import struct Crypto.SHA256
public import WireProtocol

/// Digests over values that every runner holds alike.
public enum ReducedDigest {
  /// SHA-256 of one chunk's canonical bytes.
  public static func chunk(_ values: NodeValues) -> Digest {
    values.withBytes { bytes in digest { $0.update(bufferPointer: bytes) } }
  }

  /// SHA-256 over chunks' digests in chunk order: the step's digest (statistics last), or the state's.
  public static func joined(_ digests: [Digest]) -> Digest {
    digest { hash in for digest in digests { hash.update(data: digest.bytes) } }
  }

  /// SHA-256 of one chunk of the state: weights, first and second moments, fp32 little-endian.
  public static func stateChunk(_ parts: [UnsafeRawBufferPointer]) -> Digest {
    digest { hash in for part in parts { hash.update(bufferPointer: part) } }
  }

  private static func digest(_ body: (inout SHA256) -> Void) -> Digest {
    var hash = SHA256()
    body(&hash)
    return Digest(sha256: hash.finalize())
  }
}
