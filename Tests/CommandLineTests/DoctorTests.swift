import Foundation
import KernelTable
import Results
import TestSupport
import Testing

@testable import admix

@Suite("Doctor")
struct DoctorTests {
  static let needs = HostNeeds(
    what: "the test", memoryBytes: 4_000_000_000, diskBytes: 5_000_000_000, flops: 2e13, otherSeconds: 10)

  /// A host on which all is well.
  static let healthy: HostReadings = {
    var readings = HostReadings()
    readings.instructionSet = .avx2
    readings.processors = 4
    readings.memoryTotal = 16_000_000_000
    readings.memoryAvailable = 12_000_000_000
    readings.openFilesLimit = 1024
    readings.directory = "/out"
    readings.diskFree = 50_000_000_000
    readings.portNumber = 7450
    readings.clockIsSynchronized = true
    readings.flopsPerSecond = 2e11
    return readings
  }()

  @Test("A healthy host has nothing but ok, and the time follows from the measurement")
  func healthy() {
    let findings = diagnosis(Self.healthy, for: Self.needs)
    #expect(findings.allSatisfy { $0.verdict == .ok && $0.remedy.isEmpty }, "\(findings)")
    #expect(findings.map(\.subject) == ["processor", "memory", "disk", "open files", "port", "clock", "time"])
    #expect(findings.last?.text == "200 GFLOP/s measured: the test should take about 1m50")
  }

  struct Ailment: Sendable, CustomTestStringConvertible {
    let subject: String
    let verdict: Finding.Verdict
    let text: String
    let remedy: String
    let change: @Sendable (inout HostReadings) -> Void
    var testDescription: String { text }
  }

  static let ailments: [Ailment] = [
    Ailment(subject: "processor", verdict: .fail, text: "has no AVX2", remedy: "another host") {
      $0.instructionSet = nil
      $0.instructionSetProblem = "This processor has no AVX2"
    },
    Ailment(subject: "processor", verdict: .warn, text: "may use 1.5", remedy: "more processors") {
      $0.processorQuota = 1.5
    },
    Ailment(subject: "processor", verdict: .warn, text: "1 processor with the avx2 kernels", remedy: "twice the time") {
      $0.processors = 1
    },
    Ailment(subject: "memory", verdict: .fail, text: "3.9 GB free of 16.0 GB", remedy: "one worker") {
      $0.memoryAvailable = 3_900_000_000
    },
    Ailment(subject: "memory", verdict: .fail, text: "1.0 GB free of the 2.0 GB that", remedy: "--memory") {
      $0.groupMemoryLimit = 2_000_000_000
      $0.groupMemoryLeft = 1_000_000_000
    },
    Ailment(subject: "mapping", verdict: .fail, text: "may map 1.0 GB", remedy: "ulimit -v unlimited") {
      $0.addressSpaceLimit = 1_000_000_000
    },
    Ailment(subject: "disk", verdict: .fail, text: "4.9 GB free for /out", remedy: "--output") {
      $0.diskFree = 4_900_000_000
    },
    Ailment(subject: "disk", verdict: .fail, text: "/out cannot be written to: Read-only", remedy: "--directory") {
      $0.diskFree = nil
      $0.directoryProblem = "Read-only file system"
    },
    Ailment(subject: "open files", verdict: .warn, text: "512 at a time", remedy: "ulimit -n 1024") {
      $0.openFilesLimit = 512
    },
    Ailment(subject: "open files", verdict: .fail, text: "64 at a time", remedy: "limits.conf") {
      $0.openFilesLimit = 64
      $0.openFilesHardLimit = 64
    },
    Ailment(subject: "processes", verdict: .fail, text: "10 more processes", remedy: "--pids-limit") {
      $0.groupProcessesLeft = 10
    },
    Ailment(subject: "port", verdict: .warn, text: "7450 is taken", remedy: "--listen") { $0.port = .taken },
    Ailment(subject: "port", verdict: .fail, text: "no port of 127.0.0.1", remedy: "ip link") {
      $0.port = .noLoopback(reason: "Operation not permitted")
    },
    Ailment(subject: "clock", verdict: .fail, text: "2h00 behind", remedy: "timedatectl") {
      $0.clockSecondsBehindBuild = 7200
    },
    Ailment(subject: "time", verdict: .warn, text: "about 33m30", remedy: "stop what else computes") {
      $0.flopsPerSecond = 1e10
    },
  ]

