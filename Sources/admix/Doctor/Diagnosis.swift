import KernelTable
import Results

/// What a run needs of its host.
struct HostNeeds {
  var what: String
  var memoryBytes: UInt64
  var diskBytes: UInt64
  /// Floating-point operations of all its steps and evaluations, and seconds that do not depend on the processor.
  var flops: Double
  var otherSeconds: Double

  /// examples/smollm2-chinese.yaml with two workers, estimated: for each of 134.5 million parameters 6 operations a
  /// token trained (20 steps of 2,048), 2 a token evaluated (twice 6,144), at the rate of the products measured;
  /// besides, reading, exchanging, a worker's death and return, and writing. Memory: 3.9 GB a worker were
  /// measured. Disk: inputs, the store's copy of them, the checkpoint and the model.
  static let demo = HostNeeds(
    what: "the demo", memoryBytes: 8_500_000_000, diskBytes: 6_000_000_000, flops: 3.6e13, otherSeconds: 75)
}

/// One line of the doctor's answer.
struct Finding: Equatable {
  enum Verdict: String, Comparable {
    case ok, warn, fail
    static func < (left: Verdict, right: Verdict) -> Bool { left.rank < right.rank }
    private var rank: Int { self == .ok ? 0 : self == .warn ? 1 : 2 }
  }
  var subject: String
  var verdict: Verdict
  var text: String
  /// The way out; empty when all is well.
  var remedy = ""
}

/// What the readings mean for what is needed. A pure function: its tests give the readings.
func diagnosis(_ readings: HostReadings, for needs: HostNeeds) -> [Finding] {
  [
    processor(readings), memory(readings, needs), addressSpace(readings, needs), disk(readings, needs),
    openFiles(readings), processes(readings), port(readings), clock(readings), time(readings, needs),
  ].compactMap { $0 }
}

private func processor(_ readings: HostReadings) -> Finding {
  guard let set = readings.instructionSet else {
    return Finding(
      subject: "processor", verdict: .fail, text: readings.instructionSetProblem,
      remedy: "take another host, or unset ADMIX_ISA if it is set")
  }
  let count = "\(readings.processors) \(readings.processors == 1 ? "processor" : "processors")"
  var text = "\(count) with the \(set.rawValue) kernels"
  if let quota = readings.processorQuota, quota < Double(readings.processors) {
    text += ", of which this container may use \(fixed(quota, digits: 1))"
    return Finding(
      subject: "processor", verdict: .warn, text: text, remedy: "give the container more processors if time matters")
  }
  return readings.threads > 1
    ? Finding(subject: "processor", verdict: .ok, text: text)
    : Finding(
      subject: "processor", verdict: .warn, text: text,
      remedy: "two workers will share it: it works, and takes twice the time")
}

private func memory(_ readings: HostReadings, _ needs: HostNeeds) -> Finding {
  let available = min(readings.memoryAvailable, readings.groupMemoryLeft ?? .max)
  var text = "\(bytes(available)) free of \(bytes(readings.memoryTotal))"
  var remedy = "stop other programs, or run with one worker, which needs half"
  if let limit = readings.groupMemoryLimit, readings.groupMemoryLeft == available {
    text = "\(bytes(available)) free of the \(bytes(limit)) that this container may use"
    remedy = "start the container with more memory (docker run --memory), or run with one worker, which needs half"
  }
  text += "; \(needs.what) needs \(bytes(needs.memoryBytes))"
  if available < needs.memoryBytes {
    return Finding(subject: "memory", verdict: .fail, text: text, remedy: remedy)
  }
  return Finding(subject: "memory", verdict: .ok, text: text)
}

/// Said only when there is a limit: most hosts have none.
private func addressSpace(_ readings: HostReadings, _ needs: HostNeeds) -> Finding? {
  guard let limit = readings.addressSpaceLimit else { return nil }
  let text = "a process may map \(bytes(limit)) (ulimit -v)"
  guard limit < 2 * needs.memoryBytes else { return Finding(subject: "mapping", verdict: .ok, text: text) }
  return Finding(
    subject: "mapping", verdict: .fail, text: text, remedy: "ulimit -v unlimited; files are mapped, not read")
}

