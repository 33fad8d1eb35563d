/// The kernels of one build, chosen at run time, with every shape checked before a kernel runs: kernels are compiled
/// without checks, where a wrong shape is undefined behaviour.
///
/// Legend of shapes in the extensions: T tokens (rows), D width, m×n×k a product's dimensions.
public struct Kernels: Sendable {
  public let instructionSet: InstructionSet
  let entries: KernelEntries

  /// - Throws: `InstructionSetError.unsupported` when this processor cannot run the build.
  public init(_ instructionSet: InstructionSet) throws(InstructionSetError) {
    guard instructionSet.isSupported else { throw .unsupported(instructionSet) }
    self.instructionSet = instructionSet
    entries = instructionSet.entries
  }

  /// The kernels for this processor, or those that `ADMIX_ISA` names.
  ///
  /// - Throws: `InstructionSetError`, whose description says what to do.
  public static func forThisProcessor(
    requested: String? = InstructionSet.requestedByEnvironment
  ) throws(InstructionSetError) -> Kernels {
    try Kernels(InstructionSet.choose(requested: requested))
  }
}

extension ThreadPool {
  /// Cuts `items` into pieces of at least `grain` and runs `body(first, count)` for each. Where the cuts lie cannot
  /// matter to a body that treats items independently.
  func split(_ items: Int, grain: Int, _ body: (Int, Int) -> Void) {
    let pieces = max(1, min(items / max(1, grain), 4 * threads))
    let size = (items + pieces - 1) / pieces
    run(pieces) { piece in
      let first = piece * size
      let count = min(size, items - first)
      if count > 0 { body(first, count) }
    }
  }
}

/// Elements below which waking another thread costs more than it saves.
let elementsPerPiece = 16_384
