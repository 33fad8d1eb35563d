import Glibc
import WireProtocol

/// Files below a directory of this runner's.
enum OutputFiles {
  /// Every regular file below `directory`, with its path relative to it, in the order of the paths' bytes.
  static func list(below directory: String) throws(OutputError) -> [Publish.Item] {
    var items: [Publish.Item] = []
    var open = [""]
    while let folder = open.popLast() {
      let path = folder.isEmpty ? directory : "\(directory)/\(folder)"
      for name in try names(in: path) {
        let relative = folder.isEmpty ? name : "\(folder)/\(name)"
        switch try kind(of: "\(directory)/\(relative)") {
        case S_IFDIR: open.append(relative)
        case S_IFREG: items.append(Publish.Item(absolutePath: "\(directory)/\(relative)", path: relative))
        default: throw OutputError(path: "\(directory)/\(relative)", reason: "is neither a file nor a directory")
        }
      }
    }
    return items.sorted { $0.path < $1.path }
  }

  /// Deletes `directory` and what is below it; nothing when it is not there. Links are not followed.
  static func remove(_ directory: String) {
    guard let kind = try? kind(of: directory) else { return }
    if kind == S_IFDIR {
      for name in (try? names(in: directory)) ?? [] { remove("\(directory)/\(name)") }
      rmdir(directory)
    } else {
      unlink(directory)
    }
  }

  static func makeDirectory(_ path: String) throws(OutputError) {
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw OutputError(path: path) }
  }

  private static func names(in directory: String) throws(OutputError) -> [String] {
    guard let stream = opendir(directory) else { throw OutputError(path: directory) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  private static func kind(of path: String) throws(OutputError) -> mode_t {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw OutputError(path: path) }
    return status.st_mode & S_IFMT
  }
}

/// A file of the runner's own directory could not be read or made.
struct OutputError: Error, CustomStringConvertible {
  let path: String
  let reason: String
  init(path: String, reason: String = String(cString: strerror(errno))) {
    self.path = path
    self.reason = reason
  }
  var description: String { "\(path): \(reason)" }
}
