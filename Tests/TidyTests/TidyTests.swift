import Testing

@Suite("Tidy")
struct TidyTests {
  /// Path of a target and the modules of this package that its files may import.
  static let directions: [(path: String, mayImport: Set<String>)] = [
    ("protocol", []),
    ("Sources/Transport", ["WireProtocol", "CLibUV", "CLZ4", "CLinux"]),
    ("Sources/Kernels", ["CPrefetch"]),
    ("Sources/KernelTable", ["KernelsAVX2", "KernelsAVX512", "KernelsPlain", "CLinux"]),
    ("Sources/Transformer", ["KernelTable"]),
    ("Sources/Optimizers", ["KernelTable"]),
    ("Sources/Inference", ["KernelTable", "Transformer", "Checkpoints"]),
    (
      "Sources/Benchmarks",
      [
        "KernelTable", "Transformer", "Optimizers", "GradientExchange", "Checkpoints", "Tokenizers", "TrainingJobs",
        "Inference", "Results", "WireProtocol",
      ]
    ),
    ("Sources/Metering", []),
    ("Sources/Checkpoints", ["Metering"]),
    ("Sources/Templates", []),
    ("Sources/Chat", ["Templates", "Tokenizers", "Checkpoints"]),
    ("Sources/Tokenizers", ["Metering"]),
    ("Sources/TextGeneration", ["Inference", "Checkpoints", "Tokenizers", "Transformer", "KernelTable"]),
    ("Sources/Serving", ["TextGeneration", "Inference", "Chat", "Templates", "Tokenizers", "Results"]),
    ("Sources/Corpora", ["Tokenizers", "Metering", "CZlib", "CZstd"]),
    ("Sources/GradientExchange", ["WireProtocol", "KernelTable", "CLZ4", "JobKit"]),
    ("Sources/Study", []),
    ("Sources/JobKit", ["WireProtocol"]),
    ("Sources/JobRunner", ["WireProtocol", "JobKit", "Transport", "GradientExchange", "KernelTable", "CLinux"]),
    ("Sources/Jobs/Pipeline", ["JobKit", "WireProtocol"]),
    (
      "Sources/Jobs/Study",
      ["JobKit", "WireProtocol", "Study", "TrainingJobs", "Transformer", "Checkpoints"]
    ),
    ("Sources/JobFiles", ["JobKit", "WireProtocol"]),
    ("Sources/Results", ["WireProtocol"]),
    ("Sources/Pricing", ["KernelTable", "Transformer", "Optimizers", "GradientExchange", "WireProtocol"]),
    ("Sources/Reports", ["JobFiles", "JobKit", "Results", "Study", "WireProtocol"]),
    (
      "Sources/Jobs/Training",
      [
        "JobKit", "Pricing", "WireProtocol", "KernelTable", "Transformer", "Optimizers", "Checkpoints", "Tokenizers",
        "Corpora", "GradientExchange", "Templates", "Chat",
      ]
    ),
    (
      "Sources/Jobs/Evaluation",
      [
        "JobKit", "WireProtocol", "KernelTable", "Transformer", "Checkpoints", "Tokenizers", "Templates", "Corpora",
        "Inference", "TrainingJobs", "Chat", "CLinux",
      ]
    ),
    ("Sources/StateFiles", ["WireProtocol"]),
    ("Sources/ControlClient", ["StateFiles", "WireProtocol", "Transport"]),
    ("coordinator/Core", ["WireProtocol"]),
    ("coordinator/Daemon", ["CoordinatorCore", "StateFiles", "WireProtocol", "Transport"]),
    ("workers/Core", ["WireProtocol"]),
    (
      "workers/Daemon",
      ["WorkerCore", "ControlClient", "StateFiles", "WireProtocol", "Transport", "CLinux"]
    ),
  ]

  static let ownModules: Set<String> = [
    "WireProtocol", "Transport", "CLinux", "CPrefetch", "CLibUV", "CLZ4", "CZlib", "CZstd", "KernelsAVX2",
    "KernelsAVX512", "KernelsPlain", "KernelTable", "Transformer", "Optimizers", "Checkpoints", "Tokenizers", "Corpora",
    "GradientExchange", "JobKit", "JobRunner", "JobFiles", "Results", "PipelineJob", "TrainingJobs", "EvaluationJob",
    "StateFiles", "ControlClient", "CoordinatorCore", "CoordinatorDaemon", "WorkerCore", "WorkerDaemon", "Benchmarks",
    "Study", "Reports", "Pricing", "Templates", "Inference", "Chat", "TextGeneration", "Serving", "StudyJobs", "admix",
  ]

  /// Who may import which library that is not ours.
  static let libraryUsers: [String: [String]] = [
    "Crypto": [
      "Sources/Checkpoints", "Sources/Corpora", "Sources/GradientExchange", "Sources/JobRunner",
      "Sources/ControlClient", "Sources/JobFiles", "Sources/StateFiles",
      "Sources/Jobs/Training", "Sources/Jobs/Evaluation", "Sources/Jobs/Study", "coordinator/Core",
      "coordinator/Daemon", "workers/Daemon", "Sources/admix", "Tests",
    ],
    "GRDB": ["coordinator/Daemon", "Tests"],
    "Yams": ["Sources/JobFiles", "Tests"],
    "ArgumentParser": ["Sources/admix", "Tests"],
    "Hummingbird": ["Sources/Serving", "Tests"],
    "HummingbirdCore": ["Sources/Serving"],
    "HTTPTypes": ["Sources/Serving", "Tests"],
    "Logging": ["Sources/Serving"],
    "NIOCore": ["Sources/Serving"],
    "ServiceLifecycle": ["Sources/Serving"],
  ]

