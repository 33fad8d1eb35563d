import Crypto
import Glibc

/// A new file being written: hashed as it is written, synced to the disk before it counts as finished.
struct OutputFile: ~Copyable {
  let path: String
  private let descriptor: Int32
  private var hasher = SHA256()
  private(set) var size = 0

  /// Creates the file; an entry that is already there is an error.
  init(creating path: String) throws {
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    self.path = path
    guard descriptor >= 0 else { throw CheckpointError.system("creating", path) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Claims `bytes` of disk for the file now, so that a disk too small is known before hours are spent filling it.
  /// A file system that cannot promise is asked for nothing: there the writes themselves find out.
  func reserve(bytes: Int) throws {
    guard bytes > 0 else { return }
    while true {
      // Returns its error rather than setting errno.
      switch posix_fallocate(descriptor, 0, off_t(bytes)) {
      case 0, EINVAL, EOPNOTSUPP: return
      case EINTR: continue
      case let number: throw CheckpointError.system("reserving room", path, errno: number, bytesNeeded: bytes)
      }
    }
  }

  mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
    // Pieces of 1 MiB are hashed and written while they are in the cache.
    var rest = bytes
    while !rest.isEmpty {
      let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 20))
      hasher.update(bufferPointer: piece)
      try writeUnhashed(piece)
      size += piece.count
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
    }
  }

  mutating func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try write($0) }
  }

  private func writeUnhashed(_ bytes: UnsafeRawBufferPointer) throws {
    var done = 0
    while done < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
      let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw CheckpointError.system("writing", path) }
      done += count
    }
  }

  /// Syncs and closes. The caller still has to sync the directory.
  consuming func finish() throws -> (size: Int, sha256: String) {
    guard fsync(descriptor) == 0 else { throw CheckpointError.system("syncing", path) }
    return (size, hexadecimal(hasher.finalize()))
  }
}

/// Syncs a directory, which makes the names in it durable.
func syncDirectory(_ path: String) throws {
  let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { throw CheckpointError.system("opening the directory", path) }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 else { throw CheckpointError.system("syncing the directory", path) }
}

/// Creates the directory at `path` and those above it that are missing.
func createDirectories(_ path: String) throws {
  if mkdir(path, 0o755) == 0 { return }
  switch errno {
  case EEXIST:
    var status = stat()
    guard stat(path, &status) == 0 else { throw CheckpointError.system("reading its status", path) }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw CheckpointError(.notDirectory, file: path, found: "a file", expected: "a directory")
    }
  case ENOENT where parentPath(path) != path:
    try createDirectories(parentPath(path))
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
      throw CheckpointError.system("creating the directory", path)
    }
  default:
    throw CheckpointError.system("creating the directory", path)
  }
}

/// Removes what is at `path`, a directory with all in it; never follows a symbolic link. Nothing there is no error.
func removeTree(_ path: String) throws {
  if unlink(path) == 0 || errno == ENOENT { return }
  guard errno == EISDIR || errno == EPERM else { throw CheckpointError.system("removing", path) }
  for name in try entryNames(path) { try removeTree(joinPath(path, name)) }
  guard rmdir(path) == 0 || errno == ENOENT else { throw CheckpointError.system("removing", path) }
}
