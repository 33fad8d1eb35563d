import Foundation
import Testing

/// A weak function in a kernel's object may be taken by the linker from the wrong build: then the AVX2 path dies of an
/// illegal instruction on a processor without AVX-512.
struct WeakSymbolTests {
  private static let nm = ["/usr/bin/nm", "/usr/bin/llvm-nm"].first { FileManager.default.isExecutableFile(atPath: $0) }

  /// The kernels' objects beside the running test binary.
  private static let objects: [URL] = {
    var folder = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    if let binary = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"), !isTests(folder) {
      folder = URL(filePath: binary)
    }
    if let map = try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8),
      let line = map.split(separator: "\n").first(where: { $0.contains(".xctest") }),
      let start = line.firstIndex(of: "/")
    {
      folder = URL(filePath: String(line[start...]))
    }
    folder.deleteLastPathComponent()
    return ["KernelsAVX2", "KernelsAVX512"].flatMap { module -> [URL] in
      let build = folder.appending(path: "\(module).build")
      let files = (try? FileManager.default.contentsOfDirectory(at: build, includingPropertiesForKeys: nil)) ?? []
      return files.filter { $0.pathExtension == "o" }
    }
  }()

  private static func isTests(_ url: URL) -> Bool { url.pathExtension == "xctest" }

  @Test(
    .enabled(if: nm != nil && !objects.isEmpty, "nm or the kernels' objects beside the test binary are missing"))
  func kernelObjectsHaveNoWeakFunctions() throws {
    let nm = try #require(Self.nm)
    #expect(Self.objects.contains { $0.path.contains("AVX2") } && Self.objects.contains { $0.path.contains("AVX512") })
    let process = Process()
    process.executableURL = URL(filePath: nm)
    process.arguments = ["-A"] + Self.objects.map(\.path)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let symbols = text.split(separator: "\n")
    #expect(symbols.contains { $0.contains(" T ") && $0.contains("matmul") }, "nm listed no kernel")
    // V is a weak object: the marker of Swift's reflection format, the same in every object, holds no code.
    let weak = symbols.filter { $0.contains(" W ") || $0.contains(" w ") || $0.contains(" u ") }
    #expect(weak.isEmpty, "weak functions: \(weak.joined(separator: "\n"))")
  }
}