  @Test("Each ailment is found, alone, with the way out", arguments: ailments)
  func ailment(_ ailment: Ailment) throws {
    var readings = Self.healthy
    ailment.change(&readings)
    let wrong = diagnosis(readings, for: Self.needs).filter { $0.verdict != .ok }
    try #require(wrong.count == 1, "\(wrong)")
    #expect(wrong[0].subject == ailment.subject && wrong[0].verdict == ailment.verdict)
    #expect(wrong[0].text.contains(ailment.text), "\(wrong[0].text)")
    #expect(wrong[0].remedy.contains(ailment.remedy), "\(wrong[0].remedy)")
  }

  private func files(_ texts: [String: String]) throws -> (SystemFiles, TemporaryDirectory) {
    let folder = try TemporaryDirectory("admix-doctor")
    for (path, text) in texts {
      let place = folder.path + path
      try FileManager.default.createDirectory(
        atPath: (place as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try text.write(toFile: place, atomically: false, encoding: .utf8)
    }
    return (SystemFiles(root: folder.path), folder)
  }

  @Test("The tightest group of cgroup version 2 counts, and file pages that can be dropped are no use of memory")
  func unifiedGroups() throws {
    let (system, folder) = try files([
      "/proc/meminfo": "MemTotal:       16384 kB\nMemAvailable:   8192 kB\n",
      "/proc/self/cgroup": "0::/slice/job\n",
      "/sys/fs/cgroup/slice/job/memory.max": "max\n", "/sys/fs/cgroup/slice/job/memory.current": "900\n",
      "/sys/fs/cgroup/slice/memory.max": "1000\n", "/sys/fs/cgroup/slice/memory.current": "900\n",
      "/sys/fs/cgroup/slice/memory.stat": "anon 600\ninactive_file 250\n",
      "/sys/fs/cgroup/slice/job/cpu.max": "150000 100000\n", "/sys/fs/cgroup/slice/cpu.max": "max 100000\n",
      "/sys/fs/cgroup/slice/job/pids.max": "100\n", "/sys/fs/cgroup/slice/job/pids.current": "40\n",
    ])
    withExtendedLifetime(folder) {
      #expect(system.memory("MemTotal") == 16384 * 1024 && system.memory("MemFree") == nil)
      #expect(system.groupMemory?.limit == 1000 && system.groupMemory?.left == 350)
      #expect(system.processorQuota == 1.5)
      #expect(system.groupProcessesLeft == 60)
    }
  }

  @Test("Version 1's controllers have folders of their own, and its largest number means no limit")
  func olderGroups() throws {
    let (system, folder) = try files([
      "/proc/self/cgroup": "4:memory:/docker/abc\n2:cpu,cpuacct:/\n0::/\n",
      // Inside the container the own path is not there; the mount's root is the group.
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "2000\n", "/sys/fs/cgroup/memory/memory.usage_in_bytes": "500\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    ])
    withExtendedLifetime(folder) {
      #expect(system.groupMemory?.limit == 2000 && system.groupMemory?.left == 1500)
      #expect(system.processorQuota == nil && system.groupProcessesLeft == nil)
    }
    let (open, other) = try files([
      "/proc/self/cgroup": "4:memory:/\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "/sys/fs/cgroup/memory/memory.usage_in_bytes": "500\n",
    ])
    withExtendedLifetime(other) { #expect(open.groupMemory == nil) }
  }

  @Test("The command says what is wrong, and ends with 1 only for what fails")
  func command() throws {
    let folder = try TemporaryDirectory("admix-doctor")
    let json = try finished(["doctor", "--json"], in: folder)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    #expect(object["schema"] as? Int == 1)
    let findings = try #require(object["findings"] as? [[String: Any]])
    #expect(findings.contains { $0["subject"] as? String == "time" })
    #expect(try #require(object["flops_per_second"] as? Double) > 1e8)
    #expect(json.status == (object["verdict"] as? String == "fail" ? 1 : 0))

    let old = try finished(["doctor"], in: folder, environment: ["ADMIX_ISA": "sse2"])
    #expect(old.status == 1)
    #expect(old.output.contains("fail  processor   ADMIX_ISA is 'sse2'"), "\(old.output)")
    #expect(old.output.contains("→ take another host, or unset ADMIX_ISA"))
    #expect(old.output.contains("this host cannot run the demo as it is"))

    let nowhere = try finished(["doctor", "--directory", "/proc/nowhere"], in: folder)
    #expect(nowhere.status == 1 && nowhere.output.contains("/proc/nowhere"), "\(nowhere.output)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { $0.hasPrefix("admix-") })
  }

  private func finished(
    _ arguments: [String], in folder: TemporaryDirectory, environment: [String: String] = [:]
  ) throws -> (status: Int32, output: String) {
    let process = try Subprocess(
      Subprocess.admix, arguments, name: "admix", in: folder.url, environment: environment)
    return (try process.waitForExit(seconds: 60), process.outputText)
  }
}
