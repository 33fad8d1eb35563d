/// A weight [width, depth] (out, in) packed once into the panels that products read: [panel][step][column], so that a
/// product of one row streams it from memory in order, and one of many rows needs no packing of it.
///
/// Rows are set once, before the matrix is used; from then on it does not change.
public final class PanelMatrix {
  /// How elements lie in memory. Products widen in registers, so every storage gives the bits of its fp32 values.
  public enum Storage: Sendable, Hashable {
    case fp32
    case bf16
    /// code · scale + offset, rounded once, where code · scale is exact: unsigned codes of 4 or 8 bits, a scale and an
    /// offset for every `group` (16 or 32) elements of a row. `depth` is a multiple of the group.
    case codes(bits: Int, group: Int)
  }

  /// Rows, the outputs of a product.
  public let width: Int
  /// Elements of a row, the inputs.
  public let depth: Int
  public let storage: Storage
  /// `width` in whole panels: columns of a product's output that are written.
  public let paddedWidth: Int
  let columns: Int
  /// Floats, or words of 32 bits, of a panel.
  let panelStride: Int
  let buffer: FloatBuffer
  /// Whether the short form of a 4-bit code's weight has its bits, for every group of codes.
  private(set) var raisesExactly = true
  private let kernels: Kernels

  public init(width: Int, depth: Int, storage: Storage, kernels: Kernels) {
    precondition(width > 0 && depth > 0, "a matrix of \(width) × \(depth)")
    if case .codes(let bits, let group) = storage {
      precondition(bits == 4 || bits == 8, "codes of \(bits) bits")
      precondition(group == 16 || group == 32, "groups of \(group) codes")
      precondition(depth % group == 0, "rows of \(depth) elements in groups of \(group)")
    }
    self.width = width
    self.depth = depth
    self.storage = storage
    self.kernels = kernels
    columns = kernels.entries.rightPanelColumns()
    paddedWidth = (width + columns - 1) / columns * columns
    switch storage {
    case .fp32: panelStride = depth * columns
    case .bf16: panelStride = (depth + 1) / 2 * columns
    case .codes(let bits, let group): panelStride = depth / group * (2 + group * bits / 32) * columns
    }
    buffer = FloatBuffer(count: paddedWidth / columns * panelStride)
  }

  /// Bytes of the panels.
  public var byteCount: Int { 4 * buffer.count }

  var panels: Int { paddedWidth / columns }

  /// The storage's number in the kernels, and the group of its codes.
  var kind: (storage: Int, group: Int) {
    switch storage {
    case .fp32: (0, 1)
    case .bf16: (1, 2)
    case .codes(4, let group): (2, group)
    case .codes(_, let group): (3, group)
    }
  }

  /// Sets rows `first` ..< first + count from floats [count, depth].
  public func setRows(_ first: Int, count: Int, _ rows: UnsafePointer<Float>, pool: ThreadPool) {
    precondition(storage == .fp32, "rows of floats for a matrix of \(storage)")
    eachPanel(first, count, pool) { panel, row, lane, lanes in
      for k in 0..<depth {
        for l in 0..<lanes { panel[k * columns + lane + l] = rows[(row + l) * depth + k] }
      }
    }
  }

  /// Sets rows from bfloat16 [count, depth].
  public func setRows(_ first: Int, count: Int, _ rows: UnsafePointer<UInt16>, pool: ThreadPool) {
    precondition(storage == .bf16, "rows of bfloat16 for a matrix of \(storage)")
    eachPanel(first, count, pool) { panel, row, lane, lanes in
      for k in stride(from: 0, to: depth, by: 2) {
        for l in 0..<lanes {
          let source = rows + (row + l) * depth + k
          let word = UInt32(source[0]) | (k + 1 < depth ? UInt32(source[1]) << 16 : 0)
          panel[k / 2 * columns + lane + l] = Float(bitPattern: word)
        }
      }
    }
  }

  /// Sets rows from codes [count, depth], scales and offsets [count, depth / group].
  public func setRows(
    _ first: Int, count: Int, codes: UnsafePointer<UInt8>, scales: UnsafePointer<Float>,
    offsets: UnsafePointer<Float>, pool: ThreadPool
  ) {
    guard case .codes(let bits, let group) = storage else { preconditionFailure("codes for a matrix of \(storage)") }
    let perWord = 32 / bits
    raisesExactly =
      raisesExactly && bits == 4
      && (0..<count * (depth / group)).allSatisfy { kernels.entries.raisesExactly(scales[$0], offsets[$0]) == 1 }
    eachPanel(first, count, pool) { panel, row, lane, lanes in
      for l in 0..<lanes {
        for g in 0..<depth / group {
          let block = panel + g * (2 + group / perWord) * columns + lane + l
          block[0] = scales[(row + l) * (depth / group) + g]
          block[columns] = offsets[(row + l) * (depth / group) + g]
          let source = codes + (row + l) * depth + g * group
          for word in 0..<group / perWord {
            var packed: UInt32 = 0
            for i in 0..<perWord { packed |= UInt32(source[word * perWord + i]) << UInt32(i * bits) }
            block[(2 + word) * columns] = Float(bitPattern: packed)
          }
        }
      }
    }
  }

  /// Writes a row's elements as floats.
  public func copyRow(_ row: Int, into floats: UnsafeMutablePointer<Float>) {
    precondition(row >= 0 && row < width, "row \(row) of \(width)")
    let panel = buffer.start + row / columns * panelStride + row % columns
    switch storage {
    case .fp32:
      for k in 0..<depth { floats[k] = panel[k * columns] }
    case .bf16:
      for k in 0..<depth {
        let word = panel[k / 2 * columns].bitPattern
        floats[k] = Float(bitPattern: k % 2 == 0 ? word << 16 : word & 0xFFFF_0000)
      }
    case .codes(let bits, let group):
      let perWord = 32 / bits
      for g in 0..<depth / group {
        let block = panel + g * (2 + group / perWord) * columns
        for i in 0..<group {
          let word = block[(2 + i / perWord) * columns].bitPattern
          let code = word >> UInt32(i % perWord * bits) & (1 << UInt32(bits) - 1)
          floats[g * group + i] = block[columns].addingProduct(Float(code), block[0])
        }
      }
    }
  }

  /// `body(panel, row, lane, lanes)`: rows row ..< row + lanes of the source are the panel's columns from `lane`.
  private func eachPanel(
    _ first: Int, _ count: Int, _ pool: ThreadPool, _ body: (UnsafeMutablePointer<Float>, Int, Int, Int) -> Void
  ) {
    precondition(first >= 0 && count >= 0 && first + count <= width, "rows \(first) to \(first + count) of \(width)")
    guard count > 0 else { return }
    let firstPanel = first / columns
    pool.run((first + count - 1) / columns - firstPanel + 1) { index in
      let panel = firstPanel + index
      let start = max(first, panel * columns)
      let end = min(first + count, (panel + 1) * columns)
      body(buffer.start + panel * panelStride, start - first, start - panel * columns, end - start)
    }
  }
}
