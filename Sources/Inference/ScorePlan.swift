/// The order in which requests are computed, and who computes what they have in common. Requests sorted by their tokens
/// are a walk through the tree of their beginnings: each computes what the one before it has not.
struct ScorePlan {
  /// The part of a request that no request before it has, and whose logits are wanted in it.
  struct Segment {
    let request: Int
    let input: [Int32]
    /// Tokens shared with the segment before.
    let shared: Int
    /// By position in the input, ascending: which tokens of which requests are scored there.
    fileprivate(set) var targets: [Int: [Target]] = [:]

    /// Where the first logits are wanted, at the latest the last token.
    var firstOutput: Int { targets.keys.min() ?? input.count }
  }

  struct Target {
    let request: Int
    /// Index in the continuation.
    let index: Int
    let token: Int32
  }

  private(set) var segments: [Segment] = []

  init(_ requests: [ScoreRequest]) {
    let inputs = requests.map(\.input)
    let order = requests.indices.sorted { a, b in
      inputs[a] == inputs[b] ? a < b : inputs[a].lexicographicallyPrecedes(inputs[b])
    }
    // The segments along the path to the last one, with where each begins: position p is the last one's that begins
    // at p or before.
    var path: [(segment: Int, start: Int)] = []
    for request in order {
      let input = inputs[request]
      let shared = segments.last.map { commonPrefix($0.input[...], input[...]) } ?? 0
      while let last = path.last, last.start >= shared, path.count > 0 { path.removeLast() }
      segments.append(Segment(request: request, input: input, shared: shared))
      path.append((segments.count - 1, shared))
      let contextCount = requests[request].context.count
      for (index, token) in requests[request].continuation.enumerated() {
        let position = contextCount - 1 + index
        guard let owner = path.last(where: { $0.start <= position })?.segment else { continue }
        segments[owner].targets[position, default: []].append(Target(request: request, index: index, token: token))
      }
    }
  }
}
