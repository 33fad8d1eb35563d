import GradientExchange
import Glibc
import JobKit

/// Where a slice's gradient is made: fp32, zero at first, and given back to the system as chunks become final. So a
/// worker holds the gradient of a few layers and of the embedding, not of the whole model, beside the nodes.
///
/// Pages are asked for in pieces of 2 MiB (`MADV_HUGEPAGE`): taking one costs what zeroing it would, while 4 KiB pages
/// would cost a fault each. Where the system has none it gives small ones, and all stays the same but for time.
final class GradientMemory {
  let start: UnsafeMutablePointer<Float>
  let count: Int
  private let mapping: UnsafeMutableRawPointer
  private let mappedBytes: Int
  /// Of each piece, how many bytes are in use by the slice in hand.
  private var bytesInUse: [Int]

  private static let pieceBytes = 2 << 20
  private static let bytesPerFloat = 4

  /// - Throws: `MemoryShortage` when the system refuses the address space.
  init(count: Int) throws(MemoryShortage) {
    self.count = count
    let pieces = max(1, (count * Self.bytesPerFloat + Self.pieceBytes - 1) / Self.pieceBytes)
    // A piece more, so that the first can begin on its boundary.
    mappedBytes = (pieces + 1) * Self.pieceBytes
    let mapped = mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let mapped, mapped != MAP_FAILED else {
      throw MemoryShortage(byteCount: mappedBytes, reason: String(cString: strerror(errno)))
    }
    mapping = mapped
    let address = UInt(bitPattern: mapped)
    let aligned = mapped + Int((UInt(Self.pieceBytes) - address % UInt(Self.pieceBytes)) % UInt(Self.pieceBytes))
    madvise(aligned, pieces * Self.pieceBytes, MADV_HUGEPAGE)
    start = aligned.bindMemory(to: Float.self, capacity: pieces * Self.pieceBytes / Self.bytesPerFloat)
    bytesInUse = Array(repeating: 0, count: pieces)
  }

  deinit { munmap(mapping, mappedBytes) }

  /// All zero, for a new slice.
  func clear() {
    giveBack(0..<bytesInUse.count)
    for piece in bytesInUse.indices {
      bytesInUse[piece] = min(Self.pieceBytes, count * Self.bytesPerFloat - piece * Self.pieceBytes)
    }
  }

  /// Nothing of `range` is needed any more; it must not have been released since `clear`.
  func release(_ range: Range<Int>) {
    var bytes = range.lowerBound * Self.bytesPerFloat..<range.upperBound * Self.bytesPerFloat
    while !bytes.isEmpty {
      let piece = bytes.lowerBound / Self.pieceBytes
      let end = min(bytes.upperBound, (piece + 1) * Self.pieceBytes)
      bytesInUse[piece] -= end - bytes.lowerBound
      if bytesInUse[piece] == 0 { giveBack(piece..<piece + 1) }
      bytes = end..<bytes.upperBound
    }
  }

  /// The pages go; whoever reads there finds zeros.
  private func giveBack(_ pieces: Range<Int>) {
    let place = UnsafeMutableRawPointer(start) + pieces.lowerBound * Self.pieceBytes
    let status = madvise(place, pieces.count * Self.pieceBytes, MADV_DONTNEED)
    // It fails only for memory that is locked or not ours; and then the zeros would not be there.
    precondition(status == 0, "the gradient's memory cannot be given back: \(String(cString: strerror(errno)))")
  }
}

/// The system has no memory for what a step needs.
struct MemoryShortage: Error, CustomStringConvertible {
  let byteCount: Int
  let reason: String
  var description: String { "no \(byteCount) bytes of memory for the gradient: \(reason)" }
}
