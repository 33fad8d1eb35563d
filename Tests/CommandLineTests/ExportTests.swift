import Foundation
import TestSupport
import Testing

/// `admix export` as a user types it.
@Suite("Export")
struct ExportTests {
  private let job: TinyJob
  init() throws { job = try TinyJob() }

  @Test("The name to write says which form it has, unless --format does")
  func form() throws {
    func isDirectory(_ name: String) throws -> Bool {
      try job.file(name).resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true
    }
    for (name, more, directory) in [
      ("plain", [], true), ("one.gguf", [], false), ("TWO.GGUF", ["--type", "bf16"], false),
      ("named.gguf", ["--format", "hf", "--dtype", "bf16"], true), ("file", ["--format", "gguf"], false),
    ] as [(String, [String], Bool)] {
      let ended = try job.admix(["export", "model", name] + more)
      #expect(ended.status == 0, "\(name): \(ended.error)")
      #expect(try isDirectory(name) == directory, "\(name)")
    }
    let types = try ["one.gguf", "TWO.GGUF"].map { try job.admix(["inspect", $0]).output }
    #expect(types[0].contains(" F16 ") && types[1].contains(" BF16 "), "\(types)")
  }

  @Test(
    "An option that would have no effect is refused, and nothing is written",
    arguments: [
      (["out", "--type", "Q8_0"], "end its name in .gguf, or give --format gguf"),
      (["out.gguf", "--format", "hf", "--type", "F16"], "--type is for a GGUF file"),
      (["out.gguf", "--dtype", "bf16"], "--dtype is for a Hugging Face directory; a GGUF file has --type"),
      (["out", "--format", "gguf", "--shard-megabytes", "10"], "--shard-megabytes is for a Hugging Face directory"),
      (["out.gguf", "--type", "Q3_K"], "--type Q3_K: expected one of F32, F16, BF16, Q8_0, Q4_0"),
    ])
  func refused(arguments: [String], sentence: String) throws {
    let ended = try job.admix(["export", "model"] + arguments)
    #expect(ended.status == 2 && ended.error.contains(sentence), "\(ended.status): \(ended.error)")
    #expect(!FileManager.default.fileExists(atPath: job.file(arguments[0]).path))
  }
}
