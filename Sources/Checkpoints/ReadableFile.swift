import Crypto
import Glibc
import Metering

/// A regular file open for reading, with the size it had when it was opened.
///
/// Read with `pread` rather than mapped: a mapped file that another process cuts short kills the reader with SIGBUS,
/// while a short read is an error that names the file.
final class ReadableFile: Sendable {
  let path: String
  let size: Int
  let descriptor: Int32
  /// What reading it costs is told to; nil outside of tests.
  let meter = ReadMeter.current

  /// Follows symbolic links, as Hugging Face's cache is made of them.
  init(_ path: String) throws {
    // Without O_NONBLOCK, opening a FIFO would wait for its writer for ever.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw CheckpointError.system("opening", path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let error = CheckpointError.system("reading its status", path)
      close(descriptor)
      throw error
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw CheckpointError(
        .notRegularFile, file: path, found: fileKind(status.st_mode), expected: "a regular file")
    }
    self.path = path
    self.size = Int(status.st_size)
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Fills `buffer` from `offset`; a file that ends before is an error.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw CheckpointError.system("reading", path) }
      guard count > 0 else {
        throw CheckpointError(
          .changedWhileRead, file: path, found: "the end of the file at byte \(offset + done)",
          expected: "\(size) bytes, its size when it was opened", wayOut: "leave the file alone while it is read")
      }
      done += count
    }
    meter?.read(buffer.count)
  }

  /// The whole file, refused beyond `limit` bytes.
  func contents(limit: Int) throws -> [UInt8] {
    guard size <= limit else {
      throw CheckpointError(.tooLarge, file: path, found: "\(size) bytes", expected: "at most \(limit)")
    }
    meter?.allocated(size)
    return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      try read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
      count = size
    }
  }

  /// SHA-256 of the file, in lower-case hexadecimal.
  func sha256() throws -> String {
    var hasher = SHA256()
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: min(1 << 20, max(size, 1)), alignment: 64)
    defer { block.deallocate() }
    var offset = 0
    while offset < size {
      let part = UnsafeMutableRawBufferPointer(rebasing: block[..<min(block.count, size - offset)])
      try read(into: part, at: offset)
      hasher.update(bufferPointer: UnsafeRawBufferPointer(part))
      offset += part.count
    }
    return hexadecimal(hasher.finalize())
  }
}

/// Lower-case hexadecimal of `bytes`, as hashes are printed and stored.
public func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  let digits: [UInt8] = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  for byte in bytes {
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}

func fileKind(_ mode: mode_t) -> String {
  switch mode & S_IFMT {
  case S_IFDIR: "a directory"
  case S_IFIFO: "a FIFO"
  case S_IFSOCK: "a socket"
  case S_IFCHR, S_IFBLK: "a device"
  default: "an entry that is no regular file"
  }
}

/// Whether an entry of any kind is at `path`; a dangling link is one.
func entryExists(_ path: String) throws -> Bool {
  var status = stat()
  if lstat(path, &status) == 0 { return true }
  guard errno == ENOENT || errno == ENOTDIR else { throw CheckpointError.system("reading its status", path) }
  return false
}

/// Names in the directory at `path`, sorted, without "." and "..".
func entryNames(_ path: String) throws -> [String] {
  guard let directory = opendir(path) else { throw CheckpointError.system("opening the directory", path) }
  defer { closedir(directory) }
  var names: [String] = []
  while true {
    errno = 0
    guard let entry = readdir(directory) else {
      guard errno == 0 else { throw CheckpointError.system("listing the directory", path) }
      return names.sorted()
    }
    let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    if name != ".", name != ".." { names.append(name) }
  }
}
