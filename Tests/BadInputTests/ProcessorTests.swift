import Foundation
import TestSupport
import Testing

@Suite("Processors at the command line")
struct ProcessorTests {
  private static let emulator = "/usr/bin/qemu-x86_64"
  private static let isEmulated = FileManager.default.isExecutableFile(atPath: emulator)

  @Test(
    "A processor without FMA is refused in a sentence, with exit code 2",
    .enabled(if: isEmulated, "qemu-x86_64 is not installed (scripts/install-dependencies.sh brings it)"),
    arguments: [["run", "job.yaml"], ["worker", "--coordinator", "127.0.0.1:9"]])
  func tooOld(command: [String]) throws {
    let job = try TinyJob()
    try job.write()
    let ended = try job.run(
      Self.emulator, ["-cpu", "Nehalem", Subprocess.admix.path] + command, environment: ["ADMIX_ISA": ""])
    #expect(ended.status == 2, "\(ended.error)")
    #expect(ended.error.contains("This processor has no AVX2 with FMA (x86-64-v3)"), "\(ended.error)")
    #expect(try job.additions().isEmpty)
  }

  @Test("An absurd ADMIX_ISA is refused before anything is made", arguments: [["run", "job.yaml"], ["worker"]])
  func absurdName(command: [String]) throws {
    let job = try TinyJob()
    try job.write()
    let ended = try job.admix(command, environment: ["ADMIX_ISA": "sse9"])
    #expect(ended.status == 2, "\(ended.error)")
    #expect(ended.error.contains("ADMIX_ISA is 'sse9'"), "\(ended.error)")
    #expect(try job.additions().isEmpty)
  }
}
