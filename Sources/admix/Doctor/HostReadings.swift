import CLinux
import Foundation
import Glibc
import KernelTable

/// What was read off this host, before anything is made of it.
struct HostReadings {
  enum Port: Equatable {
    case free
    case taken
    /// Not even a port that the system chooses can be listened on.
    case noLoopback(reason: String)
  }

  /// Nil with the reason in `instructionSetProblem`.
  var instructionSet: InstructionSet?
  var instructionSetProblem = ""
  /// Processors this process may run on, and how many of them its group may use at once (cgroup quota).
  var processors = 1
  var processorQuota: Double?
  var memoryTotal: UInt64 = 0
  var memoryAvailable: UInt64 = 0
  /// The tightest limit of this process' control groups, and what is left below it.
  var groupMemoryLimit: UInt64?
  var groupMemoryLeft: UInt64?
  var groupProcessesLeft: UInt64?
  /// `ulimit -v` and `ulimit -n`; nil: none.
  var addressSpaceLimit: UInt64?
  var openFilesLimit: UInt64?
  var openFilesHardLimit: UInt64?
  var directory = ""
  /// Nil when the directory cannot be written to, for the reason in `directoryProblem`.
  var diskFree: UInt64?
  var directoryProblem = ""
  var port: Port = .free
  var portNumber: UInt16 = 0
  /// Nil when the kernel does not say.
  var clockIsSynchronized: Bool?
  /// How far this program's file lies in the future.
  var clockSecondsBehindBuild: Double = 0
  /// Of matrix products on all processors; nil when nothing can compute here.
  var flopsPerSecond: Double?
}

extension HostReadings {
  /// Reads this host. `directory` is where results go, or will be made; takes about a second, for the measurement.
  static func take(directory: String, port: UInt16, files: SystemFiles = SystemFiles()) -> HostReadings {
    var readings = HostReadings()
    do {
      readings.instructionSet = try InstructionSet.choose()
    } catch {
      readings.instructionSetProblem = "\(error)"
    }
    readings.processors = Machine.processorCount
    readings.processorQuota = files.processorQuota
    readings.memoryTotal = files.memory("MemTotal") ?? 0
    readings.memoryAvailable = files.memory("MemAvailable") ?? 0
    let group = files.groupMemory
    readings.groupMemoryLimit = group?.limit
    readings.groupMemoryLeft = group?.left
    readings.groupProcessesLeft = files.groupProcessesLeft
    readings.addressSpaceLimit = limit(__rlimit_resource_t(RLIMIT_AS.rawValue)).soft
    (readings.openFilesLimit, readings.openFilesHardLimit) = limit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue))
    readings.readDisk(directory)
    readings.portNumber = port
    readings.port = probe(port)
    switch admix_clock_is_synchronized() {
    case 1: readings.clockIsSynchronized = true
    case 0: readings.clockIsSynchronized = false
    default: break
    }
    let attributes = try? FileManager.default.attributesOfItem(atPath: Machine.executable)
    if let built = attributes?[.modificationDate] as? Date {
      readings.clockSecondsBehindBuild = max(0, built.timeIntervalSinceNow)
    }
    readings.flopsPerSecond = readings.instructionSet.flatMap { measuredFlopsPerSecond($0, threads: readings.threads) }
    return readings
  }

  /// Threads that can compute at once.
  var threads: Int { max(1, min(processors, Int((processorQuota ?? .infinity).rounded(.up).clamped(to: 1...4096)))) }

  private static func limit(_ resource: __rlimit_resource_t) -> (soft: UInt64?, hard: UInt64?) {
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return (nil, nil) }
    // RLIM_INFINITY, whose macro Swift cannot read.
    func finite(_ value: rlim_t) -> UInt64? { value == .max ? nil : UInt64(value) }
    return (finite(limit.rlim_cur), finite(limit.rlim_max))
  }

  /// Of the directory, or of the nearest one above it that is there.
  private mutating func readDisk(_ path: String) {
    directory = path
    var place = path
    while !FileManager.default.fileExists(atPath: place), place.count > 1 {
      place = (place as NSString).deletingLastPathComponent
    }
    guard access(place, W_OK) == 0 else {
      directoryProblem = String(cString: strerror(errno))
      return
    }
    var status = statvfs()
    guard statvfs(place, &status) == 0 else {
      directoryProblem = String(cString: strerror(errno))
      return
    }
    diskFree = UInt64(status.f_bavail) * UInt64(status.f_frsize)
  }

  private static func probe(_ port: UInt16) -> Port {
    switch listenOnLoopback(port) {
    case 0: return .free
    case EADDRINUSE: break
    case let code: return .noLoopback(reason: String(cString: strerror(code)))
    }
    let code = listenOnLoopback(0)
    return code == 0 ? .taken : .noLoopback(reason: String(cString: strerror(code)))
  }

  /// 0, or why not.
  private static func listenOnLoopback(_ port: UInt16) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return errno }
    defer { close(descriptor) }
    var reuse: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) == 0 }
    }
    return isBound && listen(descriptor, 1) == 0 ? 0 : errno
  }

  /// The rate of a SmolLM2 layer's largest product over one second, after one to warm up.
  private static func measuredFlopsPerSecond(_ set: InstructionSet, threads: Int) -> Double? {
    guard let kernels = try? Kernels(set) else { return nil }
    let (m, n, k) = (1024, 1536, 576)
    let pool = ThreadPool(threads: threads)
    let (a, b, c) = (FloatBuffer(count: m * k), FloatBuffer(count: n * k), FloatBuffer(count: m * n))
    for buffer in [a, b] {
      for index in 0..<buffer.count { buffer.start[index] = Float(index % 61) / 61 - 0.5 }
    }
    func multiply() {
      kernels.multiply(.nt, m: m, n: n, k: k, a.start, b.start, into: c.start, accumulate: false, pool: pool)
    }
    multiply()
    let start = ContinuousClock.now
    var count = 0
    while ContinuousClock.now - start < .seconds(1) {
      multiply()
      count += 1
    }
    let elapsed = ContinuousClock.now - start
    let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
    return Double(count) * 2 * Double(m * n * k) / seconds
  }
}

extension Double {
  fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
    min(max(self, range.lowerBound), range.upperBound)
  }
}
