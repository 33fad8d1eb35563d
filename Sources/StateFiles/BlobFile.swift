internal import Glibc
public import WireProtocol

/// A file open for reading by offset. It stays readable when its name is removed.
public final class BlobFile: Sendable {
  public let path: String
  public let byteCount: UInt64
  private let descriptor: Int32

  public init(path: String) throws(StoreError) {
    self.path = path
    descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { throw StoreError(.missing, path: path, problem: "is not here (host \(hostName()))") }
      throw .system("open", path)
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let number = errno
      close(descriptor)
      throw .system("fstat", path, errno: number)
    }
    guard status.st_mode & S_IFMT == S_IFREG, let count = UInt64(exactly: status.st_size) else {
      close(descriptor)
      throw StoreError(.system, path: path, problem: "is no regular file")
    }
    byteCount = count
  }

  deinit { close(descriptor) }

  /// Up to `limit` bytes from `offset` on; fewer only at the end of the file.
  public func read(at offset: UInt64, limit: Int) throws(StoreError) -> [UInt8] {
    guard offset < byteCount, let start = Int(exactly: offset) else { return [] }
    let wanted = Int(min(UInt64(max(0, limit)), byteCount - offset))
    var failure: StoreError?
    let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
      while filled < wanted {
        let count = pread(descriptor, buffer.baseAddress.map { $0 + filled }, wanted - filled, start + filled)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else {
          if count < 0 { failure = .system("read", path) }
          return
        }
        filled += count
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// The SHA-256 of the whole content.
  public func sha256() throws(StoreError) -> Digest {
    var hash = ContentHash()
    var offset: UInt64 = 0
    while offset < byteCount {
      let bytes = try read(at: offset, limit: 1 << 20)
      guard !bytes.isEmpty else { throw StoreError(.corrupt, path: path, problem: "became shorter while it was read") }
      hash.update(bytes)
      offset += UInt64(bytes.count)
    }
    return hash.finish()
  }
}
