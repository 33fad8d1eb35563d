import Foundation
import JobKit
import Templates
import TestSupport
import Testing

@testable import EvaluationJob

@Suite("The sandbox of written programs")
struct SandboxTests {
  @Test("holds against every escape, and says so")
  func escapes() throws {
    let folder = try TemporaryDirectory()
    guard let sandbox = try CodeSandbox.preparedForTest(folder) else { return }
    for name in EscapeAttempts.all(secret: "x").map(\.name) { #expect(sandbox.report.contains("- \(name): ")) }
    #expect(try String(contentsOfFile: folder.path + "/secret", encoding: .utf8) == "secret")
  }

  @Test("tells right programs from wrong ones, slow ones and ones that leave")
  func outcomes() throws {
    let folder = try TemporaryDirectory()
    guard let sandbox = try CodeSandbox.preparedForTest(folder) else { return }
    #expect(try sandbox.passes("def add(a, b):\n    return a + b\nassert add(2, 3) == 5"))
    #expect(try !sandbox.passes("assert 1 == 2"))
    #expect(try !sandbox.passes("import sys\nsys.exit(0)"))
    #expect(try !sandbox.passes("this is no Python"))
    #expect(try !sandbox.passes("'\u{0}'"))
    #expect(try sandbox.run("import time\ntime.sleep(60)", milliseconds: 200) == .timedOut)
    // A set of strings is printed alike every time.
    let order = "text = str({'a', 'b', 'c', 'd', 'e'})\nassert hash('a') % 7 == "
    let found = try (0..<7).filter { try sandbox.passes("\(order)\($0)") }
    #expect(try found.count == 1 && sandbox.passes("\(order)\(found[0])"))
  }

  @Test("The canonical solutions of HumanEval and MBPP pass", .enabled(if: TestData.isPresent))
  func canonical() throws {
    let folder = try TemporaryDirectory()
    guard let sandbox = try CodeSandbox.preparedForTest(folder) else { return }
    let bench = TestData.place.path + "/benchmarks"
    let problems = try DataFile.rows(at: bench + "/humaneval/HumanEval.jsonl.gz", format: .json, name: "HumanEval")
    for row in problems.prefix(20) {
      func field(_ name: String) -> String { row[name]?.pythonText ?? "" }
      let program =
        field("prompt") + field("canonical_solution") + "\n" + field("test") + "\ncheck(\(field("entry_point")))"
      #expect(try sandbox.passes(program), "\(field("task_id"))")
      let wrong = field("prompt") + "    return None\n" + field("test") + "\ncheck(\(field("entry_point")))"
      #expect(try !sandbox.passes(wrong), "\(field("task_id"))")
    }
  }
}

extension CodeSandbox {
  /// Nil where the host has no namespaces for it, or no python3: then nothing is ever run there.
  static func preparedForTest(_ folder: TemporaryDirectory) throws -> CodeSandbox? {
    do { return try CodeSandbox.prepared(folder.path) } catch let refusal as HostUnfit {
      FileHandle.standardError.write(Data("skipped: \(refusal)\n".utf8))
      return nil
    }
  }
}
