import Foundation
import StateFiles
import Testing
import WireProtocol

@Suite struct BlobStoreTests {
  let directory: TemporaryDirectory
  let store: BlobStore

  init() throws {
    directory = try TemporaryDirectory()
    store = try BlobStore(root: directory.path)
  }

  private func put(_ bytes: [UInt8], pieces: Int = 1000) throws -> Digest {
    let digest = ContentHash.of(bytes)
    let partial = try #require(try store.receive(digest, byteCount: UInt64(bytes.count)))
    for start in stride(from: Int(partial.offset), to: bytes.count, by: pieces) {
      try partial.append(Array(bytes[start..<min(start + pieces, bytes.count)]), at: UInt64(start))
    }
    try partial.finish()
    return digest
  }

  @Test func whatWasPutComesBackByOffset() throws {
    let bytes = someBytes(100_000, seed: 1)
    let digest = try put(bytes)
    #expect(store.byteCount(of: digest) == 100_000)
    let file = try store.open(digest)
    #expect(try file.read(at: 0, limit: 200_000) == bytes)
    #expect(try file.read(at: 99_990, limit: 100) == Array(bytes[99_990...]))
    #expect(try file.read(at: 100_000, limit: 100) == [])
    #expect(try store.receive(digest, byteCount: 100_000) == nil)
    try store.verify(digest)
  }

  @Test func anEmptyBlobIsABlob() throws {
    #expect(store.byteCount(of: try put([])) == 0)
  }

  @Test func anUploadThatWasCutGoesOnWhereItStopped() throws {
    let bytes = someBytes(50_000, seed: 2)
    let digest = ContentHash.of(bytes)
    do {
      let partial = try #require(try store.receive(digest, byteCount: 50_000))
      try partial.append(Array(bytes[..<30_000]), at: 0)
    }
    let again = try BlobStore(root: directory.path)
    let partial = try #require(try again.receive(digest, byteCount: 50_000))
    #expect(partial.offset == 30_000)
    // What overlaps with what is there is passed over.
    try partial.append(Array(bytes[20_000...]), at: 20_000)
    try partial.finish()
    #expect(try again.open(digest).read(at: 0, limit: 50_000) == bytes)
  }

  @Test func twoSendersOfOneBlobDoNotDisturbEachOther() throws {
    let bytes = someBytes(10_000, seed: 3)
    let digest = ContentHash.of(bytes)
    let first = try #require(try store.receive(digest, byteCount: 10_000))
    try first.append(Array(bytes[..<6_000]), at: 0)
    let second = try #require(try store.receive(digest, byteCount: 10_000))
    #expect(second.offset == 0)
    try second.append(bytes, at: 0)
    try second.finish()
    try first.append(Array(bytes[6_000...]), at: 6_000)
    try first.finish()
    try store.verify(digest)
  }

  @Test func wrongBytesNeverGetTheName() throws {
    let bytes = someBytes(10_000, seed: 4)
    let digest = ContentHash.of(bytes)
    let partial = try #require(try store.receive(digest, byteCount: 10_000))
    var wrong = bytes
    wrong[5_000] ^= 1
    try partial.append(wrong, at: 0)
    let error = #expect(throws: StoreError.self) { try partial.finish() }
    #expect(error?.code == .corrupt)
    #expect(!store.contains(digest))
    #expect(try directoryEntries("\(directory.path)/partial") == [])
  }

  @Test func piecesThatLeaveAGapOrGoBeyondTheEndAreRefused() throws {
    let bytes = someBytes(100, seed: 5)
    let partial = try #require(try store.receive(ContentHash.of(bytes), byteCount: 100))
    #expect(throws: StoreError.self) { try partial.append([1], at: 1) }
    #expect(throws: StoreError.self) { try partial.append(bytes + [0], at: 0) }
    #expect(throws: StoreError.self) { try partial.append([0], at: .max) }
    #expect(partial.offset == 0)
  }

  @Test func aBlobThatRottedIsFoundAndMovedAside() throws {
    let bytes = someBytes(10_000, seed: 6)
    let digest = try put(bytes)
    let path = store.path(of: digest)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.seek(toOffset: 7_000)
    file.write(Data([bytes[7_000] ^ 0x10]))
    try file.close()
    let error = #expect(throws: StoreError.self) { try store.verify(digest) }
    #expect(error?.code == .corrupt)
    #expect(!store.contains(digest))
    #expect(try put(bytes) == digest)
  }

  @Test func aBlobThatIsNotThereIsNamedWithItsHost() throws {
    let error = #expect(throws: StoreError.self) { try store.open(.zero) }
    #expect(error?.code == .missing)
    #expect(error?.description.contains(hostName()) == true)
  }

  @Test(.enabled(if: SmallFileSystem.isAvailable)) func aFullDiskIsAnErrorWithHostAndPath() throws {
    let small = try #require(SmallFileSystem(byteCount: 256 * 1024))
    let store = try BlobStore(root: small.path)
    let tooLarge = #expect(throws: StoreError.self) { try store.receive(.zero, byteCount: 1 << 20) }
    #expect(tooLarge?.code == .full)
    #expect(tooLarge?.description.contains(small.path) == true)

    // Room enough at the start, taken by others meanwhile.
    let bytes = someBytes(150_000, seed: 7)
    let digest = ContentHash.of(bytes)
    let partial = try #require(try store.receive(digest, byteCount: 150_000))
    try Data(someBytes(150_000, seed: 8)).write(to: URL(fileURLWithPath: "\(small.path)/other"))
    let error = #expect(throws: StoreError.self) { try partial.append(bytes, at: 0) }
    #expect(error?.code == .full)
    #expect(error?.description.contains(hostName()) == true)
    try removeTree("\(small.path)/other")
    let again = try #require(try store.receive(digest, byteCount: 150_000))
    #expect(again.offset == 0)
    try again.append(bytes, at: 0)
    try again.finish()
    try store.verify(digest)
  }

  @Test func pathsThatLeaveTheirDirectoryAreRefused() throws {
    for path in [
      "", "/etc/passwd", "..", "a/../../b", "a//b", "./a", "a/", "a/.", "a\0b", String(repeating: "x", count: 256),
    ] {
      let error = #expect(throws: StoreError.self) { try TreePath.join("/run", path) }
      #expect(error?.code == .unsafePath, "\(path)")
    }
    #expect(try TreePath.join("/run", "a/..b/c…") == "/run/a/..b/c…")
  }

  @Test func aSecondHolderOfADirectoryIsToldOfTheFirst() throws {
    let first = try DirectoryLock(directory: directory.path, name: "lock") { _ in "" }
    let error = #expect(throws: StoreError.self) {
      try DirectoryLock(directory: directory.path, name: "lock") { "held by process \($0 ?? "?")" }
    }
    #expect(error?.code == .locked)
    #expect(error?.problem == "held by process \(ProcessInfo.processInfo.processIdentifier)")
    withExtendedLifetime(first) {}
  }
}
