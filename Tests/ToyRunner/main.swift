import Foundation
import GradientExchange
import JobRunner
import ToyJobs
import WireProtocol
import WorkerDaemon

// A runner with the toy job type, as a third party would build one: `toy-runner DESCRIPTOR`. And a worker whose runners
// are this program: `toy-runner worker ADDRESS CACHE NAME`.

func runWorker(executable: String, coordinator: String, cache: String, name: String) throws {
  var options = WorkerOptions(
    coordinator: coordinator, name: name,
    runner: .init(executable: executable, arguments: ["\(WorkerOptions.runnerDescriptor)"]), cacheDirectory: cache,
    build: "toy", numericsVersion: ExchangeNumerics.version, isa: "toy", threads: 1)
  options.plugins = [PluginVersion(name: ToyJob().name, version: ToyJob().version)]
  options.failpoints = true
  options.adoptsOrphans = true
  options.handlesSignals = true
  options.log = { FileHandle.standardError.write(Data("\($0)\n".utf8)) }
  let daemon = try WorkerSupervisor(options)
  try daemon.start()
  daemon.waitUntilStopped()
}

let arguments = CommandLine.arguments
if arguments.count == 5, arguments[1] == "worker" {
  try runWorker(executable: arguments[0], coordinator: arguments[2], cache: arguments[3], name: arguments[4])
  exit(0)
}
guard arguments.count == 2, let descriptor = Int32(arguments[1]) else {
  FileHandle.standardError.write(Data("usage: toy-runner DESCRIPTOR | toy-runner worker ADDRESS CACHE NAME\n".utf8))
  exit(2)
}
var settings = RunnerSettings(peerPatience: .milliseconds(1500), progressInterval: .milliseconds(100))
settings.build = "toy"
_exit(RunnerMain.run(jobTypes: [ToyJob()], socketDescriptor: descriptor, settings: settings))
