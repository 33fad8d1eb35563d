import CLinux
import Glibc

/// The builds of the kernels. All give the same bits; they differ in speed.
public enum InstructionSet: String, Sendable, CaseIterable {
  #if arch(x86_64)
    /// x86-64-v3: AVX2 and FMA.
    case avx2
    /// x86-64-v4: AVX-512.
    case avx512
  #else
    /// What every processor of the kind has: on arm64 NEON with fused multiply-add.
    case plain
  #endif

  /// Whether this processor and its operating system can run the build.
  public var isSupported: Bool {
    #if arch(x86_64)
      let sets = admix_processor_instruction_sets()
      switch self {
      case .avx2: return sets & UInt32(ADMIX_ISA_AVX2) != 0
      case .avx512: return sets & UInt32(ADMIX_ISA_AVX512) != 0
      }
    #else
      return true
    #endif
  }

  /// The name of the environment variable that forces a build.
  public static let environmentVariable = "ADMIX_ISA"

  /// What `ADMIX_ISA` says, nil when it is unset or empty.
  public static var requestedByEnvironment: String? {
    guard let value = getenv(environmentVariable) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
  }

  /// The build to use: the one asked for, else the fastest that this processor runs.
  ///
  /// - Throws: `InstructionSetError` for a name that is none of ours, or one that this processor cannot run.
  public static func choose(requested: String? = requestedByEnvironment) throws(InstructionSetError) -> Self {
    if let requested {
      guard let set = Self(rawValue: requested) else { throw .unknown(requested) }
      guard set.isSupported else { throw .unsupported(set) }
      return set
    }
    // The fastest stands last.
    guard let best = allCases.last(where: \.isSupported) else { throw .processorTooOld }
    return best
  }
}

/// Why no build of the kernels can be used.
public enum InstructionSetError: Error, Equatable, CustomStringConvertible {
  case unknown(String)
  case unsupported(InstructionSet)
  case processorTooOld

  private static let names = InstructionSet.allCases.map { "'\($0.rawValue)'" }.joined(separator: " or ")

  public var description: String {
    switch self {
    case .unknown(let name):
      "ADMIX_ISA is '\(name)'; expected \(Self.names). Unset it to let Admix choose."
    case .unsupported(let set):
      "ADMIX_ISA asks for \(set.rawValue), which this processor does not have. Unset it to let Admix choose."
    case .processorTooOld:
      "This processor has no AVX2 with FMA (x86-64-v3), which Admix needs to compute. Use a host from 2013 or later."
    }
  }
}
