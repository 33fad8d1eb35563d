internal import Glibc
internal import StateFiles
internal import WireProtocol

extension CoordinatorConnection {
  private func artifacts() -> ArtifactConnection {
    ArtifactConnection(.init(address: options.address, hello: control.hello(.bulk)), loop: control.loop)
  }

  func uploadMissing(_ files: [LocalFile], progress: (TransferProgress) -> Void) throws(ClientError) {
    var byDigest: [Digest: LocalFile] = [:]
    for file in files where byDigest[file.digest] == nil { byDigest[file.digest] = file }
    let absent = Set(try missing(files.map(\.digest).filter { byDigest[$0] != nil }.uniqued()))
    let wanted = files.filter { absent.contains($0.digest) && byDigest[$0.digest] == $0 }.uniqued()
    var state = TransferProgress(bytesTotal: wanted.reduce(0) { $0 + $1.byteCount }, filesTotal: wanted.count)
    progress(state)
    guard !wanted.isEmpty else { return }
    let artifacts = artifacts()
    defer { artifacts.close() }
    for file in wanted {
      let before = state.bytesDone
      try artifacts.put(
        path: file.path, digest: file.digest, byteCount: file.byteCount,
        progress: { count in
          state.bytesDone += count
          progress(state)
        })
      // Parts that an earlier upload left in the store did not travel again.
      state.bytesDone = before + file.byteCount
      state.filesDone += 1
      progress(state)
    }
  }

  func downloadFiles(
    _ files: [FileReference], to directory: String, progress: (TransferProgress) -> Void
  ) throws(ClientError) {
    var wanted: [(file: FileReference, path: String)] = []
    try local { () throws(StoreError) in try makeDirectories(directory) }
    for file in files {
      let path = try local { () throws(StoreError) in try TreePath.join(directory, file.path) }
      if try local({ () throws(StoreError) in try holds(path, file) }) == false { wanted.append((file, path)) }
    }
    var state = TransferProgress(bytesTotal: wanted.reduce(0) { $0 + $1.file.byteCount }, filesTotal: wanted.count)
    progress(state)
    guard !wanted.isEmpty else { return }
    // Beside the files, so that taking a name is a rename; it stays when the download is cut, and is taken up again.
    let staging = "\(directory)/.admix-download"
    let store = try local { () throws(StoreError) in try BlobStore(root: staging) }
    let artifacts = artifacts()
    defer { artifacts.close() }
    var uses: [Digest: Int] = [:]
    for (file, _) in wanted { uses[file.digest, default: 0] += 1 }
    for (file, path) in wanted {
      let before = state.bytesDone
      try artifacts.fetch(
        file.digest, byteCount: file.byteCount, into: store,
        progress: { count in
          state.bytesDone += count
          progress(state)
        })
      uses[file.digest, default: 1] -= 1
      let isLast = uses[file.digest] == 0
      try local { () throws(StoreError) in try place(store.path(of: file.digest), at: path, moving: isLast) }
      state.bytesDone = before + file.byteCount
      state.filesDone += 1
      progress(state)
    }
    try local { () throws(StoreError) in try removeTree(staging) }
  }

  /// Whether `path` has the file's content already.
  private func holds(_ path: String, _ file: FileReference) throws(StoreError) -> Bool {
    let found: BlobFile
    do throws(StoreError) {
      found = try BlobFile(path: path)
    } catch  where error.code == .missing {
      return false
    }
    guard found.byteCount == file.byteCount else { return false }
    return try found.sha256() == file.digest
  }

  /// Gives the blob its name: as a copy while other files of the tree have the same content.
  private func place(_ blob: String, at path: String, moving: Bool) throws(StoreError) {
    guard let slash = path.lastIndex(of: "/") else { preconditionFailure("joined paths have a slash") }
    try makeDirectories(String(path[..<slash]))
    var source = blob
    if !moving {
      source = "\(blob).copy"
      try copyFile(blob, to: source)
    }
    // In the store it was read-only; here it is the user's.
    guard chmod(source, 0o644) == 0, rename(source, path) == 0 else {
      throw StoreError(.system, path: path, problem: "rename: \(String(cString: strerror(errno)))")
    }
  }

  private func local<Result>(_ body: () throws(StoreError) -> Result) throws(ClientError) -> Result {
    do throws(StoreError) {
      return try body()
    } catch {
      throw ClientError(error.code == .unsafePath ? .malformedAnswer : .file, "\(error)")
    }
  }
}

extension Sequence where Element: Hashable {
  /// Each element once, in the order of first appearance.
  fileprivate func uniqued() -> [Element] {
    var seen = Set<Element>()
    return filter { seen.insert($0).inserted }
  }
}
