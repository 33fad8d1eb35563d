public import WireProtocol

internal import struct Crypto.SHA256

/// SHA-256 over bytes that come piece by piece.
public struct ContentHash {
  private var state = SHA256()

  public init() {}

  public mutating func update(_ bytes: UnsafeRawBufferPointer) { state.update(bufferPointer: bytes) }
  public mutating func update(_ bytes: some Collection<UInt8>) { update(Array(bytes)) }
  public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { state.update(bufferPointer: $0) } }

  public consuming func finish() -> Digest {
    Digest(sha256: state.finalize())
  }

  public static func of(_ bytes: [UInt8]) -> Digest {
    var hash = ContentHash()
    hash.update(bytes)
    return hash.finish()
  }
}
