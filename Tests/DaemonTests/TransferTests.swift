import Foundation
import StateFiles
import Synchronization
import Testing
import Transport
import WireProtocol

@testable import ControlClient
@testable import CoordinatorDaemon

@Suite(.serialized) struct TransferTests {
  let cluster: TestCluster
  init() throws {
    cluster = try TestCluster()
    try cluster.startCoordinator()
  }

  private func local(_ bytes: [UInt8], _ name: String = "file") throws -> LocalFile {
    LocalFile(
      path: try cluster.directory.file(name, bytes), digest: ContentHash.of(bytes), byteCount: UInt64(bytes.count))
  }

  @Test func anUploadGoesOnWhereItsConnectionWasCut() throws {
    let proxy = try CuttingProxy(
      listen: "\(cluster.directory.path)/proxy", upstream: "\(cluster.directory.path)/socket",
      cutAfter: [200, 5_000_000, 3_000_000])
    let client = try CoordinatorConnection(
      ClientOptions(address: "unix:\(cluster.directory.path)/proxy", build: "test", connectTimeout: .seconds(2)))
    let file = try local(someBytes(20_000_000, seed: 31))
    try client.upload([file])
    #expect(try client.missing([file.digest]) == [])
    // The first connection is the client's control link; the bulk link was cut twice and went on.
    #expect(proxy.connectionCount >= 4)
    #expect(proxy.bytesForwarded < 20_000_000 + 8_000_000, "\(proxy.bytesForwarded)")
    let target = "\(cluster.directory.path)/back"
    try client.download(
      NamedTree(name: "t", files: [FileReference(path: "a", digest: file.digest, byteCount: file.byteCount)]),
      to: target)
    #expect(try ContentHash.of([UInt8](Data(contentsOf: URL(fileURLWithPath: "\(target)/a")))) == file.digest)
  }

  @Test func whatIsThereIsNotSentAgain() throws {
    let client = try cluster.client()
    let files = try [
      local([1, 2, 3], "a"), local([], "b"), local([1, 2, 3], "c"), local(someBytes(9_000, seed: 5), "d"),
    ]
    var last = TransferProgress()
    try client.upload(files) { last = $0 }
    #expect(last == TransferProgress(bytesDone: 9_003, bytesTotal: 9_003, filesDone: 3, filesTotal: 3))
    try client.upload(files) { last = $0 }
    #expect(last == TransferProgress())
  }

  @Test func aDownloadKeepsWhatIsRightAndReplacesWhatIsNot() throws {
    let client = try cluster.client()
    let (one, two) = try (local(someBytes(5_000, seed: 1), "one"), local(someBytes(6_000, seed: 2), "two"))
    try client.upload([one, two])
    let tree = NamedTree(
      name: "t",
      files: [
        FileReference(path: "x/one", digest: one.digest, byteCount: one.byteCount),
        FileReference(path: "x/again", digest: one.digest, byteCount: one.byteCount),
        FileReference(path: "two", digest: two.digest, byteCount: two.byteCount),
      ])
    let target = "\(cluster.directory.path)/target"
    try client.download(tree, to: target)
    try Data([9]).write(to: URL(fileURLWithPath: "\(target)/two"))
    var last = TransferProgress()
    try client.download(tree, to: target) { last = $0 }
    #expect(last.filesTotal == 1)
    #expect(try BlobFile(path: "\(target)/two").sha256() == two.digest)
    // Equal files of a tree are files of their own.
    try Data([7]).write(to: URL(fileURLWithPath: "\(target)/x/one"))
    #expect(try BlobFile(path: "\(target)/x/again").sha256() == one.digest)
    #expect(try directoryEntries(target) == ["two", "x"])
  }

