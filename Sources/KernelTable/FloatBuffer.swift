import Glibc

/// Floats on the heap at an address that does not move, aligned to a cache line, zero at first. Freed with the object.
///
/// Memory of large buffers is asked for in pages of 2 MiB where the system gives them: a product touches hundreds of
/// rows far apart, more than there are entries for pages of 4 KiB in the processor's tables; and the first touch of a
/// buffer costs one fault in place of 512.
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
    let mapped = bytes >= Self.hugePage
    // 64 bytes, or a huge page, more let the start move up to where it is aligned.
    let alignment = mapped ? Self.hugePage : 64
    reserved = bytes + alignment
    isMapped = mapped
    let memory = mapped ? Self.map(reserved) : calloc(1, reserved)
    guard let memory else { preconditionFailure("the system has no \(bytes) bytes of memory left for a buffer") }
    allocation = memory
    let aligned = memory + (alignment - Int(UInt(bitPattern: memory) % UInt(alignment))) % alignment
    if mapped {
      // Whole huge pages only, so that no more memory is taken than asked for. Where the system has none, nothing
      // changes; so the answer does not matter.
      _ = madvise(aligned, bytes / Self.hugePage * Self.hugePage, MADV_HUGEPAGE)
    }
    start = aligned.bindMemory(to: Float.self, capacity: max(16, count))
  }

  /// Makes `range` zero. Whole huge pages of a large buffer go back to the system, which gives zeros when they are
  /// touched again.
  public func clear(_ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "\(range) of \(count) floats")
    let page = Self.hugePage / MemoryLayout<Float>.stride
    let first = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound / page * page
    guard isMapped, first < end, madvise(start + first, 4 * (end - first), MADV_DONTNEED) == 0 else {
      return (start + range.lowerBound).update(repeating: 0, count: range.count)
    }
    (start + range.lowerBound).update(repeating: 0, count: first - range.lowerBound)
    (start + end).update(repeating: 0, count: range.upperBound - end)
  }

  deinit {
    if isMapped {
      munmap(allocation, reserved)
    } else {
      free(allocation)
    }
  }

  private let allocation: UnsafeMutableRawPointer
  private let reserved: Int
  private let isMapped: Bool

  /// Bytes of a huge page on x86-64, and of one on arm64 with base pages of 4 KiB.
  private static let hugePage = 2 << 20

  private static func map(_ bytes: Int) -> UnsafeMutableRawPointer? {
    let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    return memory == MAP_FAILED ? nil : memory
  }
}
