public import Foundation
import Glibc

/// A coordinator and workers as processes of their own on loopback, driven through the command line as a user would.
/// Lease, suspicion, heartbeat and stall times are a tenth of the defaults.
public final class Cluster {
  public let directory: TemporaryDirectory
  public let port: Int
  public private(set) var coordinator: Subprocess?
  public private(set) var workers: [String: Subprocess] = [:]

  public var address: String { "127.0.0.1:\(port)" }
  private static let timing = ["--timing-scale", "0.1"]

  /// Starts the coordinator and `workers` workers.
  public init(workers count: Int = 0, threads: Int = 1) throws {
    directory = try TemporaryDirectory("admix-cluster")
    port = try Cluster.freePort()
    try startCoordinator()
    for number in 0..<count { try startWorker("w\(number)", threads: threads) }
  }

  deinit { stop() }

  public func stop() {
    for worker in workers.values { worker.killGroup() }
    coordinator?.killGroup()
  }

  public func startCoordinator(environment: [String: String] = [:], extra: [String] = []) throws {
    coordinator = try Subprocess(
      Subprocess.admix,
      ["coordinator", "--listen", address, "--state", directory.path + "/state"] + Cluster.timing + extra,
      name: "coordinator", in: directory.url, environment: environment)
    try waitUntil("the coordinator answers", seconds: 15) {
      try self.run(["status", "--json"]).status == 0
    }
  }

  /// Starts a worker; `failpoint` has the form `name:step:action`.
  public func startWorker(
    _ name: String, threads: Int = 1, failpoint: String? = nil, environment: [String: String] = [:]
  ) throws {
    var environment = environment
    var arguments = [
      "worker", "--coordinator", address, "--name", name, "--threads", "\(threads)",
      "--cache", directory.path + "/cache-\(name)",
    ]
    if let failpoint {
      environment["ADMIX_FAILPOINT"] = failpoint
      arguments.append("--failpoints")
    }
    workers[name] = try Subprocess(
      Subprocess.admix, arguments + Cluster.timing, name: name, in: directory.url, environment: environment)
  }

  /// Waits until that many workers are there and none is lost.
  public func waitForWorkers(_ count: Int) throws {
    try waitUntil("\(count) workers have joined", seconds: 20) {
      let workers = try self.status()["workers"] as? [[String: Any]] ?? []
      return workers.count { ["idle", "busy"].contains(($0["state"] as? String ?? "").lowercased()) } >= count
    }
  }

  /// Runs `admix` with these arguments against this cluster until it ends.
  public func run(
    _ arguments: [String], seconds: Double = 30, environment: [String: String] = [:]
  ) throws -> (status: Int32, output: String, error: String) {
    let process = try Subprocess(
      Subprocess.admix, arguments, name: arguments[0], in: directory.url,
      environment: ["ADMIX_COORDINATOR": address].merging(environment) { $1 })
    let status = try process.waitForExit(seconds: seconds)
    return (status, process.outputText, process.errorText)
  }

  public func json(_ arguments: [String], seconds: Double = 30) throws -> [String: Any] {
    let (status, output, error) = try run(arguments, seconds: seconds)
    guard let object = try? JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] else {
      throw TestFailure("admix \(arguments.joined(separator: " ")) ended with \(status):\n\(output)\n\(error)")
    }
    return object
  }

  public func status() throws -> [String: Any] { try json(["status", "--json"]) }
  public func show(_ job: Int) throws -> [String: Any] { try json(["show", "\(job)", "--json"]) }

  /// Submits a job file whose inputs lie in the folder with test data, and returns the job's number.
  public func submit(_ jobFile: String) throws -> Int {
    let file = try directory.write(jobFile, to: "job-\(UInt32.random(in: 0 ... .max)).yaml")
    let answer = try json(["submit", file.path, "--base", TestData.folder?.path ?? ".", "--json"], seconds: 60)
    guard let id = answer["id"] as? Int else { throw TestFailure("submit answered \(answer)") }
    return id
  }

  /// Submits a golden recipe.
  public func submit(_ recipe: GoldenRecipe, steps: Int = 8, checkpointEvery: Int = 4) throws -> Int {
    let configuration = try directory.write(GoldenRecipe.randomConfiguration, to: "config.json")
    return try submit(
      recipe.jobFile(
        configuration: configuration.path, output: "out", steps: steps, checkpointEvery: checkpointEvery))
  }

  /// Waits for the job's end and returns what `show --json` says of it.
  @discardableResult
  public func waitForJob(_ job: Int, seconds: Double = 120) throws -> [String: Any] {
    _ = try run(["wait", "\(job)", "--timeout", "\(Int(seconds))"], seconds: seconds + 10)
    let shown = try show(job)
    if shown["state"] as? String != "COMPLETED" {
      let events = try? run(["logs", "\(job)"]).output
      FileHandle.standardError.write(
        Data("job \(job): \(shown["state"] ?? "?")\n\(events ?? "")\n\(logs())\n".utf8))
    }
    return shown
  }

  /// Waits until the job has committed at least `step` steps.
  public func waitForStep(_ step: Int, of job: Int, seconds: Double = 60) throws {
    try waitUntil("job \(job) reaches step \(step)", seconds: seconds) {
      try self.committedSteps(of: job) >= step
    }
  }

  /// Steps that the job has committed. Before its stepped phase, where `step` counts shards, there are none.
  public func committedSteps(of job: Int) throws -> Int {
    let jobs = try status()["jobs"] as? [[String: Any]] ?? []
    guard let found = jobs.first(where: { $0["id"] as? Int == job }), found["phase"] as? String == "train" else {
      return 0
    }
    return found["step"] as? Int ?? 0
  }

  /// Ends of what the coordinator and the workers wrote, for a failed test.
  public func logs() -> String {
    ([coordinator].compactMap { $0 } + workers.values).map { "--- \($0.name)\n\($0.errorText.suffix(1500))" }
      .joined(separator: "\n")
  }

  public func waitUntil(_ what: String, seconds: Double, _ condition: () throws -> Bool) throws {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
      if (try? condition()) == true { return }
      usleep(50_000)
    }
    throw TestFailure("not within \(seconds) s: \(what)\n\(logs())")
  }

  /// Processes whose parent is `parent`: a worker's runners.
  public static func children(of parent: pid_t) -> [pid_t] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap(pid_t.init).filter { candidate in
      guard let stat = try? String(contentsOfFile: "/proc/\(candidate)/stat", encoding: .utf8),
        let end = stat.lastIndex(of: ")")
      else { return false }
      let fields = stat[end...].split(separator: " ")
      return fields.count > 2 && pid_t(fields[2]) == parent && fields[1] != "Z"
    }
  }

  /// A port that was free a moment ago.
  public static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard bound else { throw TestFailure("no free port: errno \(errno)") }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}