  @Test func aBlobThatRottedInTheStoreIsNeverTakenForTheFile() throws {
    let client = try cluster.client()
    let file = try local(someBytes(2_500_000, seed: 3))
    try client.upload([file])
    let store = try BlobStore(root: cluster.stateDirectory)
    let path = store.path(of: file.digest)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.seek(toOffset: 1_500_000)
    handle.write(Data([0, 1, 2, 3]))
    try handle.close()
    let tree = NamedTree(
      name: "t", files: [FileReference(path: "a", digest: file.digest, byteCount: file.byteCount)])
    let error = #expect(throws: ClientError.self) { try client.download(tree, to: "\(cluster.directory.path)/t") }
    #expect(error?.code == .transfer)
    #expect(!FileManager.default.fileExists(atPath: "\(cluster.directory.path)/t/a"))
    // The store looked at its copy, and knows now that it does not have it.
    _ = try eventually("the store misses it", log: cluster.log) {
      try client.missing([file.digest]) == [file.digest] ? true : nil
    }
    try client.upload([file])
    try client.download(tree, to: "\(cluster.directory.path)/t")
  }

  @Test func aFileThatChangedAfterItWasHashedIsRefused() throws {
    let client = try cluster.client()
    let file = try local(someBytes(100_000, seed: 4))
    _ = try local(someBytes(100_000, seed: 5))
    let wrongContent = #expect(throws: ClientError.self) { try client.upload([file]) }
    #expect(wrongContent?.code == .transfer)
    _ = try local(someBytes(99_999, seed: 4))
    let wrongLength = #expect(throws: ClientError.self) { try client.upload([file]) }
    #expect(wrongLength?.code == .file)
    try FileManager.default.removeItem(atPath: file.path)
    let gone = #expect(throws: ClientError.self) { try client.upload([file]) }
    #expect(gone?.code == .file)
    #expect(gone?.sentence.contains(file.path) == true)
    #expect(try client.missing([file.digest]) == [file.digest])
  }

  @Test func aJobWhoseFilesAreNotThereIsRefused() throws {
    let client = try cluster.client()
    let tree = NamedTree(
      name: "in", files: [FileReference(path: "a.bin", digest: SampleRecords.digest(3), byteCount: 5)])
    let error = #expect(throws: ClientError.self) {
      try cluster.submit([ShardPlan(name: "s", payload: [], inputs: [.files(tree)])], client: client)
    }
    #expect(error?.requestFailure == .refused)
    #expect(error?.sentence.contains("a.bin") == true)
  }

  @Test func aBlobNobodyHasIsATypedError() throws {
    let client = try cluster.client()
    let tree = NamedTree(name: "t", files: [FileReference(path: "a", digest: SampleRecords.digest(4), byteCount: 5)])
    let error = #expect(throws: ClientError.self) { try client.download(tree, to: "\(cluster.directory.path)/t") }
    #expect(error?.code == .transfer)
    #expect(error?.sentence.contains(hostName()) == true)
    let evil = NamedTree(name: "t", files: [FileReference(path: "../a", digest: SampleRecords.digest(4), byteCount: 5)])
    let escape = #expect(throws: ClientError.self) { try client.download(evil, to: "\(cluster.directory.path)/t") }
    #expect(escape?.code == .malformedAnswer)
  }

  @Test(.enabled(if: SmallFileSystem.isAvailable)) func aFullStoreIsNamedWithHostAndPathAndServesOn() throws {
    let small = try #require(SmallFileSystem(byteCount: 4 << 20))
    let store = try BlobStore(root: small.path)
    let (bulk, welcome) = (EventLoop(name: "bulk"), Welcome.test)
    bulk.start()
    let control = EventLoop(name: "control")
    let service = ArtifactService(
      store: store, loop: bulk, policy: .init(roles: [.bulk], numericsVersion: 7, build: "b"), welcome: welcome
    ) { _ in }
    let listener = try Listener.listen(on: .unix(path: "\(cluster.directory.path)/small"), loop: control) {
      connection in
      connection.awaitHello(.init(roles: [.bulk], numericsVersion: 7, build: "b")) { service.takeOver(connection, $0) }
    }
    control.start()
    let client = EventLoop(name: "client")
    client.start()
    defer {
      for loop in [client, control, bulk] {
        loop.stop()
        loop.join()
      }
      withExtendedLifetime(listener) {}
    }
    let hello = Hello(
      wireVersionLow: 1, wireVersionHigh: 1, role: .bulk, boot: Token128(high: 1, low: 1), build: "b",
      numericsVersion: 7)
    let connection = ArtifactConnection(
      .init(address: "unix:\(cluster.directory.path)/small", hello: hello), loop: client)
    let large = try local(someBytes(6_000_000, seed: 6), "large")
    let error = #expect(throws: ClientError.self) {
      try connection.put(path: large.path, digest: large.digest, byteCount: large.byteCount)
    }
    #expect(error?.code == .transfer)
    #expect(error?.sentence.contains(hostName()) == true && error?.sentence.contains(small.path) == true)
    let fits = try local(someBytes(1_000_000, seed: 7), "fits")
    try connection.put(path: fits.path, digest: fits.digest, byteCount: fits.byteCount)
    #expect(store.contains(fits.digest))
    connection.close()
  }

  @Test func aCoordinatorThatIsNotThereIsUnreachable() throws {
    cluster.stopCoordinator()
    let error = #expect(throws: ClientError.self) { try cluster.client() }
    #expect(error?.code == .unreachable)
    let noAddress = #expect(throws: ClientError.self) {
      try CoordinatorConnection(ClientOptions(address: "host:70000", build: "x"))
    }
    #expect(noAddress?.code == .address)
  }

  @Test func aJobThatIsNotThereIsNotFound() throws {
    let error = #expect(throws: ClientError.self) { try cluster.client().detail(of: JobID(99)) }
    #expect(error?.requestFailure == .notFound)
  }
}

