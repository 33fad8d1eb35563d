import GradientExchange
import WireProtocol

/// What the codec thread holds: digests of roots, made as they arrive. Only that thread touches it.
final class CodecThread {
  private var digests: [NodeKey: Digest] = [:]

  func hashRoot(_ key: NodeKey, _ values: NodeValues) {
    if digests[key] == nil { digests[key] = ReducedDigest.chunk(values) }
  }

  /// The step's digest: over the digests of all roots, statistics last.
  func stepDigest(_ roots: [(key: NodeKey, values: NodeValues)]) -> Digest {
    for root in roots { hashRoot(root.key, root.values) }
    return ReducedDigest.joined(roots.compactMap { digests[$0.key] })
  }

  func forget(before round: Round) { digests = digests.filter { $0.key.round >= round } }
}
