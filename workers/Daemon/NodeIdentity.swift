internal import Glibc
internal import StateFiles
internal import WireProtocol

/// A host's worker across restarts: the token by which the coordinator gives it the same number again, and the lock
/// that keeps a second worker from claiming it.
struct NodeIdentity: Sendable {
  let token: Token128
  let lock: DirectoryLock

  init(directory: String) throws(StoreError) {
    lock = try DirectoryLock(directory: directory, name: "worker.lock") { holder in
      "another worker\(holder.map { " (process \($0))" } ?? "") uses this cache directory on \(hostName()); "
        + "stop it, or give this one a --cache directory of its own"
    }
    let path = "\(directory)/node"
    if let found = try Self.read(path) {
      token = found
      return
    }
    token = .random()
    try Self.write(token, path)
  }

  /// nil when there is none, or what is there is no token: a torn write costs the host its old number, nothing else.
  private static func read(_ path: String) throws(StoreError) -> Token128? {
    let file: BlobFile
    do throws(StoreError) {
      file = try BlobFile(path: path)
    } catch  where error.code == .missing {
      return nil
    }
    let text = String(decoding: try file.read(at: 0, limit: 64), as: UTF8.self)
    guard text.utf8.count >= 32, let high = UInt64(text.prefix(16), radix: 16),
      let low = UInt64(text.dropFirst(16).prefix(16), radix: 16), high != 0 || low != 0
    else { return nil }
    return Token128(high: high, low: low)
  }

  private static func write(_ token: Token128, _ path: String) throws(StoreError) {
    func hex(_ value: UInt64) -> String {
      let digits = String(value, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }
    let text = Array("\(hex(token.high))\(hex(token.low))\n".utf8)
    let temporary = "\(path).new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw StoreError(.system, path: path, problem: "open: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    guard Glibc.write(descriptor, text, text.count) == text.count, fsync(descriptor) == 0, rename(temporary, path) == 0
    else {
      throw StoreError(
        errno == ENOSPC ? .full : .system, path: path, problem: "write: \(String(cString: strerror(errno)))")
    }
  }
}

extension Token128 {
  static func random() -> Token128 { Token128(high: .random(in: 1 ... .max), low: .random(in: 0 ... .max)) }
}
