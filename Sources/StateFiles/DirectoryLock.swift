internal import Glibc
internal import Synchronization

/// An exclusive lock on a directory, held by this process until `release` or the last reference goes. The kernel drops
/// it when the process dies, however it dies.
public final class DirectoryLock: Sendable {
  public let path: String
  private let descriptor: Mutex<Int32>

  /// Locks the file `name` in `directory` (both made when missing). When another process has it, throws `.locked` with
  /// the sentence that `busy` makes of the holder's process number (nil when it is not known).
  public init(directory: String, name: String, busy: (_ holder: String?) -> String) throws(StoreError) {
    try makeDirectories(directory)
    path = "\(directory)/\(name)"
    // O_CLOEXEC: a runner that inherited the descriptor would keep the lock beyond its worker's death.
    let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard opened >= 0 else { throw .system("open", path) }
    guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
      let number = errno
      var bytes = [UInt8](repeating: 0, count: 32)
      let count = pread(opened, &bytes, bytes.count, 0)
      close(opened)
      guard number == EWOULDBLOCK else { throw .system("flock", path, errno: number) }
      let holder = String(decoding: bytes.prefix(max(0, count)).prefix { $0 >= 0x30 && $0 <= 0x39 }, as: UTF8.self)
      throw StoreError(.locked, path: directory, problem: busy(holder.isEmpty ? nil : holder))
    }
    descriptor = Mutex(opened)
    // Only for the other process's message; a failure here costs its sentence one number.
    let text = Array("\(getpid())\n".utf8)
    if ftruncate(opened, 0) == 0 { _ = pwrite(opened, text, text.count, 0) }
  }

  deinit { release() }

  public func release() {
    descriptor.withLock { descriptor in
      if descriptor >= 0 { close(descriptor) }
      descriptor = -1
    }
  }
}

/// Makes `path` and what is missing above it.
public func makeDirectories(_ path: String) throws(StoreError) {
  if mkdir(path, 0o755) == 0 { return }
  switch errno {
  case EEXIST:
    var status = stat()
    guard stat(path, &status) == 0 else { throw .system("stat", path) }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw StoreError(.system, path: path, problem: "is a file; a directory is expected")
    }
  case ENOENT:
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { throw .system("mkdir", path) }
    try makeDirectories(String(path[..<slash]))
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw .system("mkdir", path) }
  default: throw .system("mkdir", path)
  }
}

/// Removes what lies at `path` and below; nothing there is fine. Links are removed, not followed.
public func removeTree(_ path: String) throws(StoreError) {
  var status = stat()
  guard lstat(path, &status) == 0 else {
    if errno == ENOENT { return }
    throw .system("lstat", path)
  }
  guard status.st_mode & S_IFMT == S_IFDIR else {
    guard unlink(path) == 0 || errno == ENOENT else { throw .system("unlink", path) }
    return
  }
  for name in try directoryEntries(path) { try removeTree("\(path)/\(name)") }
  guard rmdir(path) == 0 || errno == ENOENT else { throw .system("rmdir", path) }
}

/// The names in a directory without `.` and `..`, sorted.
public func directoryEntries(_ path: String) throws(StoreError) -> [String] {
  guard let stream = opendir(path) else { throw .system("opendir", path) }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names.sorted()
}

/// Makes a rename in `directory` survive a power failure.
func synchronizeDirectory(_ directory: String) throws(StoreError) {
  let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .system("open", directory) }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 else { throw .system("fsync", directory) }
}
