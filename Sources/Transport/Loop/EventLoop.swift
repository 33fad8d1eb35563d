import CLibUV
import CLinux
import Glibc
import Synchronization
public import WireProtocol

/// A libuv loop and the one thread that may touch what belongs to it.
///
/// Handles, connections, timers and their callbacks live on the loop's thread; `execute`, `stop` and `join` are the
/// only doors from other threads. Until `start` or `run`, the thread that made the loop stands in for it, so that a
/// daemon can set everything up first.
///
/// `@unchecked Sendable` is true because all mutable state is either behind a `Mutex` or touched only after
/// `preconditionOnLoop`.
public final class EventLoop: @unchecked Sendable {
  public let name: String

  let handle: UnsafeMutablePointer<uv_loop_t>
  /// Where every read of this loop lands before it is decoded; libuv asks for it and fills it in one go.
  let readBuffer: UnsafeMutableRawBufferPointer

  private let wakeUp: UnsafeMutablePointer<uv_async_t>
  private let shared: Mutex<Shared>
  private let owner: Atomic<UInt>
  private var resources: [ObjectIdentifier: any LoopResource] = [:]
  private var isClosed = false

  private struct Shared {
    var queue: [@Sendable () -> Void] = []
    var stopping = false
    var over = false
    var thread: pthread_t?
  }

  /// Reads of 256 KiB: a chunk takes four to five system calls, and the buffer still sits in the second-level cache.
  private static let readBufferBytes = 256 * 1024

  public init(name: String) {
    self.name = name
    handle = .allocate(capacity: 1)
    wakeUp = .allocate(capacity: 1)
    readBuffer = .allocate(byteCount: EventLoop.readBufferBytes, alignment: 64)
    shared = Mutex(Shared())
    owner = Atomic(UInt(pthread_self()))
    // Writing to a connection that the peer has closed must be an error code, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    precondition(uv_loop_init(handle) == 0, "libuv cannot make a loop (out of file descriptors?)")
    let status = uv_async_init(handle, wakeUp) { async in
      guard let data = async?.pointee.data else { return }
      Unmanaged<EventLoop>.fromOpaque(data).takeUnretainedValue().drain()
    }
    precondition(status == 0, "libuv cannot make a wake-up handle: \(uvMessage(status))")
    // Unretained: the handle is closed before `self` goes, in `close`.
    wakeUp.pointee.data = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit {
    owner.store(UInt(pthread_self()), ordering: .relaxed)
    close()
    handle.deallocate()
    wakeUp.deallocate()
    readBuffer.deallocate()
  }

  /// Time of the monotonic clock, the one every core's `now` comes from.
  public static var now: MonotonicTime { MonotonicTime(nanoseconds: uv_hrtime()) }
  public var now: MonotonicTime { EventLoop.now }

  // MARK: Running

  /// Runs on a thread of its own. Returns at once.
  public func start() {
    let box = Unmanaged.passRetained(self)
    var thread = pthread_t()
    let status = pthread_create(&thread, nil, { argument in
      if let argument { Unmanaged<EventLoop>.fromOpaque(argument).takeRetainedValue().run() }
      return nil
    }, box.toOpaque())
    precondition(status == 0, "cannot start a thread for loop \(name)")
    shared.withLock { $0.thread = thread }
  }

  /// Runs on the calling thread until `stop`.
  public func run() {
    owner.store(UInt(pthread_self()), ordering: .sequentiallyConsistent)
    admix_name_thread(name)
    while !shared.withLock({ $0.stopping }) { uv_run(handle, UV_RUN_DEFAULT) }
    close()
  }

  /// Asks the loop to end, from any thread: what was queued before still runs, then everything is closed.
  public func stop() {
    shared.withLock { shared in
      shared.stopping = true
      if !shared.over { uv_async_send(wakeUp) }
    }
  }

  /// Waits for the thread that `start` made.
  public func join() {
    guard let thread = shared.withLock({ $0.thread.take() }) else { return }
    pthread_join(thread, nil)
  }

  /// Runs `work` on the loop's thread, in the order of the calls. False when the loop is over and it never will.
  @discardableResult
  public func execute(_ work: @Sendable @escaping () -> Void) -> Bool {
    shared.withLock { shared in
      guard !shared.over else { return false }
      shared.queue.append(work)
      // Inside the lock, so that `close` cannot take the handle away in between.
      uv_async_send(wakeUp)
      return true
    }
  }

  public var isOnLoop: Bool { owner.load(ordering: .sequentiallyConsistent) == UInt(pthread_self()) }

  /// Our own mistake, in every build: state of a loop touched from another thread.
  public func preconditionOnLoop(_ function: StaticString = #function) {
    precondition(isOnLoop, "\(function) belongs on the thread of loop \(name)")
  }

  // MARK: What lives on the loop

  func add(_ resource: some LoopResource) { resources[ObjectIdentifier(resource)] = resource }
  func remove(_ resource: some LoopResource) { resources[ObjectIdentifier(resource)] = nil }

  private func drain() {
    while let work = takeQueue(orEnd: false) { for item in work { item() } }
    if shared.withLock({ $0.stopping }) { uv_stop(handle) }
  }

  /// What waits to be run, if anything does; with `orEnd`, an empty queue becomes the last one, in the same instant.
  private func takeQueue(orEnd: Bool) -> [@Sendable () -> Void]? {
    shared.withLock { shared in
      if shared.queue.isEmpty {
        if orEnd { shared.over = true }
        return nil
      }
      defer { shared.queue.removeAll(keepingCapacity: true) }
      return shared.queue
    }
  }

  private func close() {
    guard !isClosed else { return }
    isClosed = true
    while let work = takeQueue(orEnd: true) { for item in work { item() } }
    uv_close(UnsafeMutableRawPointer(wakeUp).assumingMemoryBound(to: uv_handle_t.self), nil)
    repeat {
      // Again each time round: a handler that hears of the end may open something new.
      for resource in Array(resources.values) { resource.closeWithLoop() }
      uv_run(handle, UV_RUN_NOWAIT)
      if uv_loop_alive(handle) != 0 { usleep(200) }
    } while uv_loop_alive(handle) != 0 || !resources.isEmpty
    let status = uv_loop_close(handle)
    precondition(status == 0, "loop \(name) has open handles: \(uvMessage(status))")
  }
}

/// Something that holds a libuv handle and must let go of it before its loop ends.
protocol LoopResource: AnyObject {
  func closeWithLoop()
}

/// libuv's words for a status.
func uvMessage(_ status: CInt) -> String { String(cString: uv_strerror(status)) }
