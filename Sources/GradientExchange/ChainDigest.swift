public import WireProtocol

extension Digest {
  /// Said of a state that is no step's. No SHA-256 value is known that has these bits, and no chain starts from them.
  public static let noState = Digest(repeating: 0xff)

  /// The chain digest after a step with digest `step`: SHA-256(self ‖ step).
  public func chained(with step: Digest) -> Digest {
    ReducedDigest.joined([self, step])
  }
}
