/// How keys and values of all layers lie in a page of `tokens` tokens: for each layer and key head the panels of
/// Kernels/AttentionPages.swift.
public struct PageLayout: Sendable {
  public let heads: AttentionHeads
  public let layers: Int
  /// A multiple of 32, so that panels of both builds are whole.
  public let tokens: Int
  let headFloats: Int

  public init(_ heads: AttentionHeads, layers: Int, tokens: Int, kernels: Kernels) {
    precondition(layers > 0 && tokens > 0 && tokens % 32 == 0, "pages of \(tokens) tokens")
    self.heads = heads
    self.layers = layers
    self.tokens = tokens
    headFloats = kernels.entries.pageFloats(tokens, heads.headDimension)
  }

  /// Floats of a page.
  public var floats: Int { layers * heads.keyValueHeads * headFloats }

  func offset(layer: Int, keyHead: Int) -> Int { (layer * heads.keyValueHeads + keyHead) * headFloats }
}

/// Where a token's key and value go.
public struct PagePlace {
  public let page: UnsafeMutablePointer<Float>
  /// Token of the page.
  public let slot: Int

  public init(page: UnsafeMutablePointer<Float>, slot: Int) {
    self.page = page
    self.slot = slot
  }
}

/// Consecutive tokens of one document in a batch, and the pages that hold the document from its first token to the last
/// of these; `counts` says how many tokens of each page are the document's.
public struct PagedSpan {
  /// Row of the first token in the batch.
  public let firstRow: Int
  public let tokens: Int
  /// Position of the first token in its document.
  public let firstPosition: Int
  let pages: [UnsafePointer<Float>]
  let counts: [Int]

  public init(firstRow: Int, tokens: Int, firstPosition: Int, pages: [UnsafePointer<Float>], counts: [Int]) {
    precondition(pages.count == counts.count && tokens > 0, "a span of \(tokens) tokens")
    precondition(counts.reduce(0, +) >= firstPosition + tokens, "pages do not reach the span's last token")
    self.firstRow = firstRow
    self.tokens = tokens
    self.firstPosition = firstPosition
    self.pages = pages
    self.counts = counts
  }
}

extension Kernels {
  /// Puts keys and values[tokens, keyWidth], rowStride apart, of one layer into their places.
  public func store(
    _ layout: PageLayout, layer: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>, rowStride: Int,
    places: [PagePlace], pool: ThreadPool
  ) {
    precondition(layer >= 0 && layer < layout.layers && rowStride >= layout.heads.keyWidth, "layer \(layer)")
    let d = layout.heads.headDimension
    pool.split(places.count, grain: elementsPerPiece / 4 / layout.heads.keyWidth) { first, count in
      for row in first..<first + count {
        let place = places[row]
        precondition(place.slot >= 0 && place.slot < layout.tokens, "slot \(place.slot) of a page")
        for head in 0..<layout.heads.keyValueHeads {
          let source = row * rowStride + head * d
          entries.storeInPage(
            1, d, keys + source, values + source, rowStride, place.page + layout.offset(layer: layer, keyHead: head),
            place.slot, layout.tokens)
        }
      }
    }
  }

  /// output[T, queryWidth] = causal attention of each span's queries[T, queryWidth] over the keys and values in its
  /// pages, its own among them.
  public func attend(
    _ layout: PageLayout, layer: Int, spans: [PagedSpan], queries: UnsafePointer<Float>, queryStride: Int,
    into output: UnsafeMutablePointer<Float>, outputStride: Int, pool: ThreadPool
  ) {
    let heads = layout.heads
    precondition(queryStride >= heads.queryWidth && outputStride >= heads.queryWidth, "attention's strides")
    let perBlock = max(1, entries.pagedQueryRows() / heads.group)
    var blocks: [(span: Int, first: Int, count: Int)] = []
    var scratch = 0
    for (index, span) in spans.enumerated() {
      for first in stride(from: 0, to: span.tokens, by: perBlock) {
        blocks.append((index, first, min(perBlock, span.tokens - first)))
      }
      scratch = max(
        scratch,
        entries.attendPagesScratchFloats(
          min(perBlock, span.tokens) * heads.group, span.firstPosition + span.tokens, heads.headDimension,
          layout.tokens))
    }
    // The blocks that see most first, so that the last thread to finish holds a short one.
    blocks.sort { spans[$0.span].firstPosition + $0.first > spans[$1.span].firstPosition + $1.first }
    pool.run(blocks.count * heads.keyValueHeads, scratchFloats: scratch) { task, scratch in
      let block = blocks[task / heads.keyValueHeads]
      let keyHead = task % heads.keyValueHeads
      let span = spans[block.span]
      let column = keyHead * heads.group * heads.headDimension
      let row = span.firstRow + block.first
      entries.attendPages(
        block.count, span.firstPosition + block.first, heads.group, heads.headDimension, heads.scale,
        queries + row * queryStride + column, queryStride, output + row * outputStride + column, outputStride,
        span.pages, layout.offset(layer: layer, keyHead: keyHead), span.counts, layout.tokens, scratch)
    }
  }
}