private func disk(_ readings: HostReadings, _ needs: HostNeeds) -> Finding {
  guard let free = readings.diskFree else {
    return Finding(
      subject: "disk", verdict: .fail, text: "\(readings.directory) cannot be written to: \(readings.directoryProblem)",
      remedy: "choose another place with --directory, and with --output when running")
  }
  let text = "\(bytes(free)) free for \(readings.directory); \(needs.what) needs \(bytes(needs.diskBytes))"
  guard free < needs.diskBytes else { return Finding(subject: "disk", verdict: .ok, text: text) }
  return Finding(
    subject: "disk", verdict: .fail, text: text, remedy: "make room, or choose another place with --output")
}

private func openFiles(_ readings: HostReadings) -> Finding {
  guard let limit = readings.openFilesLimit else {
    return Finding(subject: "open files", verdict: .ok, text: "no limit")
  }
  let text = "\(grouped(limit)) at a time (ulimit -n)"
  // A coordinator holds a descriptor a connection and a transfer, a runner two a peer.
  if limit >= 1024 { return Finding(subject: "open files", verdict: .ok, text: text) }
  let hard = readings.openFilesHardLimit ?? .max
  let remedy = hard >= 1024 ? "ulimit -n 1024" : "raise the limit in /etc/security/limits.conf or the container's"
  return Finding(subject: "open files", verdict: limit < 128 ? .fail : .warn, text: text, remedy: remedy)
}

private func processes(_ readings: HostReadings) -> Finding? {
  guard let left = readings.groupProcessesLeft else { return nil }
  let needed = UInt64(24 + 4 * readings.processors)
  let text = "\(grouped(left)) more processes and threads allowed"
  guard left < needed else { return Finding(subject: "processes", verdict: .ok, text: text) }
  return Finding(
    subject: "processes", verdict: .fail, text: text,
    remedy: "start the container with more (docker run --pids-limit); \(needed) are needed")
}

private func port(_ readings: HostReadings) -> Finding {
  switch readings.port {
  case .free:
    return Finding(subject: "port", verdict: .ok, text: "\(readings.portNumber) is free for a coordinator")
  case .taken:
    return Finding(
      subject: "port", verdict: .warn, text: "\(readings.portNumber) is taken; `admix run` does not need it",
      remedy: "if that is no coordinator of yours (admix status), start one with --listen 127.0.0.1:OTHER")
  case .noLoopback(let reason):
    return Finding(
      subject: "port", verdict: .fail, text: "no port of 127.0.0.1 can be listened on: \(reason)",
      remedy: "bring the loopback interface up (ip link set lo up), or allow sockets in this sandbox")
  }
}

private func clock(_ readings: HostReadings) -> Finding {
  if readings.clockSecondsBehindBuild > 60 {
    return Finding(
      subject: "clock", verdict: .fail,
      text: "it is \(duration(readings.clockSecondsBehindBuild)) behind the time at which this program was built",
      remedy: "set it (timedatectl set-ntp true): downloads check certificates by it")
  }
  switch readings.clockIsSynchronized {
  case true?: return Finding(subject: "clock", verdict: .ok, text: "kept in time by a server")
  case false?:
    return Finding(
      subject: "clock", verdict: .ok,
      text: "kept by nobody; only times in logs depend on it (timedatectl set-ntp true)")
  case nil: return Finding(subject: "clock", verdict: .ok, text: "not before this program was built")
  }
}

private func time(_ readings: HostReadings, _ needs: HostNeeds) -> Finding? {
  guard let rate = readings.flopsPerSecond, rate > 0 else { return nil }
  let seconds = needs.flops / rate + needs.otherSeconds
  let text = "\(fixed(rate / 1e9, digits: 0)) GFLOP/s measured: \(needs.what) should take about \(duration(seconds))"
  guard seconds > 600 else { return Finding(subject: "time", verdict: .ok, text: text) }
  return Finding(
    subject: "time", verdict: .warn, text: text, remedy: "stop what else computes here, or be patient; it does finish")
}
