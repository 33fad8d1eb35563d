internal import StateFiles
internal import Synchronization
internal import Transport
internal import WireProtocol

/// The coordinator's store on its bulk connections. It has a loop of its own, whose thread may wait for the disk and
/// hash: nobody's lease depends on it.
final class ArtifactService: Sendable {
  let store: BlobStore
  let loop: EventLoop
  let log: @Sendable (String) -> Void
  private let policy: ServerHandshake.Policy
  private let welcome: Welcome
  private let missingHandler = Mutex<(@Sendable (Digest) -> Void)?>(nil)

  init(
    store: BlobStore, loop: EventLoop, policy: ServerHandshake.Policy, welcome: Welcome,
    log: @escaping @Sendable (String) -> Void
  ) {
    self.store = store
    self.loop = loop
    self.policy = policy
    self.welcome = welcome
    self.log = log
  }

  /// Called, on the bulk loop, with a blob that was asked for and is not here, or not whole.
  var onMissing: (@Sendable (Digest) -> Void)? {
    get { missingHandler.withLock { $0 } }
    set { missingHandler.withLock { $0 = newValue } }
  }

  /// A bulk connection whose HELLO came on the control loop.
  func takeOver(_ connection: Connection, _ hello: Hello) {
    connection.handOver(hello, to: loop, policy: policy) { [self] connection, _ in
      // Kept alive by the connection's handlers until it closes.
      let session = ArtifactSession(service: self, connection: connection)
      connection.onFrame = { session.receive($0) }
      connection.onWritable = { session.pump() }
      connection.onClose = { _ in session.closed() }
      connection.admit(welcome)
    }
  }

  /// Which of these blobs are not here. `answer` is called on the bulk loop.
  func missing(among digests: [Digest], _ answer: @escaping @Sendable ([Digest]) -> Void) {
    loop.execute { [store] in answer(digests.filter { !store.contains($0) }) }
  }

  func delete(_ digests: [Digest]) {
    loop.execute { [store, log] in
      for digest in digests {
        do throws(StoreError) {
          try store.remove(digest)
        } catch {
          log("an artifact that nobody needs was not removed: \(error)")
        }
      }
    }
  }
}
