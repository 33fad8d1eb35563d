import ArgumentParser
import JobKit
import KernelTable
import Transport
import WireProtocol
import WorkerDaemon

struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Starts a worker, one per host; it runs until it is stopped.")

  @OptionGroup var coordinator: CoordinatorAddress
  @Option(help: "The worker's name in tables (default: the host's).") var name: String?
  @Option(help: "Threads that compute (default: one a processor).") var threads: Int?
  @Option(help: "The host under which other workers reach this one (default: its address towards the coordinator).")
  var advertise: String?
  @Option(help: "Ports A-B for data from other workers (default: the system chooses).") var dataPort: PortRange?
  @Option(
    help: "Directory for artifacts (default: \(Machine.defaultCacheDirectory(worker: "NAME"))).",
    completion: .directory)
  var cache: String?
  @Flag(help: "Work for a coordinator on another host, although nothing tells friend from foe yet.")
  var insecureNetwork = false
  @Option(help: .hidden) var coordinatorStore: String?
  @Flag(help: .hidden) var failpoints = false
  @Flag(help: .hidden) var withParent = false
  @OptionGroup(visibility: .hidden) var timing: TimingOptions

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads takes a number from 1 to 1024, found \(threads)")
    }
  }

  func run() throws {
    let name = name ?? Machine.hostName
    try refuseOpenNetwork()
    var options = WorkerOptions(
      coordinator: coordinator.address, name: name,
      runner: WorkerOptions.RunnerCommand(executable: Machine.executable, arguments: ["runner"]),
      // Absolute, since runners have working directories of their own.
      cacheDirectory: Machine.absolute(cache ?? Machine.defaultCacheDirectory(worker: name)), build: buildName,
      numericsVersion: numericsVersion, isa: try InstructionSet.choose().rawValue,
      threads: UInt32(threads ?? Machine.processorCount))
    options.plugins = jobTypes.map { PluginVersion(name: $0.name, version: $0.version) }
    options.shortcomings = jobTypes.flatMap(\.hostShortcomings).joined(separator: "; ")
    options.memoryBytes = try HostMemory.now().totalBytes
    options.advertisedHost = advertise
    options.dataPorts = dataPort?.ports
    options.coordinatorStore = coordinatorStore.map(Machine.absolute)
    options.failpoints = failpoints
    options.exitsWithParent = withParent
    options.adoptsOrphans = true
    options.handlesSignals = true
    options.log = { Console.shared.note($0) }
    let daemon = try WorkerSupervisor(options)
    try daemon.start()
    Console.shared.note("worker \(name) works for \(coordinator.address) with \(options.threads) threads")
    switch daemon.waitUntilStopped() {
    case .asked, .parentGone: return
    case .refused(let refusal): throw CommandFailure(.refused, refusal.sentence)
    }
  }

  /// A worker's data listener is open to whoever reaches it, so it needs the same word as the coordinator's.
  private func refuseOpenNetwork() throws {
    let endpoint = try Endpoint(coordinator.address, defaultPort: 7450)
    guard !endpoint.isLoopback, !insecureNetwork else { return }
    throw CommandFailure(
      .usage,
      "--coordinator \(endpoint): others than this host could reach this worker, and keys that tell who may join come "
        + "in a later release. Give --insecure-network on a network that you trust")
  }
}

/// `7500-7509`, or one port.
struct PortRange: ExpressibleByArgument {
  let ports: ClosedRange<UInt16>

  init?(argument: String) {
    let parts = argument.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
    guard (1...2).contains(parts.count), let low = parts[0], let high = parts[parts.count - 1], low > 0, low <= high
    else { return nil }
    ports = low...high
  }
}
