// swift-tools-version:6.1
import PackageDescription

// The package reads as the architecture: an entry names a part, where it lives and what it may import.
// `Tests/TidyTests` checks the same directions in the sources.

/// Settings every Swift target shares.
let shared: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
]

/// The kernels are one source built once per instruction set (the folders are links to `Sources/Kernels`). Swift
/// generates code for the `-march` that Clang is given.
/// `-fno-math-errno`: a square root is one vector instruction, not sixteen scalar ones with a call for negative ones.
func kernels(_ name: String, flags: [String]) -> Target {
  .target(
    name: name, dependencies: ["CPrefetch"], path: "Sources/\(name)",
    swiftSettings: shared + [.unsafeFlags(["-Ounchecked", "-Xcc", "-fno-math-errno"] + flags)])
}

#if arch(x86_64)
  let kernelBuilds = [
    kernels("KernelsAVX2", flags: ["-Xcc", "-march=x86-64-v3", "-DISA_AVX2"]),
    kernels("KernelsAVX512", flags: ["-Xcc", "-march=x86-64-v4", "-DISA_AVX512"]),
  ]
#else
  // arm64: NEON with fused multiply-add is what every processor has.
  let kernelBuilds = [kernels("KernelsPlain", flags: [])]
#endif

func part(_ name: String, _ path: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
  .target(name: name, dependencies: dependencies, path: path, exclude: exclude, swiftSettings: shared)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [], exclude: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude, resources: resources,
    swiftSettings: shared)
}

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")

