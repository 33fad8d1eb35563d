import ControlClient
import CoordinatorDaemon
import Foundation
import Glibc
import KernelTable
import Synchronization
import Transport

/// A coordinator in this process and workers in processes of their own, for `admix run`.
///
/// The workers have sessions of their own, so that Ctrl-C at the terminal reaches this process alone, and they end when
/// it ends, however it ends.
final class LocalCluster: Sendable {
  struct Settings {
    /// The output's `.admix`: journal, artifacts and caches.
    var directory: String
    var workers: Int
    var threads: Int
    var timing: TimingOptions
    var failpoints: Bool
  }

  let address: String
  private let coordinator: CoordinatorServer
  private let loop = EventLoop(name: "workers")
  private let socketDirectory: String
  private let ownsSocketDirectory: Bool
  private let workers = Mutex<[LoopBound<LocalWorker>]>([])

  /// A Unix socket's path has room for 107 bytes.
  private static let socketPathLengthMax = 100

  init(_ settings: Settings) throws {
    let isShort = settings.directory.utf8.count + 12 <= Self.socketPathLengthMax
    socketDirectory = isShort ? settings.directory : try Self.temporaryDirectory()
    ownsSocketDirectory = !isShort
    let socket = "\(socketDirectory)/socket"
    address = "unix:\(socket)"
    let store = "\(settings.directory)/coordinator"
    var options = CoordinatorOptions(
      listen: .unix(path: socket), stateDirectory: store, build: buildName,
      numericsVersion: numericsVersion)
    options.timings = settings.timing.timings
    coordinator = try CoordinatorServer(options)
    try coordinator.start()
    loop.start()
    for number in 1...settings.workers {
      let arguments =
        [
          "worker", "--coordinator", address, "--name", "local-\(number)", "--threads", "\(settings.threads)",
          "--cache", "\(settings.directory)/worker-\(number)", "--coordinator-store", store, "--with-parent",
          "--timing-scale", "\(settings.timing.timingScale)",
        ] + (settings.failpoints ? ["--failpoints"] : [])
      loop.execute { [self] in
        let worker = LocalWorker(name: "local-\(number)", arguments: arguments, loop: loop)
        workers.withLock { $0.append(LoopBound(worker, loop: loop)) }
        worker.start()
      }
    }
  }

  func connect() throws -> CoordinatorConnection {
    try CoordinatorConnection(ClientOptions(address: address, build: buildName))
  }

  /// Ends the workers, then the coordinator; what is journaled stays.
  func stop() {
    let workers = workers.withLock { $0 }
    let ended = DispatchGroup()
    ended.enter()
    loop.execute {
      for worker in workers { worker.value.stop() }
      ended.leave()
    }
    ended.wait()
    coordinator.stop()
    coordinator.waitUntilStopped()
    loop.stop()
    loop.join()
    if ownsSocketDirectory { try? FileManager.default.removeItem(atPath: socketDirectory) }
  }

  private static func temporaryDirectory() throws -> String {
    let base = ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.utf8.count < 60 ? $0 : nil } ?? "/tmp"
    var template = Array("\(base)/admix-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      let reason = String(cString: strerror(errno))
      throw CommandFailure(.usage, "\(base): no directory for a socket could be made: \(reason)")
    }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// One worker process. On the loop's thread.
final class LocalWorker {
  private let name: String
  private let arguments: [String]
  private let loop: EventLoop
  private var process: ChildProcess?
  private var isStopping = false
  private var restarts = 0

  /// A worker that ends again and again has a reason that starting it once more does not mend.
  private static let restartsMax = 5

  init(name: String, arguments: [String], loop: EventLoop) {
    self.name = name
    self.arguments = arguments
    self.loop = loop
  }

  func start() {
    guard !isStopping else { return }
    let launch = ChildProcess.Launch(executable: Machine.executable, arguments: arguments)
    do {
      process = try ChildProcess.spawn(launch, loop: loop) { [self] exit in ended(exit) }
    } catch {
      Console.shared.complain("worker \(name): \(error)")
    }
  }

  func stop() {
    isStopping = true
    process?.kill(SIGKILL)
  }

  private func ended(_ exit: ChildExit) {
    process = nil
    guard !isStopping else { return }
    Console.shared.warn("worker \(name) ended: \(exit)")
    guard restarts < Self.restartsMax else { return }
    restarts += 1
    loop.schedule(after: .seconds(1)) { [self] in start() }
  }
}
