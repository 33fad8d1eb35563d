internal import Glibc
internal import StateFiles
internal import WireProtocol

/// Where a runner works: `inputs/<tree>/<path>`, `checkpoint/<path>` and `scratch/`. Inputs are links to blobs.
struct RunDirectory: Sendable {
  let path: String

  /// Makes the directory `path` anew. All blobs have their places. Throws `.unsafePath` for a tree that would leave its
  /// place, `.system` for one that names a file twice.
  init(
    path: String, inputs: [NamedTree], checkpoint: NamedTree?, places: [Digest: BlobPlace]
  ) throws(StoreError) {
    self.path = path
    try removeTree(path)
    try makeDirectories("\(path)/scratch")
    try makeDirectories("\(path)/inputs")
    for tree in inputs {
      try Self.link(tree, below: try TreePath.join("\(path)/inputs", tree.name), places)
    }
    if let checkpoint { try Self.link(checkpoint, below: "\(path)/checkpoint", places) }
  }

  func remove() throws(StoreError) { try removeTree(path) }

  private static func link(
    _ tree: NamedTree, below directory: String, _ places: [Digest: BlobPlace]
  ) throws(StoreError) {
    try makeDirectories(directory)
    for file in tree.files {
      let target = try TreePath.join(directory, file.path)
      guard let slash = target.lastIndex(of: "/") else { preconditionFailure("joined paths have a slash") }
      try makeDirectories(String(target[..<slash]))
      guard let blob = places[file.digest] else {
        throw StoreError(.missing, path: target, problem: "its blob \(file.digest.hex) has not come")
      }
      if Glibc.link(blob.path, target) == 0 { continue }
      switch errno {
      case EXDEV, EPERM, EMLINK, EOPNOTSUPP:
        // The run directory is on another file system, or on one without links. A name that only points there would
        // not keep what others may remove.
        if blob.isOwn {
          if symlink(blob.path, target) == 0 { continue }
          guard errno == EPERM || errno == EOPNOTSUPP else { throw failure("symlink", target) }
        }
        try copyFile(blob.path, to: target)
      default: throw failure("link", target)
      }
    }
  }

  private static func failure(_ operation: String, _ target: String) -> StoreError {
    let number = errno
    if number == EEXIST {
      return StoreError(.system, path: target, problem: "the tree names this file twice")
    }
    return StoreError(
      number == ENOSPC ? .full : .system, path: target,
      problem: "\(operation): \(String(cString: strerror(number))) (on \(hostName()))")
  }
}
