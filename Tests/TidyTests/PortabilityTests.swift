import Foundation
import Testing

@Suite("Portability")
struct PortabilityTests {
  /// Where kinds of processors may be told apart: what a processor has (C, and its header), which builds there are and
  /// which is chosen, and the manifest that compiles them.
  private static let exempt: Set<String> = [
    "Sources/CLinux/processor.c", "Sources/CLinux/include/admix_processor.h",
    "Sources/KernelTable/InstructionSet.swift", "Sources/KernelTable/KernelBuilds.swift", "Package.swift",
  ]

  private static let places = ["Sources", "protocol", "coordinator", "workers"]

  /// Swift and C sources that ship, without links to folders.
  private static let files: [(path: String, lines: [String])] = places.flatMap { place -> [(String, [String])] in
    let base = SourceTree.root.appendingPathComponent(place)
    guard let walk = FileManager.default.enumerator(atPath: base.path) else { return [] }
    return walk.compactMap { entry in
      guard let path = entry as? String, [".swift", ".c", ".h", ".modulemap"].contains(where: path.hasSuffix),
        let text = try? String(contentsOf: base.appendingPathComponent(path), encoding: .utf8)
      else { return nil }
      return ("\(place)/\(path)", text.components(separatedBy: "\n"))
    }
  }

  /// The line without its comment; a kernel's own comments may say what an instruction is called.
  private static func code(_ line: String) -> Substring {
    guard let start = line.range(of: "//") else { return line[...] }
    return line[..<start.lowerBound]
  }

  @Test("Nothing outside the named files assumes x86")
  func noX86() {
    let words = [
      "x86", "amd64", "intel", "avx", "sse2", "sse4", "fma3", "cpuid", "march=", "mtune=", "immintrin", "xmmintrin",
      "_mm_", "_mm256", "_mm512", "__builtin_ia32", "__builtin_cpu", "mxcsr", "rdtsc", "asm(", "asm volatile",
    ]
    #expect(Self.files.count > 150, "the tree was not found")
    for file in Self.files where !Self.exempt.contains(file.path) {
      for (number, line) in file.lines.enumerated() {
        // The wide register tile is compiled into the build that is wide enough, by the manifest's word.
        if ["#if ISA_AVX512", "#if !ISA_AVX512"].contains(line) { continue }
        let code = Self.code(line).lowercased()
        for word in words {
          #expect(!code.contains(word), "\(file.path):\(number + 1) says \(word)")
        }
      }
    }
  }

  @Test("Every file that tells processors apart is there, and has an answer for others than x86")
  func exemptFilesHaveBothAnswers() throws {
    for path in Self.exempt where !path.hasSuffix(".h") {
      let text = try String(contentsOf: SourceTree.root.appendingPathComponent(path), encoding: .utf8)
      #expect(text.contains("__aarch64__") || (text.contains("arch(x86_64)") && text.contains("#else")), "\(path)")
    }
  }

  @Test("The tables of the builds list the same kernels, each its own build's")
  func tablesAgree() throws {
    let text = try String(
      contentsOf: SourceTree.root.appendingPathComponent("Sources/KernelTable/KernelBuilds.swift"), encoding: .utf8)
    let tables = text.components(separatedBy: " = Self(").dropFirst().map { table in
      table.prefix { $0 != ")" }.split { ", \n".contains($0) }.map(String.init)
    }
    #expect(tables.count == 3)
    for (table, module) in zip(tables, ["KernelsAVX2", "KernelsAVX512", "KernelsPlain"]) {
      #expect(table.count > 40)
      let first = tables[0].map { $0.replacing("KernelsAVX2.", with: "") }
      #expect(table.map { $0.replacing(module + ".", with: "") } == first)
      for (label, value) in zip(table, table.dropFirst()) where label.hasSuffix(":") {
        #expect(value == "\(module).\(label.dropLast())")
      }
    }
  }

  @Test("Every kernel has shapes in its comment, a reason at the head of its file, and a test that calls it")
  func kernelsAreComplete() throws {
    let tests = SourceTree.swiftFiles(below: "Tests/KernelTests") + SourceTree.swiftFiles(below: "Tests/OptimizerTests")
    let testText = tests.flatMap(\.lines).joined(separator: "\n")
    let wrappers = SourceTree.swiftFiles(below: "Sources/KernelTable").filter { !$0.path.contains("KernelBuilds") }
    var seen = 0
    for file in SourceTree.swiftFiles(below: "Sources/Kernels") {
      let first = file.lines.first { !$0.isEmpty && !$0.hasPrefix("#if") } ?? ""
      #expect(first.trimmingCharacters(in: .whitespaces).hasPrefix("//"), "\(file.path) does not say what it computes")
      for (number, line) in file.lines.enumerated() {
        guard let place = line.range(of: "public func "), !line.trimmingCharacters(in: .whitespaces).hasPrefix("//")
        else { continue }
        let name = line[place.upperBound...].prefix { $0.isLetter || $0.isNumber }
        seen += 1
        #expect(
          number > 0 && file.lines[number - 1].contains("///"), "\(file.path):\(number + 1) \(name) has no comment")
        // Kernels are called by the wrapper that checks shapes; the wrapper's name stands in a test.
        let callers = wrappers.flatMap { wrapper -> [String] in
          var function = ""
          var found: [String] = []
          for line in wrapper.lines {
            if let start = line.range(of: "func ") {
              function = String(line[start.upperBound...].prefix { $0.isLetter || $0.isNumber })
            }
            if line.contains("entries.\(name)(") { found.append(function) }
          }
          return found
        }
        #expect(!callers.isEmpty, "\(name) has no caller in KernelTable")
        let isTested = callers.contains { caller in testText.contains(".\(caller)(") || Self.isInternal(caller) }
        #expect(isTested, "no test calls \(name), by \(callers)")
      }
    }
    #expect(seen > 20)
  }

  /// Steps of a product, which the products' tests reach, and sizes.
  private static func isInternal(_ caller: String) -> Bool {
    ["pack", "multiply", "run", "pieces", "scratchFloats", "split", "tileRate"].contains(caller)
      || caller.contains("anel")
  }
}
