import Glibc

/// Writes a file under a temporary name beside its place; `commit` syncs it and puts it there in one step. Without
/// `commit` nothing is left behind. Not shared between threads.
final class AtomicFileWriter {
  private static let bufferBytes = 1 << 20

  private let path: String
  private let temporaryPath: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private(set) var byteCount = 0

  init(path: String) throws {
    self.path = path
    temporaryPath = path + ".partial-\(getpid())"
    descriptor = open(temporaryPath, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw CorpusError(.unwritable, "cannot be created: \(errorText(errno))", file: path)
    }
    buffer.reserveCapacity(Self.bufferBytes)
  }

  deinit {
    if descriptor >= 0 {
      close(descriptor)
      unlink(temporaryPath)
    }
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws {
    byteCount += bytes.count
    if buffer.count + bytes.count > Self.bufferBytes { try flush() }
    if bytes.count >= Self.bufferBytes { try write(bytes) } else { buffer.append(contentsOf: bytes) }
  }

  func append(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try append($0) }
  }

  /// Overwrites the start of the file.
  func replaceStart(_ bytes: [UInt8]) throws {
    try flush()
    guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else { throw writeError() }
  }

  /// Makes the file durable and visible under its name.
  func commit() throws {
    try flush()
    guard fsync(descriptor) == 0 else { throw writeError() }
    let opened = descriptor
    descriptor = -1
    guard close(opened) == 0, rename(temporaryPath, path) == 0 else {
      let error = writeError()
      unlink(temporaryPath)
      throw error
    }
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let folderDescriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folderDescriptor >= 0 {
      fsync(folderDescriptor)
      close(folderDescriptor)
    }
  }

  private func flush() throws {
    try buffer.withUnsafeBytes { try write($0) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while let base = rest.baseAddress, !rest.isEmpty {
      let count = Glibc.write(descriptor, base, rest.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw writeError() }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  private func writeError() -> CorpusError {
    CorpusError(.unwritable, "cannot be written: \(errorText(errno))", file: path)
  }
}
