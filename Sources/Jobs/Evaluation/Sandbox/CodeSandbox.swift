import CLinux
import Foundation
import Glibc
import JobKit

/// Where programs that a model wrote are run: `admix_sandbox_run`, after it has held against every escape of the
/// self-test on this host.
///
/// Three seconds for a program are those of the harness's `code_eval`.
struct CodeSandbox: CodeRunning {
  static let milliseconds: UInt64 = 3_000
  static let memoryBytes: UInt64 = 1 << 30
  static let diskBytes: UInt64 = 16 << 20

  enum Outcome: Int32 {
    case passed = 0
    case failed = 1
    case timedOut = 2
  }

  private let root: String
  private let interpreter: String
  /// What the self-test found, a line an attempt.
  let report: String

  /// Makes the sandbox below `scratch` and tests it.
  /// - Throws: `HostUnfit` where there is no python3, or the host forbids a part of the sandbox; `SandboxBroken` when
  ///   an escape succeeded.
  static func prepared(_ scratch: String) throws -> CodeSandbox {
    guard let interpreter = hostInterpreter else {
      throw HostUnfit(
        "this host has no python3 in \(interpreters.joined(separator: " or ")), which running written programs needs; "
          + "install Debian's python3, or let a worker that has it do it")
    }
    let root = scratch + "/sandbox"
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    let secret = scratch + "/secret"
    try Data("secret".utf8).write(to: URL(fileURLWithPath: secret))
    let sandbox = CodeSandbox(root: root, interpreter: interpreter, report: "")
    let report = try EscapeAttempts.held(by: sandbox, secret: secret)
    return CodeSandbox(root: root, interpreter: interpreter, report: report)
  }

  private static let interpreters = ["/usr/bin/python3", "/usr/local/bin/python3"]

  /// This host's python3, if it has one.
  static var hostInterpreter: String? { interpreters.first { access($0, X_OK) == 0 } }

  /// Runs the program's text as the harness's own runner does: in an empty module, and ending early, with whatever
  /// status, is a failure.
  private static let runner = """
    import os
    text = open('/tmp/program.py', encoding='utf-8', errors='surrogateescape').read()
    try:
        exec(text, {})
    except BaseException:
        os._exit(1)
    os._exit(0)
    """

  func passes(_ program: String) throws -> Bool { try run(program) == .passed }

  func run(_ program: String, milliseconds: UInt64 = milliseconds) throws -> Outcome {
    var step: UnsafePointer<CChar>?
    var code: Int32 = 0
    var text = program
    let outcome = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { bytes in
        root.withCString { root in
          interpreter.withCString { interpreter in
            Self.runner.withCString { runner in
              var sandbox = admix_sandbox(
                root: root, interpreter: interpreter, program: bytes.baseAddress, program_bytes: bytes.count,
                runner: runner, memory_bytes: Self.memoryBytes, disk_bytes: Self.diskBytes, milliseconds: milliseconds)
              return admix_sandbox_run(&sandbox, &step, &code)
            }
          }
        }
      }
    }
    if let outcome = Outcome(rawValue: outcome) { return outcome }
    let part = step.map { String(cString: $0) } ?? "a part"
    throw HostUnfit(
      "this host does not allow the sandbox that running written programs needs: \(part): "
        + "\(String(cString: strerror(code))). Allow unprivileged user namespaces "
        + "(sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0), or let another worker do it")
  }
}

/// An attempt to escape succeeded: nothing is run.
struct SandboxBroken: Error, CustomStringConvertible {
  let attempt: String
  var description: String { "the sandbox did not hold: \(attempt); no written program was run" }
}