  static func imports(of file: SourceTree.File) -> [String] {
    file.lines.compactMap { line in
      let words = line.split(separator: " ")
      guard let place = words.firstIndex(of: "import"), place <= 2, words.count > place + 1,
        !line.hasPrefix("//"), words[..<place].allSatisfy({ $0.first == "@" || $0 == "public" || $0 == "internal" })
      else { return nil }
      let name = ["struct", "class", "enum", "func"].contains(words[place + 1]) ? words[place + 2] : words[place + 1]
      return String(name.split(separator: ".")[0])
    }
  }

  @Test("Every part imports only what the architecture lets it")
  func importDirections() {
    var seen = 0
    for (path, mayImport) in Self.directions {
      for file in SourceTree.swiftFiles(below: path) {
        seen += 1
        for name in Self.imports(of: file) where Self.ownModules.contains(name) {
          #expect(mayImport.contains(name), "\(file.path) imports \(name)")
        }
      }
    }
    #expect(seen > 100, "the tree was not found")
  }

  @Test("Third-party libraries have named users")
  func namedLibraryUsers() {
    for file in SourceTree.allSwiftFiles {
      for name in Self.imports(of: file) {
        guard let users = Self.libraryUsers[name] else { continue }
        #expect(users.contains { file.path.hasPrefix($0 + "/") }, "\(file.path) imports \(name)")
      }
    }
  }

  @Test("The wire protocol imports nothing but the standard library, the kernels one instruction more")
  func pureParts() {
    for file in SourceTree.swiftFiles(below: "protocol") {
      #expect(Self.imports(of: file).isEmpty, "\(file.path) imports \(Self.imports(of: file))")
    }
    for file in SourceTree.swiftFiles(below: "Sources/Kernels") {
      #expect(Self.imports(of: file).allSatisfy { ["CPrefetch", "Glibc", "Musl"].contains($0) }, "\(file.path)")
    }
  }

  @Test("The study imports nothing: its bits are its own")
  func studyIsPure() {
    for file in SourceTree.swiftFiles(below: "Sources/Study") {
      #expect(Self.imports(of: file).isEmpty, "\(file.path)")
    }
  }

  @Test("Files are at most 400 lines long, lines at most 120 columns")
  func lengths() {
    for file in SourceTree.allSwiftFiles {
      #expect(file.lines.count <= 401, "\(file.path) has \(file.lines.count) lines")
      for (number, line) in file.lines.enumerated() {
        #expect(line.count <= 120, "\(file.path):\(number + 1) has \(line.count) columns")
      }
    }
  }

  @Test("Nothing that decodes what others wrote can trap")
  func bannedInDecoders() {
    let banned = ["try!", "as!", "fatalError(", "unsafeBitCast", "Int(bitPattern"]
    for directory in ["protocol", "Sources/Checkpoints", "Sources/Tokenizers", "Sources/Corpora"] {
      for file in SourceTree.swiftFiles(below: directory) {
        for (number, line) in file.lines.enumerated() where !line.trimmed.hasPrefix("//") {
          for word in banned {
            #expect(!line.contains(word), "\(file.path):\(number + 1) uses \(word)")
          }
        }
      }
    }
  }

  @Test("No job type's name stands in the coordinator or the workers")
  func jobTypesAreUnknownToTheCluster() {
    for directory in ["coordinator", "workers"] {
      for file in SourceTree.swiftFiles(below: directory) {
        for (number, line) in file.lines.enumerated() {
          let words = line.lowercased().split { !$0.isLetter }
          for name in ["cpt", "sft", "dpo", "pipeline", "sweep", "eval"] {
            #expect(!words.contains(Substring(name)), "\(file.path):\(number + 1) names \(name)")
          }
        }
      }
    }
  }

  @Test("No type shares its module's name, and unfinished work is not left in comments")
  func names() {
    for file in SourceTree.allSwiftFiles where !file.path.hasPrefix("Tests/TidyTests") {
      for (number, line) in file.lines.enumerated() {
        for mark in ["TODO", "FIXME", "HACK"] {
          #expect(!line.contains(mark), "\(file.path):\(number + 1) says \(mark)")
        }
        for module in Self.ownModules {
          for keyword in ["struct", "class", "final class", "enum", "protocol", "actor"] {
            let declaration = "public \(keyword) \(module)"
            let isType = line.hasPrefix(declaration) && line.dropFirst(declaration.count).first?.isLetter != true
            #expect(!isType, "\(file.path):\(number + 1)")
          }
        }
      }
    }
  }
}

extension String {
  fileprivate var trimmed: Substring { drop { $0 == " " } }
}
