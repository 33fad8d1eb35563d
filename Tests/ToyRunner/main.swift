import Glibc
import JobRunner
import ToyJobs

// A runner with the toy job type, as a third party would build one: `toy-runner DESCRIPTOR`.
var settings = RunnerSettings(peerPatience: .milliseconds(1500), progressInterval: .milliseconds(100))
settings.build = "toy"
let descriptor = CommandLine.arguments.count > 1 ? Int32(CommandLine.arguments[1]) : nil
guard let descriptor else { _exit(2) }
_exit(JobRunner.run(jobTypes: [ToyJob()], socketDescriptor: descriptor, settings: settings))
