import Glibc

/// A file that could not be read, as errno says it, in words that fit after a path.
struct FileFailure: Error {
  let code: Int32
  let reason: String

  init(code: Int32) {
    self.code = code
    self.reason =
      switch code {
      case ENOENT, ENOTDIR: "no such file or directory"
      case EACCES, EPERM: "not readable for this user"
      case EISDIR: "is a directory, expected a file"
      default: String(cString: strerror(code))
      }
  }

  init(reason: String) {
    self.code = 0
    self.reason = reason
  }
}

/// A file open for reading, closed when it is no longer used.
final class OpenFile {
  private let descriptor: Int32

  init(_ path: String) throws(FileFailure) {
    // Not blocking: a pipe given as an input must not hang the command.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileFailure(code: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileFailure(code: errno) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw FileFailure(code: EISDIR)
    default: throw FileFailure(reason: "is a device, pipe or socket, expected a file")
    }
  }

  deinit { close(descriptor) }

  /// Bytes read into `buffer`; 0 at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileFailure) -> Int {
    while true {
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      guard errno == EINTR else { throw FileFailure(code: errno) }
    }
  }
}

func readWholeFile(_ path: String, byteCountMax: Int) throws -> [UInt8] {
  let file = try OpenFile(path)
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
    if count == 0 { return bytes }
    bytes += buffer[..<count]
    guard bytes.count <= byteCountMax else { throw FileFailure(reason: "larger than \(byteCountMax) bytes") }
  }
}
