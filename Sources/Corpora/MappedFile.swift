import Glibc

/// A file mapped into memory, read-only.
///
/// Sendable although it holds a pointer: the memory behind it is never written through the mapping, and it is unmapped
/// only in `deinit`, when nobody can hold it any more.
final class MappedFile: @unchecked Sendable {
  let path: String
  let bytes: UnsafeRawBufferPointer

  init(path: String) throws {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw CorpusError(
        errno == ENOENT ? .missing : .unreadable,
        errno == ENOENT ? "there is no such file" : "cannot be opened: \(errorText(errno))", file: path)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw CorpusError(.unreadable, "not a regular file", file: path)
    }
    let count = Int(status.st_size)
    guard count > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let base = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), base != MAP_FAILED else {
      throw CorpusError(.unreadable, "cannot be mapped: \(errorText(errno))", file: path)
    }
    bytes = UnsafeRawBufferPointer(start: base, count: count)
  }

  deinit {
    if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
  }
}
