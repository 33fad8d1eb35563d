import ArgumentParser
import CoordinatorDaemon
import KernelTable
import Transport

struct CoordinatorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coordinator", abstract: "Starts the coordinator of a cluster; it runs until it is stopped.")

  @Option(help: "HOST:PORT or unix:PATH to listen on.") var listen = defaultCoordinator
  @Option(
    help: "Directory for jobs and artifacts (default: \(Machine.defaultStateDirectory)).", completion: .directory)
  var state: String?
  @Flag(help: "Listen where others than this host can connect, although nothing tells friend from foe yet.")
  var insecureNetwork = false
  @OptionGroup(visibility: .hidden) var timing: TimingOptions

  func run() throws {
    var options = CoordinatorOptions(
      listen: try Endpoint(listen, defaultPort: 7450), stateDirectory: state ?? Machine.defaultStateDirectory,
      build: buildName, numericsVersion: numericsVersion)
    options.insecureNetwork = insecureNetwork
    options.handlesSignals = true
    options.timings = timing.timings
    options.log = { Console.shared.note($0) }
    let daemon = try CoordinatorServer(options)
    try daemon.start()
    Console.shared.note(
      "coordinator listens on \(daemon.endpoint.map { "\($0)" } ?? listen), state in \(options.stateDirectory)")
    if case .failed(let error) = daemon.waitUntilStopped() { throw error }
  }
}

/// Durations that tests shorten.
struct TimingOptions: ParsableArguments {
  @Option var timingScale: Double = 1
  @Option var heartbeatMs: Int?
  @Option var suspicionMs: Int?
  @Option var leaseMs: Int?
  @Option var fenceMs: Int?
  @Option var stallMs: Int?

  func validate() throws {
    guard timingScale > 0, timingScale <= 100 else {
      throw ValidationError("--timing-scale takes a factor above 0 and at most 100, found \(timingScale)")
    }
  }

  var timings: CoordinatorTimings {
    var timings = CoordinatorTimings().scaled(by: timingScale)
    func set(_ milliseconds: Int?, _ path: WritableKeyPath<CoordinatorTimings, Duration>) {
      if let milliseconds { timings[keyPath: path] = .milliseconds(max(1, milliseconds)) }
    }
    set(heartbeatMs, \.heartbeatInterval)
    set(suspicionMs, \.suspicionDuration)
    set(leaseMs, \.leaseDuration)
    set(fenceMs, \.fenceDuration)
    set(stallMs, \.runnerSilence)
    return timings
  }
}