let package = Package(
  name: "admix",
  products: [.executable(name: "admix", targets: ["admix"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "3.12.3"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    // Without its traits: configuration files and all of Foundation are not needed.
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
    // What Hummingbird's interfaces are made of.
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
  ],
  targets: [
    // What Swift cannot reach by itself.
    .target(name: "CLinux", path: "Sources/CLinux"),
    .systemLibrary(name: "CPrefetch", path: "Sources/CPrefetch"),
    .systemLibrary(name: "CLibUV", path: "Sources/CLibUV", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
    .systemLibrary(name: "CLZ4", path: "Sources/CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
    .systemLibrary(name: "CZstd", path: "Sources/CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // The wire.
    part("WireProtocol", "protocol", exclude: ["SPEC.md", "Golden"]),
    part("Transport", "Sources/Transport", ["WireProtocol", "CLibUV", "CLZ4", "CLinux"]),

    // The compute core.
    part("KernelTable", "Sources/KernelTable", kernelBuilds.map { .byName(name: $0.name) } + ["CLinux"]),
    part("Transformer", "Sources/Transformer", ["KernelTable"]),
    part("Optimizers", "Sources/Optimizers", ["KernelTable"]),
    part("Inference", "Sources/Inference", ["KernelTable", "Transformer", "Checkpoints"]),

    // Files.
    part("Metering", "Sources/Metering"),
    part("Checkpoints", "Sources/Checkpoints", ["Metering", crypto]),
    part("Tokenizers", "Sources/Tokenizers", ["Metering"]),
    part("Corpora", "Sources/Corpora", ["Tokenizers", "Metering", "CZlib", "CZstd", crypto]),

    // Gradients between runners.
    part("GradientExchange", "Sources/GradientExchange", ["JobKit", "WireProtocol", "KernelTable", "CLZ4", crypto]),

    // What a sweep's cells say: laws, the choice of ratio and learning rate, its transfer. Pure arithmetic.
    part("Study", "Sources/Study"),

    // Jobs and the processes that run them.
    part("JobKit", "Sources/JobKit", ["WireProtocol"]),
    // KernelTable for the layout of what GradientExchange holds of it: without the edge an incremental build would keep
    // objects that were compiled against an older one.
    part(
      "JobRunner", "Sources/JobRunner",
      ["JobKit", "WireProtocol", "Transport", "GradientExchange", "KernelTable", "CLinux"]),
    part(
      "TrainingJobs", "Sources/Jobs/Training",
      [
        "JobKit", "Pricing", "WireProtocol", "KernelTable", "Transformer", "Optimizers", "Checkpoints", "Tokenizers",
        "Corpora", "GradientExchange", "Templates", "Chat", crypto,
      ]),

    // Templates of chats and of evaluation tasks.
    part("Templates", "Sources/Templates"),
    // Conversations in the words and tokens of a model.
    part("Chat", "Sources/Chat", ["Templates", "Tokenizers", "Checkpoints"]),

    // `Tasks` holds the task files that scripts/embed-tasks.py makes string literals of.
    part(
      "EvaluationJob", "Sources/Jobs/Evaluation",
      [
        "JobKit", "WireProtocol", "KernelTable", "Transformer", "Checkpoints", "Tokenizers", "Templates", "Corpora",
        "Inference", "TrainingJobs", "Chat", "CLinux", crypto,
      ], exclude: ["Tasks"]),
    part("PipelineJob", "Sources/Jobs/Pipeline", ["JobKit", "WireProtocol"]),
    part(
      "StudyJobs", "Sources/Jobs/Study",
      ["JobKit", "WireProtocol", "Study", "TrainingJobs", "Transformer", "Checkpoints", crypto]),
    part("JobFiles", "Sources/JobFiles", ["JobKit", "WireProtocol", "Yams", crypto]),
    part("Results", "Sources/Results", ["WireProtocol"]),
    part(
      "Benchmarks", "Sources/Benchmarks",
      [
        "KernelTable", "Transformer", "Optimizers", "GradientExchange", "Checkpoints", "Tokenizers", "TrainingJobs",
        "Inference", "Results", "WireProtocol",
      ]),
    part("Pricing", "Sources/Pricing", ["KernelTable", "Transformer", "Optimizers", "GradientExchange", "WireProtocol"]),
    part("Reports", "Sources/Reports", ["JobFiles", "JobKit", "Results", "Study", "WireProtocol"]),

    // The cluster.
    part("StateFiles", "Sources/StateFiles", ["WireProtocol", crypto]),
    part("ControlClient", "Sources/ControlClient", ["StateFiles", "WireProtocol", "Transport"]),
    part("CoordinatorCore", "coordinator/Core", ["WireProtocol", crypto]),
    part(
      "CoordinatorDaemon", "coordinator/Daemon",
      [
        "CoordinatorCore", "StateFiles", "WireProtocol", "Transport",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    part("WorkerCore", "workers/Core", ["WireProtocol"]),
    part(
      "WorkerDaemon", "workers/Daemon",
      ["WorkerCore", "ControlClient", "StateFiles", "WireProtocol", "Transport", "CLinux"]),

    // Texts from a model, for the terminal and over HTTP. HTTP is a target of its own: workers do not need it.
    part(
      "TextGeneration", "Sources/TextGeneration",
      ["Inference", "Checkpoints", "Tokenizers", "Transformer", "KernelTable"]),
    part(
      "Serving", "Sources/Serving",
      [
        "TextGeneration", "Inference", "Chat", "Templates", "Tokenizers", "Results",
        .product(name: "Hummingbird", package: "hummingbird"), .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]),

    // The command line.
    .executableTarget(
      name: "admix",
      dependencies: [
        "CoordinatorDaemon", "WorkerDaemon", "JobRunner", "TrainingJobs", "EvaluationJob", "PipelineJob", "StudyJobs",
        "JobFiles", "Results",
        "Reports", "Pricing", "Transformer", "ControlClient", "StateFiles", "KernelTable", "Benchmarks", "Tokenizers",
        "Corpora", "JobKit", "WireProtocol", "Transport", "CLinux", "Study", "Serving", "TextGeneration",
        "Inference", "Chat", "Checkpoints",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/admix", swiftSettings: shared),

    // Tests. `TidyTests` reads the sources themselves; `TestSupport` is what several of them share.
    part("TestSupport", "Tests/TestSupport"),
    tests("ClusterTests", ["TestSupport", "admix", "WireProtocol"], exclude: ["two-hosts.sh", "full-disk.sh"]),
    tests(
      "TrainingJobTests",
      [
        "TrainingJobs", "JobFiles", "JobKit", "KernelTable", "Transformer", "Corpora", "Chat", "Checkpoints",
        "Tokenizers", "Inference", "TrainingSupport", "TestSupport", "WireProtocol", crypto,
      ]),
    tests(
      "EvaluationJobTests",
      [
        "EvaluationJob", "JobFiles", "JobKit", "KernelTable", "Templates", "Tokenizers", "TestSupport", "WireProtocol",
        "Chat", "Checkpoints", "TrainingJobs", "admix",
      ], exclude: ["Fixtures"]),
    tests("BadInputTests", ["TestSupport", "admix", crypto]),
    tests("TidyTests", []),
    tests(
      "CommandLineTests",
      [
        "Results", "ControlClient", "JobKit", "KernelTable", "WireProtocol", "TestSupport", "admix", "Chat", "Inference",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    tests(
      "ServingTests",
      [
        "Serving", "TextGeneration", "Inference", "Results", "Tokenizers", "TestSupport", "admix",
        .product(name: "Hummingbird", package: "hummingbird"), .product(name: "HTTPTypes", package: "swift-http-types"),
      ]),
    tests("TemplateTests", ["Templates"], exclude: ["Fixtures"]),
    tests("ChatTests", ["Chat", "Templates", "Tokenizers", "Checkpoints", "TestSupport"], exclude: ["Fixtures"]),
    tests("PricingTests", ["Pricing", "Transformer", "KernelTable"]),
    tests("ReportTests", ["Reports", "Results", "Study", "WireProtocol"], exclude: ["Fixtures"]),
    tests("JobFileTests", ["JobFiles", "JobKit", "PipelineJob", "WireProtocol"]),
    tests("CheckpointTests", ["Checkpoints", "Metering", "TestSupport"], exclude: ["Fixtures"]),
    tests("TokenizerTests", ["Tokenizers", "Corpora", "Metering", "TestSupport", crypto], exclude: ["Fixtures"]),
    tests("StudyTests", ["Study"], exclude: ["Fixtures"]),
    tests(
      "StudyJobTests", ["StudyJobs", "PipelineJob", "JobFiles", "JobKit", "TestSupport", "WireProtocol"]),
    tests("CorporaTests", ["Corpora", "Tokenizers", "Metering", "CZlib", "CZstd", "TestSupport", crypto]),
    tests("KernelTests", ["KernelTable"]),
    tests("GradientExchangeTests", ["GradientExchange", "KernelTable", "WireProtocol"]),
    // A runner with a job type of the tests' own, built as a third party would build one.
    part("ToyJobs", "Tests/ToyJobs", ["JobKit", "WireProtocol"]),
    .executableTarget(
      name: "toy-runner", dependencies: ["JobRunner", "ToyJobs", "GradientExchange", "WireProtocol", "WorkerDaemon"],
      path: "Tests/ToyRunner", swiftSettings: shared),
    tests(
      "JobRunnerTests",
      ["toy-runner", "ToyJobs", "JobRunner", "JobKit", "WireProtocol", "Transport", "GradientExchange", "CLinux"]),
    // What keeps the design honest: promises about the whole, on processes that run the toy.
    tests(
      "DesignTests",
      [
        "toy-runner", "ToyJobs", "TestSupport", "CoordinatorDaemon", "ControlClient", "GradientExchange", "JobFiles",
        "JobKit", "PipelineJob", "Transport", "WireProtocol", crypto,
      ]),
    // A model with its optimizer, for tests and for the process that they run on other processors.
    part(
      "TrainingSupport", "Tests/TrainingSupport", ["Transformer", "Optimizers", "KernelTable"]),
    .executableTarget(
      name: "kernel-probe", dependencies: ["TrainingSupport", "Checkpoints", "Transformer", "Optimizers", "KernelTable"],
      path: "Tests/KernelProbe", swiftSettings: shared),
    tests(
      "TransformerTests",
      ["kernel-probe", "TrainingSupport", "Checkpoints", "Transformer", "Optimizers", "KernelTable", "TestSupport"],
      exclude: ["Fixtures"]),
    tests("OptimizerTests", ["Optimizers", "KernelTable"]),
    tests(
      "InferenceTests",
      ["Inference", "TrainingSupport", "Checkpoints", "Transformer", "KernelTable", "TrainingJobs", "TestSupport"]),
    tests("WireProtocolTests", ["WireProtocol"]),
    // A runner for tests, in a process of its own.
    .executableTarget(
      name: "DaemonTestRunner", dependencies: ["WorkerDaemon", "Transport", "WireProtocol"],
      path: "Tests/DaemonTestRunner", swiftSettings: shared),
    tests(
      "DaemonTests",
      [
        "DaemonTestRunner", "CoordinatorDaemon", "CoordinatorCore", "WorkerDaemon", "ControlClient", "Transport",
        "StateFiles", "WireProtocol",
      ]),
    tests("TransportTests", ["Transport", "WireProtocol", crypto]),

    // A whole cluster in virtual time: the daemons own cores under one seed.
    .target(
      name: "ClusterSimulator",
      dependencies: ["CoordinatorCore", "WorkerCore", "GradientExchange", "WireProtocol"],
      path: "Tests/Simulator", swiftSettings: shared),
    tests("SimulationTests", ["ClusterSimulator"]),
    tests("CoordinatorCoreTests", ["CoordinatorCore", "WireProtocol"]),
    tests("WorkerCoreTests", ["WorkerCore", "WireProtocol"]),
  ] + kernelBuilds
)
