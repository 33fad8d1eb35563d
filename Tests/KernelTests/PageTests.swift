import KernelTable
import Testing

/// Attention over pages, with training's attention over the whole document as its twin (which has a naive one itself).
struct PageTests {
  /// Documents cut into pages of odd fillings and into spans of odd lengths; all give the document's own bits.
  @Test func pagesGiveTheBitsOfTheWholeDocument() {
    for (heads, keyValueHeads, d, length) in [(2, 1, 4, 37), (6, 2, 10, 101), (9, 3, 64, 150), (3, 3, 34, 70), (60, 1, 6, 40)] {
      let shape = AttentionHeads(heads: heads, keyValueHeads: keyValueHeads, headDimension: d)
      let (q, k) = (heads * d, keyValueHeads * d)
      let queries = values(length * q, seed: 1)
      let keys = values(length * k, seed: 2)
      let values = values(length * k, seed: 3)
      let whole = Machines.equalBits("whole") { kernels, pool in
        let statistics = FloatBuffer(count: 2 * length * heads)
        return fenced(zeros: length * q) {
          kernels.attention(
            shape, documents: [DocumentSpan(start: 0, length: length)], queries: queries, keys: keys, values: values,
            into: $0, statistics: statistics.start, pool: pool)
        }
      }
      for cuts in [[length], [1, 2, 20, length - 23], Array(repeating: 1, count: length)] {
        let paged = Machines.equalBits("\(heads) heads of \(d), spans \(cuts.prefix(5))") { kernels, pool in
          fenced(zeros: length * q) { output in
            let document = PagedDocument(shape, kernels, fillings: [5, 32, 1, 31, 17])
            document.store(keys, values, count: length, kernels, pool)
            var first = 0
            for count in cuts {
              let span = PagedSpan(
                firstRow: first, tokens: count, firstPosition: first, pages: document.pages, counts: document.counts)
              kernels.attend(
                document.layout, layer: 1, spans: [span], queries: queries, queryStride: q, into: output,
                outputStride: q, pool: pool)
              first += count
            }
          }
        }
        #expect(paged == whole, "\(heads) heads of \(d), spans \(cuts.prefix(5))")
      }
    }
  }
}

/// A document in pages of two layers, in the second of which it is.
private final class PagedDocument {
  let layout: PageLayout
  private(set) var counts: [Int] = []
  private var memory: [FloatBuffer] = []
  private let fillings: [Int]

  init(_ shape: AttentionHeads, _ kernels: Kernels, fillings: [Int]) {
    layout = PageLayout(shape, layers: 2, tokens: 32, kernels: kernels)
    self.fillings = fillings
  }

  var pages: [UnsafePointer<Float>] { memory.map { UnsafePointer($0.start) } }

  func store(_ keys: [Float], _ values: [Float], count: Int, _ kernels: Kernels, _ pool: ThreadPool) {
    var places: [PagePlace] = []
    while places.count < count {
      let page = FloatBuffer(count: layout.floats)
      // What another document left there.
      page.start.update(repeating: .nan, count: layout.floats)
      let filling = min(fillings[memory.count % fillings.count], count - places.count)
      memory.append(page)
      counts.append(filling)
      places += (0..<filling).map { PagePlace(page: page.start, slot: $0) }
    }
    kernels.store(
      layout, layer: 1, keys: keys, values: values, rowStride: layout.heads.keyValueHeads * layout.heads.headDimension,
      places: places, pool: pool)
  }
}
