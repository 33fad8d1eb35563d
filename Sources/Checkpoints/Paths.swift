/// The folder of `path`: "a/b" → "a", "a" → ".", "/a" → "/".
func parentPath(_ path: String) -> String {
  let trimmed = withoutTrailingSlashes(path)
  guard let slash = trimmed.lastIndex(of: "/") else { return trimmed == "." ? trimmed : "." }
  return slash == trimmed.startIndex ? "/" : withoutTrailingSlashes(String(trimmed[..<slash]))
}

/// The last component of `path`: "a/b/" → "b".
func lastComponent(_ path: String) -> String {
  let trimmed = withoutTrailingSlashes(path)
  guard trimmed != "/", let slash = trimmed.lastIndex(of: "/") else { return trimmed }
  return String(trimmed[trimmed.index(after: slash)...])
}

func joinPath(_ directory: String, _ name: String) -> String {
  directory.hasSuffix("/") ? directory + name : directory + "/" + name
}

/// A name that stays inside its folder: files named by a manifest or an index must not reach out of it.
func isPlainName(_ name: String) -> Bool {
  !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 255
    && !name.utf8.contains(UInt8(ascii: "/")) && !name.utf8.contains(0)
}

private func withoutTrailingSlashes(_ path: String) -> String {
  var trimmed = path[...]
  while trimmed.utf8.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
  return String(trimmed)
}
