import JobKit
import KernelTable
import Synchronization

/// Memory for the values of whole chunks, used again and again.
///
/// A step makes and drops thousands of nodes of two sizes, on one thread and then on another. The C library keeps what
/// was freed by the thread that had asked for it, so that another one's nodes took new memory: 0.4 GB of a runner whose
/// nodes were 0.5 GB at most at any moment (docs/PERFORMANCE.md). Here a block that was given back is the next one
/// that is taken, whoever asks, and its bytes may still be in the processor's cache. Blocks lie in huge pages
/// (`FloatBuffer`). Nothing is returned to the system: the next step needs as much again.
enum NodeMemory {
  /// A whole chunk in `fp32`; two in `bf16`.
  private static let blockBytes = chunkParameterCount * NodeFormat.fp32.byteCountPerValue
  /// Blocks that are asked for at once; pages are taken from the system as they are first touched.
  private static let blocksPerSlab = 16

  private struct Blocks {
    /// Addresses of free blocks of each size, the last to be taken first. Integers, since any thread may take them.
    var free: [Int: [UInt]] = [:]
    var slabs: [FloatBuffer] = []

    mutating func take(_ byteCount: Int) -> UInt {
      if let block = free[byteCount]?.popLast() { return block }
      let slab = FloatBuffer(count: blocksPerSlab * blockBytes / MemoryLayout<Float>.stride)
      slabs.append(slab)
      let start = UInt(bitPattern: slab.start)
      // The lowest address is taken first, so that pages are filled one after the other.
      let blocks = stride(from: 0, to: blocksPerSlab * blockBytes, by: byteCount).map { start + UInt($0) }
      free[byteCount, default: []].append(contentsOf: blocks.reversed())
      return free[byteCount]?.popLast() ?? start
    }
  }

  private static let blocks = Mutex(Blocks())

  /// Whether values of that many bytes come from here: whole chunks of gradients and of the state. Few others are made.
  static func serves(_ byteCount: Int) -> Bool { byteCount == blockBytes || byteCount == blockBytes / 2 }

  /// `byteCount` bytes that hold anything, aligned to a cache line.
  static func take(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
    guard serves(byteCount) else { return .allocate(byteCount: byteCount, alignment: 64) }
    let address = blocks.withLock { $0.take(byteCount) }
    return UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(bitPattern: address), count: byteCount)
  }

  static func giveBack(_ memory: UnsafeMutableRawBufferPointer) {
    guard serves(memory.count) else { return memory.deallocate() }
    let address = UInt(bitPattern: memory.baseAddress)
    blocks.withLock { $0.free[memory.count, default: []].append(address) }
  }
}
