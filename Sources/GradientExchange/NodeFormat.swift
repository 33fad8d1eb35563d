/// How the values of a payload are written; part of the recipe for gradients, always `float64` for statistics. All
/// little-endian.
public enum NodeFormat: UInt8, Sendable, CaseIterable {
  case fp32
  case bf16
  case float64

  public var byteCountPerValue: Int {
    switch self {
    case .fp32: 4
    case .bf16: 2
    case .float64: 8
    }
  }
}

/// The values of one node of one chunk, rounded to their format: canonical, uncompressed bytes. Never changed once they
/// are made, so that threads may share them.
///
/// `@unchecked Sendable` is true because `bytes` is written only inside `init`, before anyone else has the object.
public final class NodeValues: @unchecked Sendable {
  public let format: NodeFormat
  public let count: Int
  private let memory: UnsafeMutableRawBufferPointer

  /// `fill` writes all bytes, which are not zeroed before.
  public init<Failure: Error>(
    format: NodeFormat, count: Int, fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    precondition(count >= 0)
    self.format = format
    self.count = count
    memory = NodeMemory.take(count * format.byteCountPerValue)
    // When it throws, `deinit` runs: everything is set by now.
    try fill(memory)
  }

  deinit { NodeMemory.giveBack(memory) }

  /// Valid as long as the object lives; use inside `withExtendedLifetime` or `withBytes`.
  private var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(memory) }

  public var byteCount: Int { memory.count }

  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(bytes)
  }

  /// The values of a `float64` payload.
  public var doubles: [Double] {
    precondition(format == .float64, "statistics are Doubles")
    return withBytes { Array($0.bindMemory(to: Double.self)) }
  }

  public convenience init(_ doubles: [Double]) {
    self.init(format: .float64, count: doubles.count) { bytes in
      doubles.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }
  }
}

extension NodeValues: Equatable {
  /// Equal bits: NaNs of one pattern are equal, zeros of two signs are not.
  public static func == (a: NodeValues, b: NodeValues) -> Bool {
    a.format == b.format && a.withBytes { x in b.withBytes { y in x.elementsEqual(y) } }
  }
}
