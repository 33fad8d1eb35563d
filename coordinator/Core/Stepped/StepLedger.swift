import WireProtocol

/// The committed steps of one phase, as the journal has them: what any state that a runner reports must fit.
struct StepLedger: Sendable {
  /// `digests[t − 1]` is step t's.
  private var digests: [Digest] = []
  /// `chains[t]` is the chain after step t; `chains[0]` is zero.
  private var chains: [Digest] = [.zero]

  /// The last committed step; 0 before the first.
  var last: UInt64 { UInt64(digests.count) }

  func digest(of step: UInt64) -> Digest? {
    guard step > 0, step <= last, let index = Int(exactly: step - 1) else { return nil }
    return digests[index]
  }

  /// The chain after `step`; nil beyond the last committed step.
  func chain(after step: UInt64) -> Digest? {
    guard step <= last, let index = Int(exactly: step) else { return nil }
    return chains[index]
  }

  func fits(step: UInt64, chain: Digest) -> Bool { self.chain(after: step) == chain }

  mutating func append(digest: Digest, chain: Digest) {
    digests.append(digest)
    chains.append(chain)
  }
}
