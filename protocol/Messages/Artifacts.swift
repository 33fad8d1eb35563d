/// Receiver → store, on a bulk connection: send this blob from this offset on.
public struct GetArtifact: Equatable, Sendable {
  public var digest: Digest
  public var offset: UInt64
  public init(digest: Digest, offset: UInt64) {
    self.digest = digest
    self.offset = offset
  }
}

/// Sender → store: may I send this blob?
public struct PutArtifact: Equatable, Sendable {
  public var digest: Digest
  public var byteCount: UInt64
  public init(digest: Digest, byteCount: UInt64) {
    self.digest = digest
    self.byteCount = byteCount
  }
}

/// Store → sender: send from this offset on; `complete` when the store has all of it.
public struct ArtifactOffset: Equatable, Sendable {
  public var digest: Digest
  public var offset: UInt64
  public var complete: Bool
  public init(digest: Digest, offset: UInt64, complete: Bool) {
    self.digest = digest
    self.offset = offset
    self.complete = complete
  }
}

/// A piece of a blob, either way; pieces of one blob come in order.
public struct ArtifactChunk: Equatable, Sendable {
  public var digest: Digest
  public var offset: UInt64
  public var totalByteCount: UInt64
  public var bytes: [UInt8]
  public init(digest: Digest, offset: UInt64, totalByteCount: UInt64, bytes: [UInt8]) {
    self.digest = digest
    self.offset = offset
    self.totalByteCount = totalByteCount
    self.bytes = bytes
  }
}

/// Store → sender: the blob is whole, verified and durable.
public struct ArtifactStored: Equatable, Sendable {
  public var digest: Digest
  public init(digest: Digest) { self.digest = digest }
}

/// Either way: the transfer of this blob failed.
public struct ArtifactFailed: Equatable, Sendable {
  public var digest: Digest
  public var message: String
  public init(digest: Digest, message: String) {
    self.digest = digest
    self.message = message
  }
}
