public import StateFiles
internal import Synchronization
public import Transport
public import WireProtocol

/// A bulk connection to the coordinator's store for a thread that may wait. One transfer at a time; what was cut goes
/// on where it stopped, over a new connection, for as long as something moves.
public final class ArtifactConnection: Sendable {
  public struct Options: Sendable {
    /// `HOST:PORT` or `unix:PATH`.
    public var address: String
    /// With the role `.bulk`.
    public var hello: Hello
    public var connectTimeout: Duration = .seconds(5)
    /// How long one wait for the other side may take; a store makes a large blob durable before it answers.
    public var stallTimeout: Duration = .seconds(60)
    /// How long a transfer that makes no headway is tried again.
    public var patience: Duration = .seconds(30)
    public init(address: String, hello: Hello) {
      precondition(hello.role == .bulk, "artifacts travel on bulk connections")
      self.address = address
      self.hello = hello
    }
  }

  private let options: Options
  private let loop: EventLoop
  private let connection = Mutex<BlockingConnection?>(nil)

  /// Connects with the first transfer. `loop` must run on another thread than the callers'.
  public init(_ options: Options, loop: EventLoop) {
    self.options = options
    self.loop = loop
  }

  /// Brings a blob into `store`. Throws `.transfer` when the coordinator does not have it (whole), `.file` when it
  /// cannot be written here, `.connectionLost` when the coordinator stays away, `.cancelled`.
  /// - Parameters:
  ///   - isCancelled: asked between pieces.
  ///   - progress: bytes that have come since the last call.
  public func fetch(
    _ digest: Digest, byteCount: UInt64, into store: BlobStore, isCancelled: () -> Bool = { false },
    progress: (UInt64) -> Void = { _ in }
  ) throws(ClientError) {
    try persist(isCancelled) { (connection, moved) throws(ClientError) in
      let partial: PartialBlob
      do throws(StoreError) {
        guard let begun = try store.receive(digest, byteCount: byteCount) else { return }
        partial = begun
      } catch {
        throw ClientError(.file, "\(error)")
      }
      let download = BlobDownload(connection: connection, partial: partial, stallTimeout: self.options.stallTimeout)
      try download.run(isCancelled) { count in
        moved()
        progress(count)
      }
    }
  }

  /// Brings the file at `path` into the coordinator's store. Throws `.file` when it is not what `digest` and
  /// `byteCount` say, `.transfer` when the store cannot take it.
  public func put(
    path: String, digest: Digest, byteCount: UInt64, isCancelled: () -> Bool = { false },
    progress: (UInt64) -> Void = { _ in }
  ) throws(ClientError) {
    try persist(isCancelled) { (connection, moved) throws(ClientError) in
      let file: BlobFile
      do throws(StoreError) {
        file = try BlobFile(path: path)
      } catch {
        throw ClientError(.file, "\(error)")
      }
      guard file.byteCount == byteCount else {
        throw ClientError(
          .file, "\(path) has \(file.byteCount) bytes now; it had \(byteCount) when it was hashed. Start again")
      }
      let upload = BlobUpload(
        connection: connection, file: file, digest: digest, stallTimeout: self.options.stallTimeout)
      try upload.run(isCancelled) { count in
        moved()
        progress(count)
      }
    }
  }

  public func close() { drop("done") }

  /// Tries the transfer on one connection after another until it is done, fails for a reason that a new connection does
  /// not mend, or nothing has moved for `patience`.
  private func persist(
    _ isCancelled: () -> Bool,
    _ transfer: (BlockingConnection, _ moved: () -> Void) throws(ClientError) -> Void
  ) throws(ClientError) {
    var lastMoved = EventLoop.now
    var pause = Duration.milliseconds(50)
    while true {
      do throws(ClientError) {
        try transfer(try connected()) {
          lastMoved = EventLoop.now
          pause = .milliseconds(50)
        }
        return
      } catch {
        // Whatever it was, frames of this transfer may still come: the next one starts clean.
        drop("a transfer was cut short")
        let canMend = error.code == .connectionLost || error.code == .unreachable || error.code == .timedOut
        guard canMend, EventLoop.now.elapsed(since: lastMoved) < options.patience else { throw error }
        if isCancelled() { throw ClientError(.cancelled, "the transfer was cancelled") }
        ControlClient.sleep(for: pause)
        pause = min(pause * 2, .seconds(2))
      }
    }
  }

  private func connected() throws(ClientError) -> BlockingConnection {
    if let connection = connection.withLock({ $0 }) { return connection }
    let made = try BlockingConnection(
      to: options.address, hello: options.hello, loop: loop, timeout: options.connectTimeout)
    connection.withLock { $0 = made }
    return made
  }

  private func drop(_ sentence: String) { connection.withLock { $0.take() }?.close(sentence) }
}
