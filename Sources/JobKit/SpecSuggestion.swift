/// The word of `known` that `word` was probably meant to be: the least edit distance, at most a third of the length, or
/// one that begins the other. Nil when none is near.
public func nearest(to word: String, among known: [String]) -> String? {
  let wanted = canonical(word)
  var best: (word: String, distance: Int)?
  for candidate in known {
    let name = canonical(candidate)
    var distance = editDistance(wanted, name)
    if min(wanted.count, name.count) >= 4, wanted.starts(with: name) || name.starts(with: wanted) {
      distance = min(distance, 2)
    }
    guard distance <= max(1, min(wanted.count, name.count) / 3) else { continue }
    if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
  }
  return best?.word
}

/// Case and separators are the commonest slips: `learningRate`, `learning-rate`.
private func canonical(_ word: String) -> [Character] {
  Array(word.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " })
}

/// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  // A key as long as the file must not cost its square.
  guard a.count <= 128, b.count <= 128 else { return max(a.count, b.count) }
  var rowBefore = [Int](repeating: 0, count: b.count + 1)
  var row = Array(0...b.count)
  for i in 0..<a.count {
    var next = [i + 1] + [Int](repeating: 0, count: b.count)
    for j in 0..<b.count {
      next[j + 1] = min(row[j + 1] + 1, next[j] + 1, row[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { next[j + 1] = min(next[j + 1], rowBefore[j - 1] + 1) }
    }
    rowBefore = row
    row = next
  }
  return row[b.count]
}
