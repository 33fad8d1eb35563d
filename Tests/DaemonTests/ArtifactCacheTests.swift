import Foundation
import StateFiles
import Testing
import WireProtocol

@testable import WorkerDaemon

@Suite struct ArtifactCacheTests {
  let directory: TemporaryDirectory
  let cache: ArtifactCache

  init() throws {
    directory = try TemporaryDirectory()
    cache = try ArtifactCache(root: directory.path, byteCountMax: 10_000)
  }

  @discardableResult
  private func put(_ bytes: [UInt8], path: String = "a", used seconds: Int? = nil) throws -> FileReference {
    let file = FileReference(path: path, digest: ContentHash.of(bytes), byteCount: UInt64(bytes.count))
    if let partial = try cache.store.receive(file.digest, byteCount: file.byteCount) {
      try partial.append(bytes, at: 0)
      try partial.finish()
    }
    if let seconds {
      // Last use is the access time.
      let times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: 0, tv_nsec: 1_073_741_822)]
      #expect(utimensat(AT_FDCWD, cache.store.path(of: file.digest), times, 0) == 0)
    }
    return file
  }

  @Test func aBlobThatRottedIsFetchedAgainNotUsed() throws {
    let file = try put(someBytes(3_000, seed: 1))
    #expect(try cache.hasVerified(file))
    let path = cache.store.path(of: file.digest)
    try rot(path)
    #expect(try !cache.hasVerified(file))
    #expect(!cache.store.contains(file.digest))
  }

  /// Where the cache has the files.
  private func places(_ files: FileReference...) throws -> [Digest: BlobPlace] {
    try Dictionary(uniqueKeysWithValues: files.map { ($0.digest, try #require(try cache.place(of: $0))) })
  }

  /// A careless program writes into a blob; its size stays.
  private func rot(_ path: String) throws {
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    let handle = try #require(FileHandle(forWritingAtPath: path))
    handle.write(Data([1, 2, 3, 4]))
    try handle.close()
  }

  @Test func whatTheCoordinatorsStoreHasIsUsedWhereItLies() throws {
    let (file, other) = try (put(someBytes(3_000, seed: 1)), put(someBytes(10, seed: 2)))
    let own = try TemporaryDirectory()
    let local = try ArtifactCache(root: own.path, byteCountMax: 10_000, coordinatorStore: directory.path)
    let place = try #require(try local.place(of: file))
    #expect(place == BlobPlace(path: cache.store.path(of: file.digest), isOwn: false))
    #expect(!local.store.contains(file.digest))
    // The run's name for it outlives the store's.
    let run = try RunDirectory(
      path: "\(own.path)/runs/1", inputs: [NamedTree(name: "in", files: [file])], checkpoint: nil,
      places: [file.digest: place])
    try cache.store.remove(file.digest)
    #expect(try BlobFile(path: "\(run.path)/inputs/in/a").sha256() == file.digest)
    // What is not there, or of another length, is fetched.
    #expect(try local.place(of: file) == nil)
    #expect(try local.place(of: FileReference(path: "b", digest: other.digest, byteCount: 11)) == nil)
  }

  @Test func whatRottedInTheCoordinatorsStoreIsFetchedNotUsed() throws {
    let file = try put(someBytes(3_000, seed: 1))
    let own = try TemporaryDirectory()
    let local = try ArtifactCache(root: own.path, byteCountMax: 10_000, coordinatorStore: directory.path)
    #expect(try local.place(of: file) != nil)
    try rot(cache.store.path(of: file.digest))
    for _ in 0..<2 { #expect(try local.place(of: file) == nil) }
    // It is the coordinator's to judge.
    #expect(cache.store.contains(file.digest))
  }

  @Test func aReferenceThatLiesAboutTheLengthIsRefused() throws {
    let file = try put(someBytes(3_000, seed: 1))
    let error = #expect(throws: StoreError.self) {
      try cache.hasVerified(FileReference(path: "a", digest: file.digest, byteCount: 2_999))
    }
    #expect(error?.code == .corrupt)
  }

  @Test func theLongestUnusedGoesFirstAndWhatIsInUseStays() throws {
    let old = try put(someBytes(3_000, seed: 1), used: 1_000)
    let pinned = try put(someBytes(3_000, seed: 2), used: 2_000)
    let linked = try put(someBytes(3_000, seed: 3), used: 3_000)
    let recent = try put(someBytes(1_000, seed: 4), used: 4_000)
    cache.pin([pinned.digest], for: AssignmentID(1))
    let run = try RunDirectory(
      path: "\(directory.path)/runs/1", inputs: [NamedTree(name: "in", files: [linked])], checkpoint: nil,
      places: try places(linked))
    try cache.evict(toFit: 500)
    #expect(!cache.store.contains(old.digest))
    #expect(cache.store.contains(recent.digest))
    try cache.evict(toFit: 9_000)
    #expect(cache.store.contains(pinned.digest) && cache.store.contains(linked.digest))
    #expect(!cache.store.contains(recent.digest))
    cache.unpin(AssignmentID(1))
    try run.remove()
    try cache.evict(toFit: 9_000)
    #expect(!cache.store.contains(pinned.digest) && !cache.store.contains(linked.digest))
  }

  @Test func inputsAndCheckpointLieWhereARunnerLooksForThem() throws {
    let (model, state) = try (put(someBytes(10, seed: 1), path: "x/model.bin"), put(someBytes(20, seed: 2), path: "s"))
    let run = try RunDirectory(
      path: "\(directory.path)/runs/1",
      inputs: [NamedTree(name: "model", files: [model]), NamedTree(name: "empty", files: [])],
      checkpoint: NamedTree(name: "checkpoint", files: [state]), places: try places(model, state))
    #expect(try BlobFile(path: "\(run.path)/inputs/model/x/model.bin").sha256() == model.digest)
    #expect(try BlobFile(path: "\(run.path)/checkpoint/s").sha256() == state.digest)
    #expect(try directoryEntries("\(run.path)/inputs") == ["empty", "model"])
    #expect(try directoryEntries("\(run.path)/scratch") == [])
    try run.remove()
    #expect(cache.store.contains(model.digest))
  }

  @Test func aTreeThatLeavesItsPlaceOrNamesAFileTwiceIsRefused() throws {
    let file = try put([1])
    func make(_ trees: [NamedTree]) throws {
      _ = try RunDirectory(
        path: "\(directory.path)/runs/1", inputs: trees, checkpoint: nil, places: try places(file))
    }
    let escape = FileReference(path: "../../x", digest: file.digest, byteCount: 1)
    #expect(throws: StoreError.self) { try make([NamedTree(name: "in", files: [escape])]) }
    #expect(throws: StoreError.self) { try make([NamedTree(name: "../in", files: [file])]) }
    #expect(throws: StoreError.self) { try make([NamedTree(name: "/in", files: [file])]) }
    let twice = #expect(throws: StoreError.self) { try make([NamedTree(name: "in", files: [file, file])]) }
    #expect(twice?.problem.contains("twice") == true)
    let below = FileReference(path: "a/b", digest: file.digest, byteCount: 1)
    #expect(throws: StoreError.self) { try make([NamedTree(name: "in", files: [file, below])]) }
    #expect(!FileManager.default.fileExists(atPath: "\(directory.path)/x"))
  }

  @Test func memoryOfAProcessAndItsChildrenIsCounted() throws {
    let own = ProcessMemory.residentBytes(of: getpid())
    #expect(own > 1 << 20)
    let child = Process()
    child.executableURL = URL(fileURLWithPath: "/bin/sleep")
    child.arguments = ["10"]
    try child.run()
    defer { child.terminate() }
    #expect(ProcessMemory.residentBytes(ofSelfAnd: [child.processIdentifier, Int32.max]) > own / 2)
    #expect(ProcessMemory.residentBytes(of: child.processIdentifier) > 0)
    #expect(ProcessMemory.residentBytes(of: Int32.max) == 0)
  }
}
