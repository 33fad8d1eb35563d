import ArgumentParser
import ControlClient
import Foundation
import JobKit
import Results
import TestSupport
import Testing
import WireProtocol

@testable import admix

@Suite("Exit codes")
struct ExitCodeTests {
  @Test("Each kind of failure has its code")
  func codes() {
    func code(_ error: any Error) -> Int32? { status(of: error)?.rawValue }
    #expect(code(SpecError(position: nil, path: "", problem: "", remedy: "")) == 2)
    #expect(code(ClientError(.address, "")) == 2)
    #expect(code(ClientError(.unreachable, "")) == 3)
    #expect(code(ClientError(.connectionLost, "")) == 3)
    #expect(code(ClientError(.refused, "", refusal: .wireVersion)) == 4)
    #expect(code(ClientError(.timedOut, "")) == 5)
    #expect(code(ClientError(.requestFailed, "", requestFailure: .notFound)) == 6)
    #expect(code(CommandFailure(.cancelled, "")) == 7)
    #expect(code(ClientError(.transfer, "")) == 1)
    #expect(exitStatus(of: .completed) == .ok)
    #expect(exitStatus(of: .failed) == .jobFailed)
    #expect(exitStatus(of: .cancelled) == .cancelled)
    // What the argument parser throws is its own to format.
    #expect(status(of: ValidationError("")) == nil)
  }

  static let usage: [([String], String)] = [
    (["frob"], "Unexpected argument 'frob'"),
    (["run"], "Missing expected argument '<file>'"),
    (["run", "job.yaml", "--workers", "0"], "--workers takes a number from 1 to 64, found 0"),
    (["run", "job.yaml", "--workers", "two"], "'two' is invalid"),
    (["worker", "--threads", "0"], "--threads takes a number from 1 to 1024, found 0"),
    (["worker", "--data-port", "9-8"], "'9-8' is invalid"),
    (["wait", "1", "--timeout=-1"], "--timeout takes seconds from 0 on, found -1.0"),
    (["coordinator", "--timing-scale", "0"], "--timing-scale takes a factor above 0"),
    (
      ["coordinator", "--listen", "0.0.0.0:7450", "--state", "never-made"],
      "keys that tell who may join come in a later release"
    ),
    (["worker", "--coordinator", "10.1.2.3:7450"], "keys that tell who may join come in a later release"),
    (["status", "--coordinator", "::::"], "is no address"),
    (["validate", "nothing.yaml"], "error: nothing.yaml: no such file or directory"),
    (["submit", "nothing.yaml"], "error: nothing.yaml: no such file or directory"),
    (["run", "nothing.yaml"], "error: nothing.yaml: no such file or directory"),
  ]

  @Test("Usage errors end with 2, say what was wrong on stderr, and leave stdout and the directory alone")
  func usageErrors() throws {
    let directory = try TemporaryDirectory()
    for (arguments, sentence) in Self.usage {
      let ended = try run(arguments, in: directory)
      #expect(ended.status == 2, "\(arguments)")
      #expect(ended.error.contains(sentence), "\(arguments): \(ended.error)")
      #expect(ended.output.isEmpty, "\(arguments): \(ended.output)")
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
    #expect(left.allSatisfy { $0.hasSuffix(".out") || $0.hasSuffix(".err") }, "\(left)")
  }

  @Test("Help and version are answers")
  func help() throws {
    let directory = try TemporaryDirectory()
    for arguments in [["--help"], ["run", "--help"], ["--version"]] {
      let ended = try run(arguments, in: directory)
      #expect(ended.status == 0)
      #expect(!ended.output.isEmpty && ended.error.isEmpty)
    }
    let help = try run(["--help"], in: directory).output
    #expect(!help.contains("  runner"))
  }

  @Test("Without a coordinator every client says so and ends with 3")
  func unreachable() throws {
    let directory = try TemporaryDirectory()
    let address = "127.0.0.1:\(try Cluster.freePort())"
    let onJobs = ["show", "logs", "wait", "cancel", "pause", "resume", "retry", "fetch"].map { [$0, "1"] }
    for arguments in [["status"], ["jobs"]] + onJobs {
      let ended = try run(arguments, in: directory, environment: ["ADMIX_COORDINATOR": address])
      #expect(ended.status == 3, "\(arguments)")
      #expect(ended.error.contains("no coordinator at \(address)"), "\(arguments): \(ended.error)")
    }
  }

  private func run(
    _ arguments: [String], in directory: TemporaryDirectory, environment: [String: String] = [:]
  ) throws -> (status: Int32, output: String, error: String) {
    let process = try Subprocess(
      Subprocess.admix, arguments, name: arguments[0], in: directory.url, environment: environment)
    let status = try process.waitForExit(seconds: 30)
    return (status, process.outputText, process.errorText)
  }
}
