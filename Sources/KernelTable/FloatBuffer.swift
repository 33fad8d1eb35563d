import Glibc

/// Floats on the heap at an address that does not move, aligned to a cache line, zero at first. Freed with the object.
public final class FloatBuffer {
  /// Address of the first float.
  public let start: UnsafeMutablePointer<Float>
  /// Number of floats.
  public let count: Int

  /// Pages of a large buffer are taken from the system as they are first touched.
  public init(count: Int) {
    precondition(count >= 0, "a buffer cannot hold \(count) floats")
    self.count = count
    let bytes = max(64, count * MemoryLayout<Float>.stride)
    // calloc maps zeroed pages lazily; 64 bytes more let the start move up to a cache line.
    guard let memory = calloc(1, bytes + 64) else {
      preconditionFailure("the system has no \(bytes) bytes of memory left for a buffer")
    }
    allocation = memory
    let address = UInt(bitPattern: memory)
    let offset = Int((64 - address % 64) % 64)
    start = (memory + offset).bindMemory(to: Float.self, capacity: max(16, count))
  }

  deinit {
    free(allocation)
  }

  private let allocation: UnsafeMutableRawPointer
}
