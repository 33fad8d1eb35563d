internal import Glibc

/// An output directory could not be used or written.
public struct OutputError: Error, Sendable, CustomStringConvertible {
  public let path: String
  public let problem: String
  public let remedy: String
  public init(path: String, problem: String, remedy: String = "") {
    self.path = path
    self.problem = problem
    self.remedy = remedy
  }
  public var description: String { "\(path): \(problem)\(remedy.isEmpty ? "" : ". \(remedy)")" }

  /// Of the system call that failed last.
  public static func system(_ path: String) -> OutputError {
    let code = errno
    return OutputError(
      path: path, problem: String(cString: strerror(code)),
      remedy: code == ENOSPC ? "Make room on this file system and run the command again" : "")
  }
}

/// Writes a file whole or not at all: beside it first, then renamed over it, durable before the name changes.
public func replaceFile(_ path: String, with text: String) throws(OutputError) {
  var status = stat()
  // A rename would put a file where a device or a pipe was.
  if lstat(path, &status) == 0, ![S_IFREG, S_IFLNK].contains(status.st_mode & S_IFMT) {
    throw OutputError(path: path, problem: "is no regular file", remedy: "Name another one")
  }
  let staged = path + ".partial"
  let descriptor = open(staged, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { throw .system(staged) }
  defer { close(descriptor) }
  do throws(OutputError) {
    try writeAll(Array(text.utf8), to: descriptor, path: staged)
    guard fsync(descriptor) == 0 else { throw OutputError.system(staged) }
    guard rename(staged, path) == 0 else { throw OutputError.system(path) }
  } catch {
    unlink(staged)
    throw error
  }
  try syncDirectory(parent(of: path))
}

public func writeAll(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(OutputError) {
  var written = 0
  while written < bytes.count {
    let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if count < 0 {
      if errno == EINTR { continue }
      throw .system(path)
    }
    written += count
  }
}

func makeDirectory(_ path: String) throws(OutputError) {
  guard mkdir(path, 0o755) != 0 else { return }
  if errno == ENOENT, parent(of: path) != path {
    try makeDirectory(parent(of: path))
    // Once: some file systems (/proc) say ENOENT although the parent is there.
    guard mkdir(path, 0o755) != 0 else { return }
  }
  guard errno == EEXIST, isDirectory(path) else { throw .system(path) }
}

func isDirectory(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

func exists(_ path: String) -> Bool {
  var status = stat()
  return lstat(path, &status) == 0
}

/// Names in a directory, `.` and `..` left out; empty when it is not there.
func names(in directory: String) -> [String] {
  guard let stream = opendir(directory) else { return [] }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
    let name = String(decoding: bytes, as: UTF8.self)
    if name != ".", name != ".." { names.append(name) }
  }
  return names
}

func removeTree(_ path: String) {
  if isDirectory(path) {
    for name in names(in: path) { removeTree("\(path)/\(name)") }
    rmdir(path)
  } else {
    unlink(path)
  }
}

func renameEntry(_ from: String, to path: String) throws(OutputError) {
  guard rename(from, path) == 0 else { throw .system(path) }
  try syncDirectory(parent(of: path))
}

/// The file's text; nil when it cannot be read or is not UTF-8.
public func readText(_ path: String) -> String? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    if count < 0, errno == EINTR { continue }
    guard count >= 0 else { return nil }
    if count == 0 { return String(validating: bytes, as: UTF8.self) }
    bytes += buffer[..<count]
  }
}

private func syncDirectory(_ path: String) throws(OutputError) {
  let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .system(path) }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 else { throw .system(path) }
}

private func parent(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}
