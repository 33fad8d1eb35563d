import Glibc

/// Directories given by mistake (a home directory) must not be walked for minutes.
let directoryFileCountMax = 10_000
let directoryDepthMax = 8

/// The regular files below `directory` by relative path, in byte order of the paths. Hidden files are left out, links
/// to files are followed (Hugging Face caches consist of them), links to directories are not.
func filesBelow(_ directory: String) throws(FileFailure) -> [String] {
  var found: [String] = []
  try collect(directory, prefix: "", depth: 0, into: &found)
  return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

private func collect(_ directory: String, prefix: String, depth: Int, into found: inout [String]) throws(FileFailure) {
  guard depth <= directoryDepthMax else {
    throw FileFailure(reason: "has directories more than \(directoryDepthMax) deep")
  }
  guard let stream = opendir(directory) else { throw FileFailure(code: errno) }
  defer { closedir(stream) }
  while let entry = readdir(stream) {
    let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
    guard bytes.first != UInt8(ascii: ".") else { continue }
    guard let name = String(validating: bytes, as: UTF8.self) else {
      throw FileFailure(reason: "has a file whose name is not UTF-8")
    }
    let path = "\(directory)/\(name)"
    var link = stat()
    var target = stat()
    guard lstat(path, &link) == 0 else { throw FileFailure(code: errno) }
    guard stat(path, &target) == 0 else {
      throw FileFailure(reason: "has a link that leads nowhere: \(prefix)\(name)")
    }
    if target.st_mode & S_IFMT == S_IFREG {
      found.append(prefix + name)
    } else if link.st_mode & S_IFMT == S_IFDIR {
      try collect(path, prefix: "\(prefix)\(name)/", depth: depth + 1, into: &found)
    }
    guard found.count <= directoryFileCountMax else {
      throw FileFailure(reason: "has more than \(directoryFileCountMax) files")
    }
  }
}
