/// Beginnings of documents whose keys and values are kept for those to come, by their tokens: a few-shot context, a
/// system prompt, a conversation so far. An edge is one page, or the part of it that belongs to a document; edges of
/// one node may begin alike. What was used last is evicted last, leaves before what they hang on.
final class PrefixTree {
  private final class Node {
    let tokens: [Int32]
    let use: CachedPrefix.Use?
    unowned let parent: Node?
    /// By first token.
    var children: [Int32: [Node]] = [:]
    var lastUsed = 0

    init(tokens: [Int32], use: CachedPrefix.Use?, parent: Node?) {
      self.tokens = tokens
      self.use = use
      self.parent = parent
    }
  }

  private let root = Node(tokens: [], use: nil, parent: nil)
  private var clock = 0
  private(set) var edges = 0
  private(set) var evictions = 0

  /// The longest kept beginning of `tokens`.
  func longestPrefix(of tokens: ArraySlice<Int32>) -> CachedPrefix {
    clock += 1
    var prefix = CachedPrefix()
    for (node, count) in path(from: root, tokens).steps {
      node.lastUsed = clock
      if let use = node.use { prefix.append(.init(page: use.page, count: count)) }
    }
    return prefix
  }

  private func path(from node: Node, _ tokens: ArraySlice<Int32>) -> (steps: [(Node, Int)], count: Int) {
    var best: (steps: [(Node, Int)], count: Int) = ([], 0)
    guard let first = tokens.first, let children = node.children[first] else { return best }
    for child in children {
      let common = commonPrefix(child.tokens[...], tokens)
      // The rest cannot be found below an edge that is left in its middle.
      let below = common == child.tokens.count ? path(from: child, tokens.dropFirst(common)) : (steps: [], count: 0)
      if common + below.count > best.count { best = ([(child, common)] + below.steps, common + below.count) }
    }
    return best
  }

  /// Keeps `prefix`, which holds the first tokens of `tokens`.
  func insert(_ tokens: ArraySlice<Int32>, _ prefix: CachedPrefix) {
    precondition(tokens.count >= prefix.count, "\(prefix.count) cached tokens of \(tokens.count)")
    clock += 1
    var node = root
    var rest = tokens
    for use in prefix.uses where use.count > 0 {
      let edge = Array(rest.prefix(use.count))
      rest = rest.dropFirst(use.count)
      let same = node.children[edge[0]]?.first { $0.use?.page === use.page && $0.tokens == edge }
      let child = same ?? Node(tokens: edge, use: use, parent: node)
      if same == nil {
        node.children[edge[0], default: []].append(child)
        edges += 1
      }
      child.lastUsed = clock
      node = child
    }
  }

  /// Forgets the leaf that was not used for longest; false when nothing is kept.
  func evictOne() -> Bool {
    var oldest: Node?
    var open = [root]
    while let node = open.popLast() {
      if node !== root, node.children.isEmpty, node.lastUsed < oldest?.lastUsed ?? .max { oldest = node }
      for children in node.children.values { open += children }
    }
    guard let leaf = oldest, let parent = leaf.parent else { return false }
    parent.children[leaf.tokens[0]]?.removeAll { $0 === leaf }
    if parent.children[leaf.tokens[0]]?.isEmpty == true { parent.children[leaf.tokens[0]] = nil }
    edges -= 1
    evictions += 1
    return true
  }

  func removeAll() {
    root.children = [:]
    edges = 0
  }
}

/// Tokens that both begin with.
func commonPrefix(_ one: ArraySlice<Int32>, _ other: ArraySlice<Int32>) -> Int {
  var count = 0
  for (a, b) in zip(one, other) {
    guard a == b else { break }
    count += 1
  }
  return count
}
