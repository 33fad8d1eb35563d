internal import CLinux
internal import Dispatch
internal import Glibc
internal import StateFiles
internal import Synchronization
internal import Transport
public import WireProtocol

/// A worker in this process: the core bound to a control loop, runners as child processes, and a queue for transfers.
public final class WorkerSupervisor: Sendable {
  /// Why a worker is no more.
  public enum Stop: Sendable, Equatable {
    /// `stop` was called, or a signal came.
    case asked
    /// The coordinator does not want it, and trying again would not help.
    case refused(Refusal)
    /// Whoever started it is gone.
    case parentGone
  }

  private let options: WorkerOptions
  private let identity: NodeIdentity
  private let cache: ArtifactCache
  private let endpoint: Endpoint
  private struct Running {
    var control: EventLoop?
    var service: LoopBound<WorkerService>?
    var transfers: WorkerTransfers?
    var stop: Stop?
  }
  private let running = Mutex(Running())
  private let stopped = DispatchGroup()

  /// Takes the cache directory. Throws `.cache` with `.locked` when another worker has it.
  public init(_ options: WorkerOptions) throws(WorkerError) {
    self.options = options
    do throws(TransportError) {
      endpoint = try Endpoint(options.coordinator, defaultPort: 7450)
    } catch {
      throw .address(error)
    }
    do throws(StoreError) {
      identity = try NodeIdentity(directory: options.cacheDirectory)
      cache = try ArtifactCache(
        root: options.cacheDirectory, byteCountMax: options.cacheByteCountMax,
        coordinatorStore: options.coordinatorStore)
      // Runners end with their worker: what is left belongs to nobody.
      if !options.keepsRunDirectories { try removeTree("\(options.cacheDirectory)/runs") }
      try makeDirectories("\(options.cacheDirectory)/runs")
    } catch {
      throw .cache(error)
    }
  }

  /// This host's worker, across restarts.
  public var node: Token128 { identity.token }

  /// Begins to connect, on threads of its own. That nobody is there yet is no error: it tries until it is stopped. Call
  /// once.
  public func start() throws(WorkerError) {
    let parent = getppid()
    if options.exitsWithParent {
      // The kernel's word comes even when the loop hangs; the look at the parent below is for a parent that was gone
      // before this call.
      guard admix_set_parent_death_signal(SIGTERM) == 0 else {
        throw .system(.system(call: "prctl(PR_SET_PDEATHSIG)", reason: String(cString: strerror(errno))))
      }
    }
    let control = EventLoop(name: "worker")
    let boot = Token128.random()
    let bulkHello = Hello(
      wireVersionLow: WireVersion.oldestSpoken, wireVersionHigh: WireVersion.current, role: .bulk, node: identity.token,
      boot: boot, build: options.build, numericsVersion: options.numericsVersion)
    let transfers = WorkerTransfers(cache: cache, options: options, hello: bulkHello)
    let service = WorkerService(
      options: options, endpoint: endpoint, node: identity.token, boot: boot, loop: control, transfers: transfers
    ) { stop in self.finish(stop) }
    do throws(TransportError) {
      if options.adoptsOrphans {
        service.reaper = try OrphanReaper(loop: control) {
          Set(service.runners.values.compactMap(\.processID))
        }
      }
    } catch {
      throw .system(error)
    }
    if options.handlesSignals {
      for signal in [SIGTERM, SIGINT] { _ = control.watch(signal: signal) { service.stop(.asked) } }
    }
    if options.exitsWithParent {
      control.schedule(after: .milliseconds(500), repeating: .milliseconds(500)) {
        if getppid() != parent { service.stop(.parentGone) }
      }
    }
    running.withLock {
      $0.control = control
      $0.service = LoopBound(service, loop: control)
      $0.transfers = transfers
    }
    stopped.enter()
    service.begin()
    control.start()
  }

  /// Kills the runners, says GOODBYE and ends. Returns at once.
  public func stop() {
    let (control, service) = running.withLock { ($0.control, $0.service) }
    guard let service else { return }
    control?.execute { service.value.stop(.asked) }
  }

  @discardableResult
  public func waitUntilStopped() -> Stop {
    stopped.wait()
    return running.withLock { $0.stop } ?? .asked
  }

  /// On the control loop, when no runner is left. Threads are joined from another one.
  private func finish(_ stop: Stop) {
    let (control, transfers) = running.withLock { running in
      running.stop = stop
      return (running.control, running.transfers)
    }
    DispatchQueue.global().async { [self] in
      transfers?.close()
      control?.stop()
      control?.join()
      running.withLock { $0.service = nil }
      identity.lock.release()
      stopped.leave()
    }
  }
}
