internal import Glibc

/// Copies a file's content to the new file `target`, read-only. What was written of it is removed when it fails.
public func copyFile(_ source: String, to target: String) throws(StoreError) {
  let file = try BlobFile(path: source)
  unlink(target)
  let descriptor = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o444)
  guard descriptor >= 0 else { throw .system("open", target) }
  defer { close(descriptor) }
  do throws(StoreError) {
    var offset: UInt64 = 0
    while offset < file.byteCount {
      let bytes = try file.read(at: offset, limit: 1 << 20)
      guard !bytes.isEmpty else {
        throw StoreError(.corrupt, path: source, problem: "became shorter while it was read")
      }
      var written = 0
      while written < bytes.count {
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written) }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { throw .system("write", target) }
        written += count
      }
      offset += UInt64(bytes.count)
    }
  } catch {
    unlink(target)
    throw error
  }
}
