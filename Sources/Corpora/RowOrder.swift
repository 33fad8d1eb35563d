/// Which part of a source's stream a draw reads.
///
/// A source's stream is its training documents in hash order, again and again without end; one time through is a pass
/// of N tokens. Row g is the T tokens from position g·T on: a pass's tail that fills no row continues into the next
/// pass, so no token is left out and every pass is cut differently unless T divides N. Pass k has the rows that start
/// in it, ⌈kN/T⌉ ≤ g < ⌈(k+1)N/T⌉. A source's draws go through the passes one after the other, through the rows of each
/// in the order of a keyed permutation of (seed, source, pass): every row of a pass is drawn exactly once before the
/// next pass begins, and the d-th draw is found without knowing any other.
struct RowOrder: Sendable {
  let streamTokens: Int
  let sequenceLength: Int
  let seed: UInt64
  let source: String

  /// Precondition: streamTokens ≥ sequenceLength > 0.
  init(streamTokens: Int, sequenceLength: Int, seed: UInt64, source: String) {
    precondition(sequenceLength > 0 && streamTokens >= sequenceLength)
    self.streamTokens = streamTokens
    self.sequenceLength = sequenceLength
    self.seed = seed
    self.source = source
  }

  /// Rows of the endless stream that start before the pass.
  func rowsBefore(pass: Int) -> Int { (pass * streamTokens + sequenceLength - 1) / sequenceLength }

  func rowCount(pass: Int) -> Int { rowsBefore(pass: pass + 1) - rowsBefore(pass: pass) }

  /// The pass to which the source's draw number `draw` belongs.
  func pass(ofDraw draw: Int) -> Int { draw * sequenceLength / streamTokens }

  /// The row of the endless stream that the draw reads.
  func row(ofDraw draw: Int) -> Int {
    let pass = pass(ofDraw: draw)
    let first = rowsBefore(pass: pass)
    let order = KeyedPermutation(
      count: rowCount(pass: pass), key: rowOrderKey(seed: seed, source: source, pass: pass))
    return first + order(draw - first)
  }

  /// Position in one pass at which the row starts.
  func position(ofRow row: Int) -> Int { row * sequenceLength % streamTokens }
}
