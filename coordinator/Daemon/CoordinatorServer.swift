internal import CoordinatorCore
internal import Dispatch
internal import Glibc
internal import StateFiles
internal import Synchronization
public import Transport
internal import WireProtocol

/// A coordinator in this process: the core bound to a control loop, the journal's thread and a loop for artifacts.
///
/// Heartbeats are answered on the control loop, which neither waits for a disk nor hashes; the journal commits on its
/// own thread, and blobs are written, verified and served on a third.
public final class CoordinatorServer: Sendable {
  /// Why a coordinator is no more.
  public enum Stop: Sendable, Equatable {
    /// `stop` was called, or a signal came.
    case asked
    /// The journal could not be written; nothing was acknowledged that is not in it.
    case failed(CoordinatorError)
  }

  /// What blobs leave free: a disk that they filled could not take the sentence that a job is paused for it.
  private static let journalReserveByteCount: UInt64 = 16 << 20

  private let options: CoordinatorOptions
  private let journal: Journal
  private let store: BlobStore
  private let core: Mutex<Coordinator>
  private let cluster: Token128
  private struct Running {
    var control: EventLoop?
    var bulk: EventLoop?
    var service: LoopBound<CoordinatorService>?
    var endpoint: Endpoint?
    var stop: Stop?
  }
  private let running = Mutex(Running())
  private let stopped = DispatchGroup()

  /// Opens state directory and journal and recovers from it. Throws when another coordinator has it, when a later
  /// release wrote it, when it is damaged, and when `listen` is open to others.
  public init(_ options: CoordinatorOptions) throws(CoordinatorError) {
    self.options = options
    guard options.listen.isLoopback || options.insecureNetwork else { throw .openNetwork(options.listen) }
    do throws(JournalError) {
      journal = try Journal(directory: options.stateDirectory)
    } catch {
      throw .journal(error)
    }
    do throws(StoreError) {
      store = try BlobStore(root: options.stateDirectory, reserveByteCount: Self.journalReserveByteCount)
      // A client that died during an upload may come back for a week.
      try store.removeAbandonedUploads(olderThan: .seconds(7 * 24 * 3600))
    } catch {
      journal.close()
      throw .store(error)
    }
    do throws(JournalError) {
      let cluster = try journal.clusterToken { Token128.random() }
      self.cluster = cluster
      var settings = CoordinatorSettings(cluster: cluster, seed: .random(in: .min ... .max)) { previous, digest in
        ContentHash.of(previous.bytes + digest.bytes)
      }
      options.timings.apply(to: &settings)
      core = Mutex(Coordinator(settings: settings, recovering: try journal.contents()))
    } catch {
      journal.close()
      throw .journal(error)
    }
  }

  /// Listens and serves, on threads of its own. Throws `.cannotListen` with `.addressInUse` when the address is taken.
  /// Call once.
  public func start() throws(CoordinatorError) {
    let control = EventLoop(name: "coordinator")
    let bulk = EventLoop(name: "artifacts")
    let artifacts = ArtifactService(
      store: store, loop: bulk, policy: policy(roles: [.bulk]), welcome: welcome(), log: options.log)
    let service = CoordinatorService(
      core: core.withLock { $0 }, loop: control, journal: journal, artifacts: artifacts,
      policy: policy(roles: [.client, .worker, .bulk]), welcome: welcome(), log: options.log
    ) { stop in self.finish(stop) }
    do throws(TransportError) {
      let endpoint = try service.listen(on: options.listen)
      running.withLock {
        $0.endpoint = endpoint
        $0.control = control
        $0.bulk = bulk
        $0.service = LoopBound(service, loop: control)
      }
    } catch {
      journal.close()
      throw .cannotListen(error)
    }
    if options.handlesSignals {
      for signal in [SIGTERM, SIGINT] { _ = control.watch(signal: signal) { service.stop(.asked) } }
    }
    stopped.enter()
    service.begin()
    bulk.start()
    control.start()
  }

  /// Where it listens, with the port that the system chose when 0 was asked for; nil before `start`.
  public var endpoint: Endpoint? { running.withLock { $0.endpoint } }

  /// Stops in order: takes no more connections, says GOODBYE, writes what was decided. Runners elsewhere keep going.
  /// Returns at once.
  public func stop() {
    let (control, service) = running.withLock { ($0.control, $0.service) }
    guard let service else { return }
    control?.execute { service.value.stop(.asked) }
  }

  /// Waits until the coordinator has stopped and let go of its state directory.
  @discardableResult
  public func waitUntilStopped() -> Stop {
    stopped.wait()
    return running.withLock { $0.stop } ?? .asked
  }

  /// On the control loop, when the service is done. Threads are joined from another one.
  private func finish(_ stop: Stop) {
    let (control, bulk) = running.withLock { running in
      running.stop = stop
      return (running.control, running.bulk)
    }
    DispatchQueue.global().async { [self] in
      bulk?.stop()
      bulk?.join()
      journal.close()
      control?.stop()
      control?.join()
      running.withLock { $0.service = nil }
      stopped.leave()
    }
  }

  private func policy(roles: Set<Role>) -> ServerHandshake.Policy {
    ServerHandshake.Policy(
      roles: roles, numericsVersion: options.numericsVersion, cluster: cluster, build: options.build)
  }

  /// For clients and bulk connections; workers get theirs from the core.
  private func welcome() -> Welcome {
    func milliseconds(_ duration: Duration) -> UInt32 { UInt32(clamping: duration.wholeNanoseconds / 1_000_000) }
    return Welcome(
      wireVersion: WireVersion.current, cluster: cluster, worker: WorkerID(0), generation: 0,
      heartbeatMilliseconds: milliseconds(options.timings.heartbeatInterval),
      suspicionMilliseconds: milliseconds(options.timings.suspicionDuration),
      leaseMilliseconds: milliseconds(options.timings.leaseDuration),
      fenceMilliseconds: milliseconds(options.timings.fenceDuration))
  }
}

extension Token128 {
  static func random() -> Token128 { Token128(high: .random(in: 1 ... .max), low: .random(in: 0 ... .max)) }
}
