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
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    // A careless runner writes through its link; the file's size stays.
    let handle = try #require(FileHandle(forWritingAtPath: path))
    handle.write(Data([1, 2, 3, 4]))
    try handle.close()
    #expect(try !cache.hasVerified(file))
    #expect(!cache.store.contains(file.digest))
  }

  @Test func whatTheCoordinatorsStoreHasIsLinkedAndNotCopied() throws {
    let file = try put(someBytes(3_000, seed: 1))
    let place = try TemporaryDirectory()
    let neighbour = try ArtifactCache(root: place.path, byteCountMax: 10_000)
    #expect(try neighbour.link(file, from: directory.path))
    #expect(try neighbour.hasVerified(file))
    func inode(_ cache: ArtifactCache) throws -> UInt64? {
      try FileManager.default.attributesOfItem(atPath: cache.store.path(of: file.digest))[.systemFileNumber] as? UInt64
    }
    #expect(try inode(neighbour) == inode(cache))
    // Again is as good; what is not there is fetched.
    #expect(try neighbour.link(file, from: directory.path))
    let absent = FileReference(path: "b", digest: ContentHash.of([1]), byteCount: 1)
    #expect(try !neighbour.link(absent, from: directory.path) && !neighbour.store.contains(absent.digest))
    #expect(try !neighbour.link(absent, from: "\(directory.path)/nowhere"))
  }

  @Test func whatRottedInTheCoordinatorsStoreIsNotTakenOver() throws {
    let file = try put(someBytes(3_000, seed: 1))
    let path = cache.store.path(of: file.digest)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    let handle = try #require(FileHandle(forWritingAtPath: path))
    handle.write(Data([1, 2, 3, 4]))
    try handle.close()
    let place = try TemporaryDirectory()
    let neighbour = try ArtifactCache(root: place.path, byteCountMax: 10_000)
    #expect(try !neighbour.link(file, from: directory.path))
    #expect(!neighbour.store.contains(file.digest))
    // Its own file is the coordinator's to judge.
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
      store: cache.store)
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
      checkpoint: NamedTree(name: "checkpoint", files: [state]), store: cache.store)
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
      _ = try RunDirectory(path: "\(directory.path)/runs/1", inputs: trees, checkpoint: nil, store: cache.store)
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
