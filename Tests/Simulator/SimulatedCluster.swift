import CoordinatorCore
import GradientExchange
import WireProtocol

/// A whole cluster in one thread of virtual time: the daemons' own cores and the runners' own round machine, with
/// everything around them played by chance under one seed.
public final class SimulatedCluster {
  public let seed: UInt64
  var choices: Choices
  var agenda = Agenda()
  /// Nanoseconds.
  public private(set) var time: UInt64 = 1_000_000_000
  var crashes: CrashPlan
  /// Folds everything that happens: equal for equal seeds.
  public private(set) var trace: UInt64 = 0
  public private(set) var eventCount = 0
  /// Written when it is not nil, for a look at one seed.
  public var log: ((String) -> Void)?
  /// Crashes and other trouble begin only before this time, so that every run can end.
  let troubleEnd: UInt64

  let workload: SimulatedWorkload
  var coordinator: SimulatedCoordinator!
  var hosts: [SimulatedHost] = []
  var client: SimulatedClient!
  let network: SimulatedNetwork
  /// The coordinator's store: survives its crashes.
  var store: [Digest: StoredBlob] = [:]
  var checks: Invariants
  public internal(set) var counters = Counters()

  public struct Counters: Sendable {
    public init() {}
    public var commits = 0
    public var crashes = 0
    public var resets = 0
    public var stops = 0
    public var copies = 0
    public var fetchFailures = 0
    public var retries = 0
    public var resumes = 0
    public var slicesComputed = 0
    public var slicesRecomputed = 0
  }

  public init(seed: UInt64) {
    self.seed = seed
    // Mixed first: seeds in a row would else draw the same numbers, one place apart.
    choices = Choices(seed: Choices.mixed(seed &+ 0x5EED))
    crashes = CrashPlan(seed: seed, choices: &choices)
    workload = SimulatedWorkload(seed: seed, choices: &choices)
    network = SimulatedNetwork()
    troubleEnd = time + UInt64(choices.within(20...90)) * 1_000_000_000
    checks = Invariants(workload: workload, replaysTwice: seed % 16 == 7)
    coordinator = SimulatedCoordinator(self)
    let hostCount = choices.within(2...5)
    for index in 0..<hostCount { hosts.append(SimulatedHost(self, index: index)) }
    client = SimulatedClient(self)
  }

  /// Runs until the job has ended, or the virtual time limit; returns what went against a promise.
  public func run(limitSeconds: UInt64 = 3600) -> [String] {
    coordinator.start()
    for host in hosts { after(.milliseconds(choices.within(0...3000))) { host.start() } }
    client.start()
    Disturbances.plan(self)
    let limit = time + limitSeconds * 1_000_000_000
    while let next = agenda.next(), !client.isDone, checks.violations.isEmpty {
      guard next.time <= limit else {
        checks.violated("the job has not ended after \(limitSeconds) s: \(client.lastReason)")
        break
      }
      time = next.time
      eventCount += 1
      next.action()
    }
    if !client.isDone, checks.violations.isEmpty { checks.violated("nothing is left to happen: \(client.lastReason)") }
    if checks.violations.isEmpty { checks.checkEnd(self) }
    counters.slicesComputed = checks.slicesComputed
    counters.slicesRecomputed = checks.slicesRecomputed
    return checks.violations
  }

  /// How often each crash point was died at.
  public var visitedCrashPoints: [CrashPoint: Int] { crashes.visited }

  // MARK: Time

  var now: MonotonicTime { MonotonicTime(nanoseconds: time) }
  var moment: Moment { Moment(monotonic: now, unixMilliseconds: 1_700_000_000_000 + time / 1_000_000) }
  var isTroubled: Bool { time < troubleEnd }

  func after(_ delay: Duration, _ action: @escaping () -> Void) {
    agenda.add(at: time + UInt64(max(0, delay.wholeNanoseconds)), action)
  }

  /// Runs `action` in the process, unless that life of it is over; while it is stopped, when it goes on.
  func after(_ delay: Duration, in process: SimulatedProcess, _ action: @escaping () -> Void) {
    let life = process.life
    func attempt() {
      guard process.isAlive, process.life == life else { return }
      if process.stoppedUntil > time {
        agenda.add(at: process.stoppedUntil, attempt)
      } else {
        action()
      }
    }
    after(delay, attempt)
  }

  // MARK: Chance and trace

  func dies(at point: CrashPoint) -> Bool {
    guard isTroubled, crashes.dies(at: point) else { return false }
    counters.crashes += 1
    note("crash at \(point.rawValue)", UInt64(CrashPoint.allCases.firstIndex(of: point) ?? 0))
    return true
  }

  func note(_ text: @autoclosure () -> String, _ word: UInt64) {
    trace = Choices.mixed(trace ^ time &+ word &* 0x9E37_79B9)
    if let log { log("\(Double(time / 1_000_000) / 1000) \(text())") }
  }
}

/// What a digest stands for in the store.
enum StoredBlob {
  case checkpoint(step: UInt64, chain: Digest, state: [UInt64])
  case model(state: [UInt64])
  case shard
}

extension SimulatedCluster.Counters {
  public mutating func add(_ other: Self) {
    commits += other.commits
    crashes += other.crashes
    resets += other.resets
    stops += other.stops
    copies += other.copies
    fetchFailures += other.fetchFailures
    retries += other.retries
    resumes += other.resumes
    slicesRecomputed += other.slicesRecomputed
    slicesComputed += other.slicesComputed
  }

  public var summary: String {
    "\(commits) commits, \(crashes) planned crashes, \(resets) resets, \(stops) stops, \(copies) copies asked, "
      + "\(resumes) resumes, \(retries) retries, \(fetchFailures) failed fetches, "
      + "\(slicesRecomputed) of \(slicesComputed) slices computed again"
  }
}
