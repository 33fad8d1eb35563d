import Synchronization

/// Which source every row comes from.
///
/// Slots are numbered from 0 over the whole run. The rule is the chairman assignment of R. Tijdeman (Discrete
/// Mathematics 32, 1980): with k sources of shares λ, before slot n (counted from 1) source i has been given x_i slots;
/// of those with λ_i n − x_i ≥ 1/(2k−2), the slot goes to the one with the earliest deadline, the least
/// (1 − 1/(2k−2) − (λ_i n − x_i)) / λ_i, the lowest number among equals. Then after every slot every count is within
/// 1 − 1/(2k−2) of λ_i n, which no other rule betters, and counts never fall (largest remainder does not have that).
///
/// All of it is integer arithmetic over `MixtureShares.denominator`: nothing drifts. The state repeats after
/// denominator / gcd slots (10 for 0.3 : 0.7), and otherwise a state is kept every 4096 slots, so that any slot is
/// found by replaying at most that many.
public final class MixtureSchedule: Sendable {
  /// A row of a source: `row` counts the source's rows from 0 over the whole run.
  public struct Draw: Hashable, Sendable {
    public var source: Int
    public var row: Int
  }

  static let stateInterval = 4096

  public let shares: MixtureShares
  /// Slots after which the assignment repeats.
  let period: Int
  private let initial: MixtureState
  private let replay: Mutex<Replay>

  private struct Replay {
    /// States after 0, 4096, 8192 … slots.
    var states: [MixtureState]
    /// The state that was used last, so that slots in order cost one assignment each.
    var current: MixtureState
  }

  public init(shares: MixtureShares) {
    self.shares = shares
    var divisor = MixtureShares.denominator
    for numerator in shares.numerators { divisor = Self.greatestCommonDivisor(divisor, numerator) }
    period = Int(MixtureShares.denominator / divisor)
    initial = MixtureState(shares)
    replay = Mutex(Replay(states: [initial], current: initial))
  }

  /// The row that slot `slot` holds. Precondition: slot ≥ 0.
  public func draw(slot: Int) -> Draw {
    precondition(slot >= 0)
    let rounds = slot / period
    var draw = replay.withLock { replay in
      Self.advance(&replay, to: slot % period)
      return Self.step(&replay)
    }
    draw.row += rounds * rowsPerPeriod(draw.source)
    return draw
  }

  /// Rows of each source among the first `slots` slots.
  public func counts(slots: Int) -> [Int] {
    precondition(slots >= 0)
    let rounds = slots / period
    let rest = replay.withLock { replay in
      Self.advance(&replay, to: slots % period)
      return replay.current.counts
    }
    return rest.indices.map { rest[$0] + rounds * rowsPerPeriod($0) }
  }

  private func rowsPerPeriod(_ source: Int) -> Int {
    Int(shares.numerators[source] / (MixtureShares.denominator / Int64(period)))
  }

  private static func advance(_ replay: inout Replay, to slot: Int) {
    let interval = slot / stateInterval
    if replay.current.slot > slot || replay.current.slot < min(interval, replay.states.count - 1) * stateInterval {
      replay.current = replay.states[min(interval, replay.states.count - 1)]
    }
    while replay.current.slot < slot { _ = step(&replay) }
  }

  private static func step(_ replay: inout Replay) -> Draw {
    let draw = replay.current.assign()
    if replay.current.slot == replay.states.count * stateInterval { replay.states.append(replay.current) }
    return draw
  }

  private static func greatestCommonDivisor(_ first: Int64, _ second: Int64) -> Int64 {
    var (a, b) = (first, second)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}

/// Where the assignment stands after some slots.
struct MixtureState: Sendable {
  private(set) var slot = 0
  private(set) var counts: [Int]
  /// λ_i · slot − counts_i, times the denominator: within ± the denominator, always.
  private var owed: [Int64]
  private let numerators: [Int64]
  /// 2k − 2 for k sources with a share; 1 stands for k = 1, where the one source takes every slot.
  private let slack: Int64

  init(_ shares: MixtureShares) {
    numerators = shares.numerators
    counts = [Int](repeating: 0, count: numerators.count)
    owed = [Int64](repeating: 0, count: numerators.count)
    let sources = numerators.lazy.filter { $0 > 0 }.count
    slack = max(1, Int64(2 * sources - 2))
  }

  /// Gives the next slot to a source.
  mutating func assign() -> MixtureSchedule.Draw {
    let denominator = MixtureShares.denominator
    var best = -1
    var bestTime: Int64 = 0
    for source in numerators.indices where numerators[source] > 0 {
      let demand = owed[source] + numerators[source]
      owed[source] = demand
      guard demand * slack >= denominator else { continue }
      // Time to the deadline is this over the share; compared crosswise, in 128 bits, to stay exact.
      let time = denominator * (slack - 1) - demand * slack
      if best >= 0 {
        let left = time.multipliedFullWidth(by: numerators[best])
        let right = bestTime.multipliedFullWidth(by: numerators[source])
        guard (left.high, left.low) < (right.high, right.low) else { continue }
      }
      best = source
      bestTime = time
    }
    // The demands add up to one whole, so at least one source is above 1/k ≥ 1/(2k−2).
    precondition(best >= 0)
    owed[best] -= denominator
    counts[best] += 1
    slot += 1
    return MixtureSchedule.Draw(source: best, row: counts[best] - 1)
  }
}
