import Foundation
import KernelTable
import TestSupport
import Testing
import TrainingSupport

/// A training in a process of its own, on this processor and on emulated ones: the same bits on each, or a refusal.
struct ProcessorTests {
  private static let emulator = ["/usr/bin/qemu-x86_64", "/usr/local/bin/qemu-x86_64"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }
  private static let absence: Comment = "qemu-x86_64 is not installed (scripts/install-dependencies.sh brings it)"
  private static let probe = Subprocess.admix.deletingLastPathComponent().appending(path: "kernel-probe")

  private struct Ended {
    let status: Int32
    /// The build of the kernels and the weights' hash.
    let words: [Substring]
    let error: String
  }

  /// Runs the probe on `processor` of the emulator, or natively.
  private func run(on processor: String? = nil, forcing set: String = "") throws -> Ended {
    let directory = try TemporaryDirectory()
    var (executable, arguments) = (Self.probe, [String]())
    if let processor, let emulator = Self.emulator {
      (executable, arguments) = (URL(fileURLWithPath: emulator), ["-cpu", processor, Self.probe.path])
    }
    let process = try Subprocess(
      executable, arguments, name: "probe", in: directory.url, environment: ["ADMIX_ISA": set])
    let status = try process.waitForExit(seconds: 120)
    return Ended(status: status, words: process.outputText.split { $0.isWhitespace }, error: process.errorText)
  }

  @Test func everyBuildTrainsToTheSameHashInAProcessOfItsOwn() throws {
    let chosen = try run()
    #expect(chosen.status == 0, "\(chosen.error)")
    #expect(chosen.words.first.map(String.init) == availableSets.last?.rawValue)
    for set in availableSets {
      let forced = try run(forcing: set.rawValue)
      #expect(forced.words.first.map(String.init) == set.rawValue)
      #expect(forced.words.count == 2 && forced.words.last == chosen.words.last, "\(set): \(forced.error)")
    }
  }

  @Test(.enabled(if: emulator != nil, absence))
  func aHaswellTrainsToTheSameHash() throws {
    let native = try run()
    let emulated = try run(on: "Haswell")
    #expect(emulated.status == 0, "\(emulated.error)")
    #expect(emulated.words.first == "avx2")
    #expect(emulated.words.count == 2 && emulated.words.last == native.words.last)
  }

  @Test(.enabled(if: emulator != nil, absence), arguments: ["Nehalem", "SandyBridge", "Haswell,-fma"])
  func aProcessorWithoutFusedMultiplyAddIsRefusedInASentence(processor: String) throws {
    for set in ["", "avx2"] {
      let ended = try run(on: processor, forcing: set)
      #expect(ended.status == 2 && ended.words.isEmpty, "\(ended)")
      let says = set.isEmpty ? "no AVX2 with FMA (x86-64-v3)" : "asks for avx2, which this processor does not have"
      #expect(ended.error.contains(says), "\(ended.error)")
    }
  }

  @Test(.enabled(if: emulator != nil, absence))
  func aBuildThatTheProcessorDoesNotHaveIsRefused() throws {
    let ended = try run(on: "Haswell", forcing: "avx512")
    #expect(ended.status == 2 && ended.words.isEmpty)
    #expect(ended.error.contains("ADMIX_ISA asks for avx512, which this processor does not have"), "\(ended.error)")
  }

  @Test(arguments: ["sse9", "AVX2", "avx2 ", "1", "avx2,avx512"])
  func anAbsurdNameOfABuildIsRefused(name: String) throws {
    let ended = try run(forcing: name)
    #expect(ended.status == 2 && ended.words.isEmpty)
    #expect(ended.error.contains("ADMIX_ISA is '\(name)'; expected 'avx2' or 'avx512'"), "\(ended.error)")
  }
}
