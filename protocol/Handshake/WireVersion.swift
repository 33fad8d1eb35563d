/// The versions of the wire that this build speaks.
public enum WireVersion {
  /// Raised when a layout changes in a way that optional trailing fields cannot express.
  public static let current: UInt8 = 1
  public static let oldestSpoken: UInt8 = 1
  public static let spoken: ClosedRange<UInt8> = oldestSpoken...current

  /// The highest version that both ranges hold.
  public static func agreed(_ ours: ClosedRange<UInt8>, _ theirs: ClosedRange<UInt8>) -> UInt8? {
    ours.overlaps(theirs) ? min(ours.upperBound, theirs.upperBound) : nil
  }
}
