import KernelTable

/// A page of the cache: keys and values of up to `PageLayout.tokens` consecutive tokens of one document, in all layers.
/// Tokens are appended and never changed, so documents with a common beginning share its pages, a page that is not full
/// among them: each knows how many of its tokens are its own, and only the first to go on writes behind them.
///
/// Freed with the last reference: by a document, or by the `PrefixTree`.
final class CachePage {
  let index: Int
  /// Slots that are written or promised.
  fileprivate(set) var filled = 0
  private let pages: CachePages

  fileprivate init(_ index: Int, _ pages: CachePages) {
    self.index = index
    self.pages = pages
  }

  deinit { pages.free(index) }

  var start: UnsafeMutablePointer<Float> { pages.memory.start + index * pages.layout.floats }
}

/// The memory of all pages: address space for as many as the limit allows, taken from the system as pages are used.
final class CachePages {
  let layout: PageLayout
  let capacity: Int
  fileprivate let memory: FloatBuffer
  /// Lowest index last, so that it is taken first and untouched memory stays untouched.
  private var freeIndices: [Int]

  init(_ layout: PageLayout, capacity: Int) {
    self.layout = layout
    self.capacity = capacity
    memory = FloatBuffer(count: capacity * layout.floats)
    freeIndices = (0..<capacity).reversed()
  }

  var used: Int { capacity - freeIndices.count }
  var isFull: Bool { freeIndices.isEmpty }

  func take() -> CachePage? {
    freeIndices.popLast().map { CachePage($0, self) }
  }

  fileprivate func free(_ index: Int) { freeIndices.append(index) }
}

/// The pages of a document's first `count` tokens.
struct CachedPrefix {
  /// A page and how many of its tokens are this document's.
  struct Use {
    let page: CachePage
    var count: Int
  }

  private(set) var uses: [Use] = []
  private(set) var count = 0

  /// The beginning of `length` tokens.
  func prefix(_ length: Int) -> CachedPrefix {
    precondition(length >= 0 && length <= count, "\(length) of \(count) cached tokens")
    var result = CachedPrefix()
    for use in uses where result.count < length {
      result.append(Use(page: use.page, count: min(use.count, length - result.count)))
    }
    return result
  }

  mutating func append(_ use: Use) {
    uses.append(use)
    count += use.count
  }

  /// Room for `tokens` more; returns their places, or nil when `take` has no page: then nothing is changed but pages
  /// that are unreferenced again.
  mutating func extend(_ tokens: Int, pageTokens: Int, take: () -> CachePage?) -> [PagePlace]? {
    var extended = self
    var places: [PagePlace] = []
    places.reserveCapacity(tokens)
    var rollback: (page: CachePage, filled: Int)?
    while places.count < tokens {
      let last = extended.uses.count - 1
      if last < 0 || extended.uses[last].count != extended.uses[last].page.filled
        || extended.uses[last].page.filled == pageTokens
      {
        guard let page = take() else {
          if let rollback { rollback.page.filled = rollback.filled }
          return nil
        }
        extended.uses.append(Use(page: page, count: 0))
        continue
      }
      let page = extended.uses[last].page
      if rollback == nil, page.filled > 0 { rollback = (page, page.filled) }
      let added = min(tokens - places.count, pageTokens - page.filled)
      for slot in page.filled..<page.filled + added { places.append(PagePlace(page: page.start, slot: slot)) }
      page.filled += added
      extended.uses[last].count += added
      extended.count += added
    }
    self = extended
    return places
  }
}
