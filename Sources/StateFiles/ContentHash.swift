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
    guard let digest = Digest(Array(state.finalize())) else { preconditionFailure("SHA-256 has 32 bytes") }
    return digest
  }

  public static func of(_ bytes: [UInt8]) -> Digest {
    var hash = ContentHash()
    hash.update(bytes)
    return hash.finish()
  }
}
