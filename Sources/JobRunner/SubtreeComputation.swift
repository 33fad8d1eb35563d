import GradientExchange
import JobKit
import WireProtocol

/// The slices of a list of subtrees, computed one after the other, and joined to nodes chunk by chunk as they become
/// final: a subtree's node of a chunk leaves while the backward pass of the subtree's last slice still runs.
///
/// Pending nodes are kept rounded, as a binary counter along the tree: at most one node a level.
final class SubtreeComputation {
  let round: Round
  private let sliceCount: UInt32
  private let shape: ChunkShape
  private var subtrees: ArraySlice<SliceRange>
  private var nextSlice: UInt32 = 0
  /// Subtrees whose nodes were all handed out. The machine may ask for one once more before it has heard of them.
  private var finished: Set<SliceRange> = []
  /// For each chunk the nodes of the subtree in hand that wait for a sibling, left to right.
  private var pending: [[(range: SliceRange, values: NodeValues)]]

  /// Called with nodes of whole subtrees.
  typealias Emit = (NodeKey, NodeValues) -> Void

  init(round: Round, sliceCount: UInt32, shape: ChunkShape, subtrees: [SliceRange]) {
    self.round = round
    self.sliceCount = sliceCount
    self.shape = shape
    self.subtrees = subtrees[...]
    pending = Array(repeating: [], count: shape.gradientChunkCount + 1)
    nextSlice = subtrees.first?.lower ?? 0
  }

  var isDone: Bool { subtrees.isEmpty }

  /// Takes a new list for the same round; the subtree in hand goes on if it is first in it.
  func replaceSubtrees(_ wanted: [SliceRange]) {
    let new = wanted.filter { !finished.contains($0) }
    if let current = subtrees.first, nextSlice > current.lower, let place = new.firstIndex(of: current) {
      subtrees = [current] + new[..<place] + new[(place + 1)...]
      return
    }
    subtrees = new[...]
    restart()
  }

  /// Nothing more is wanted for now.
  func stop() { replaceSubtrees([]) }

  private func restart() {
    for chunk in pending.indices { pending[chunk] = [] }
    nextSlice = subtrees.first?.lower ?? 0
  }

  /// Computes one slice. `gradient` has room for all parameters, and gives a chunk's back when the chunk is rounded;
  /// `observe` hears of each chunk that became final.
  func computeNextSlice(
    _ member: any SteppedMember, gradient: GradientMemory, arithmetic: NodeArithmetic,
    observe: (_ chunk: Int, _ slice: UInt32) -> Void, emit: Emit
  ) throws {
    guard let subtree = subtrees.first else { return }
    let slice = nextSlice
    gradient.clear()
    var missing = (0..<shape.gradientChunkCount).map { shape.parameters(ofChunk: $0).count }
    func finish(_ chunk: Int) {
      observe(chunk, slice)
      let range = shape.parameters(ofChunk: chunk)
      let leaf = arithmetic.rounded(gradient.start + range.lowerBound, count: range.count, to: shape.format)
      gradient.release(range)
      join(leaf, chunk: chunk, slice: slice, in: subtree, arithmetic, emit)
    }
    let statistics = try member.computeSlice(step: round.step, slice: Int(slice), gradient: gradient.start) { ready in
      let range = ready.clamped(to: 0..<shape.parameterCount)
      guard !range.isEmpty else { return }
      for chunk in range.lowerBound / chunkParameterCount...(range.upperBound - 1) / chunkParameterCount {
        let part = shape.parameters(ofChunk: chunk).clamped(to: range)
        guard missing[chunk] > 0 else { continue }
        missing[chunk] -= part.count
        if missing[chunk] <= 0 { finish(chunk) }
      }
    }
    // Whatever the plugin did not announce is final now. From the last chunk down, as backward passes go.
    for chunk in missing.indices.reversed() where missing[chunk] > 0 { finish(chunk) }
    guard statistics.count == shape.statisticsCount else {
      throw PluginMistake("computeSlice returned \(statistics.count) statistics, not \(shape.statisticsCount)")
    }
    join(NodeValues(statistics), chunk: shape.gradientChunkCount, slice: slice, in: subtree, arithmetic, emit)
    nextSlice += 1
    if nextSlice == subtree.upper {
      finished.insert(subtree)
      subtrees = subtrees.dropFirst()
      restart()
    }
  }

  private func join(
    _ leaf: NodeValues, chunk: Int, slice: UInt32, in subtree: SliceRange, _ arithmetic: NodeArithmetic, _ emit: Emit
  ) {
    var node = (range: SliceRange(slice, slice + 1), values: leaf)
    while node.range != subtree,
      let relation = CanonicalTree.parent(of: node.range, sliceCount: sliceCount), relation.right == node.range,
      let left = pending[chunk].last, left.range == relation.left
    {
      pending[chunk].removeLast()
      node = (relation.parent, arithmetic.sum(left.values, node.values))
    }
    if node.range == subtree {
      emit(NodeKey(round: round, chunk: UInt32(chunk), range: subtree), node.values)
    } else {
      pending[chunk].append(node)
    }
  }
}

/// A job type broke its side of the contract; its author's mistake, told to the user.
struct PluginMistake: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