extension Welcome {
  static let test = Welcome(
    wireVersion: 1, cluster: Token128(high: 1, low: 1), worker: WorkerID(0), generation: 0, heartbeatMilliseconds: 1,
    suspicionMilliseconds: 1, leaseMilliseconds: 1, fenceMilliseconds: 1)
}

/// Forwards Unix socket connections and cuts the n-th one after so many bytes from the client; nil entries and later
/// connections are left whole.
final class CuttingProxy: Sendable {
  private let state = Mutex((connections: 0, bytes: 0))
  var connectionCount: Int { state.withLock { $0.connections } }
  var bytesForwarded: Int { state.withLock { $0.bytes } }

  /// `cutAfter[i]` is for connection i; the first is the control link, which 200 bytes do not finish: the client asks
  /// again on a new one.
  init(listen path: String, upstream: String, cutAfter: [Int]) throws {
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0 && Foundation.listen(listener, 16) == 0)
    Thread.detachNewThread { [self] in
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0, let server = connectUnix(upstream) else { return }
        let index = state.withLock { state in
          defer { state.connections += 1 }
          return state.connections
        }
        let limit = index < cutAfter.count ? cutAfter[index] : Int.max
        Thread.detachNewThread { [self] in forward(client, server, limit: limit) }
        Thread.detachNewThread { [self] in forward(server, client, limit: .max, counts: false) }
      }
    }
  }

  private func forward(_ source: Int32, _ target: Int32, limit: Int, counts: Bool = true) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var left = limit
    while left > 0 {
      let count = recv(source, &buffer, min(buffer.count, left), 0)
      guard count > 0 else { break }
      left -= count
      if counts { state.withLock { $0.bytes += count } }
      var sent = 0
      while sent < count {
        let written = buffer.withUnsafeBytes {
          send(target, $0.baseAddress.map { $0 + sent }, count - sent, Int32(MSG_NOSIGNAL))
        }
        guard written > 0 else { return }
        sent += written
      }
    }
    shutdown(source, Int32(SHUT_RDWR))
    shutdown(target, Int32(SHUT_RDWR))
  }
}
