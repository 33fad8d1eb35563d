import Crypto
import Glibc
import Metering

/// Reads a file from start to end in pieces and hashes it on the way. Not shared between threads.
final class InputFile {
  static let pieceBytes = 1 << 20

  let path: String
  let byteCount: Int
  private(set) var position = 0
  private let descriptor: Int32
  private var hash = SHA256()

  init(path: String) throws {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.openError(path, errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw Self.openError(path, code)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      let what = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "not a regular file"
      throw CorpusError(.unreadable, "this is \(what); a file of texts expected", file: path)
    }
    self.descriptor = descriptor
    self.byteCount = Int(status.st_size)
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
  }

  deinit { close(descriptor) }

  /// Replaces `piece` by the next bytes; they are empty at the end of the file.
  func read(into piece: inout [UInt8]) throws {
    var failure: Int32 = 0
    piece = [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { buffer, count in
      while true {
        let result = Glibc.read(descriptor, buffer.baseAddress, Self.pieceBytes)
        if result < 0, errno == EINTR { continue }
        if result < 0 { failure = errno }
        count = max(0, result)
        return
      }
    }
    if failure != 0 {
      throw CorpusError(.unreadable, "cannot be read: \(errorText(failure))", file: path, offset: position)
    }
    piece.withUnsafeBytes { hash.update(bufferPointer: $0) }
    position += piece.count
    ReadMeter.current?.read(piece.count)
  }

  /// SHA-256 of what was read so far: of the whole file once `read` has met its end.
  var sha256: [UInt8] { Array(hash.finalize()) }

  private static func openError(_ path: String, _ code: Int32) -> CorpusError {
    code == ENOENT
      ? CorpusError(.missing, "there is no such file", file: path)
      : CorpusError(.unreadable, "cannot be opened: \(errorText(code))", file: path)
  }
}

/// The system's words for an error number.
func errorText(_ code: Int32) -> String { String(cString: strerror(code)) }
