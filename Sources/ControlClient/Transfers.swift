public import WireProtocol

/// A file on this machine that is to be in the coordinator's store, as it was hashed when the job was planned.
public struct LocalFile: Hashable, Sendable {
  public let path: String
  public let digest: Digest
  public let byteCount: UInt64
  public init(path: String, digest: Digest, byteCount: UInt64) {
    self.path = path
    self.digest = digest
    self.byteCount = byteCount
  }
}

/// How far an upload or a download has come.
public struct TransferProgress: Sendable, Equatable {
  public var bytesDone: UInt64
  /// What has to travel; blobs that were there before do not count.
  public var bytesTotal: UInt64
  public var filesDone: Int
  public var filesTotal: Int
  public init(bytesDone: UInt64 = 0, bytesTotal: UInt64 = 0, filesDone: Int = 0, filesTotal: Int = 0) {
    self.bytesDone = bytesDone
    self.bytesTotal = bytesTotal
    self.filesDone = filesDone
    self.filesTotal = filesTotal
  }
}
