public import Foundation
import Glibc
import Synchronization

/// A child process of a test with its output in files; it is killed when the value goes.
public final class Subprocess: Sendable {
  public let processID: pid_t
  public let name: String
  public let standardOutput: URL
  public let standardError: URL
  private let status = Mutex<Int32?>(nil)

  /// The `admix` that was built together with the tests.
  public static let admix: URL = {
    let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return executable.deletingLastPathComponent().appendingPathComponent("admix")
  }()

  /// What it writes goes to files in `outputIn`, or in its directory.
  public init(
    _ executable: URL, _ arguments: [String], name: String, in directory: URL, outputIn: URL? = nil,
    environment: [String: String] = [:]
  ) throws {
    self.name = name
    let serial = UInt32.random(in: 0 ... .max)
    let outputs = outputIn ?? directory
    standardOutput = outputs.appendingPathComponent("\(name)-\(serial).out")
    standardError = outputs.appendingPathComponent("\(name)-\(serial).err")
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    let flags = O_WRONLY | O_CREAT | O_APPEND
    posix_spawn_file_actions_addopen(&actions, 1, standardOutput.path, flags, 0o644)
    posix_spawn_file_actions_addopen(&actions, 2, standardError.path, flags, 0o644)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own: Ctrl-C at the terminal of the tests is none of its business, and `kill` reaches all of it.
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // `env` changes the directory and becomes the program.
    let argv = (["env", "-C", directory.path, executable.path] + arguments).map { strdup($0) } + [nil]
    let envp = all.map { strdup("\($0)=\($1)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var processID: pid_t = 0
    let result = posix_spawn(&processID, "/usr/bin/env", &actions, &attributes, argv, envp)
    guard result == 0 else {
      throw TestFailure("cannot start \(executable.path): \(String(cString: strerror(result)))")
    }
    self.processID = processID
  }

  deinit { if exitStatus == nil { killGroup() } }

  /// Sends `signal` to the process alone.
  public func send(_ signal: Int32) { kill(processID, signal) }

  /// SIGKILL to the process alone, and waits for its end.
  public func killAndWait() {
    send(SIGKILL)
    _ = try? waitForExit(seconds: 10)
  }

  /// SIGKILL to the process and all that it started in its group.
  public func killGroup() {
    kill(-processID, SIGKILL)
    _ = try? waitForExit(seconds: 10)
  }

  /// Nil while it runs; 128 + signal when a signal ended it.
  public var exitStatus: Int32? {
    status.withLock { status in
      if let status { return status }
      var raw: Int32 = 0
      guard waitpid(processID, &raw, WNOHANG) == processID else { return nil }
      status = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F)
      return status
    }
  }

  @discardableResult
  public func waitForExit(seconds: Double) throws -> Int32 {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
      if let exitStatus { return exitStatus }
      usleep(5_000)
    }
    throw TestFailure("\(name) still runs after \(seconds) s\n\(errorText.suffix(2000))")
  }

  public var outputText: String { (try? String(contentsOf: standardOutput, encoding: .utf8)) ?? "" }
  public var errorText: String { (try? String(contentsOf: standardError, encoding: .utf8)) ?? "" }
}

/// What a test's own support code has to say.
public struct TestFailure: Error, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
