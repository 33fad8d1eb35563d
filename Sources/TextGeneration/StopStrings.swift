/// Looks for the texts that end an answer, in pieces as they come. What could still become one of them is held back, so
/// that nobody sees the beginning of a stop text.
struct StopStrings {
  private let stops: [[UInt8]]
  private var held: [UInt8] = []

  init(_ stops: [String]) {
    self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
  }

  /// The text that may be shown now; `isStopped` once a stop text was found, which is not shown itself. Of several the
  /// one that begins first counts.
  mutating func append(_ piece: String) -> (text: String, isStopped: Bool) {
    guard !stops.isEmpty else { return (piece, false) }
    held += Array(piece.utf8)
    if let found = stops.compactMap({ firstPlace(of: $0) }).min() {
      let text = String(decoding: held[..<found], as: UTF8.self)
      held = []
      return (text, true)
    }
    let kept = stops.map { longestBeginning(of: $0) }.max() ?? 0
    let text = String(decoding: held[..<(held.count - kept)], as: UTF8.self)
    held.removeFirst(held.count - kept)
    return (text, false)
  }

  /// What was held back and became no stop text.
  mutating func finish() -> String {
    defer { held = [] }
    return String(decoding: held, as: UTF8.self)
  }

  private func firstPlace(of stop: [UInt8]) -> Int? {
    guard held.count >= stop.count else { return nil }
    return (0...(held.count - stop.count)).first { held[$0...].starts(with: stop) }
  }

  /// Bytes at the end that are the beginning of `stop`. They begin with a character, as `stop` does.
  private func longestBeginning(of stop: [UInt8]) -> Int {
    let longest = min(stop.count - 1, held.count)
    return (0...longest).reversed().first { held[(held.count - $0)...].elementsEqual(stop[..<$0]) } ?? 0
  }
}
