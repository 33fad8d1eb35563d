import Glibc
import JobKit
import Synchronization

/// The failpoints of this process; each acts once.
final class Failpoints: Sendable {
  enum Place: String, CaseIterable {
    /// In the middle of a slice's gradient.
    case computing
    /// After the step's first node has left.
    case sendingNodes = "sending-nodes"
    /// All roots are here, PREPARED is not said.
    case beforePrepared = "before-prepared"
    /// Between PREPARED and COMMIT.
    case afterPrepared = "after-prepared"
    /// COMMIT is here, nothing is applied.
    case beforeApply = "before-apply"
    /// Applied, APPLIED is not said.
    case afterApply = "after-apply"
    /// The checkpoint's files are written, not published.
    case savingCheckpoint = "saving-checkpoint"
  }

  private let points: Mutex<[Failpoint]>

  init(_ points: [Failpoint]) { self.points = Mutex(points) }

  /// What the environment asks for, if this process may honour it.
  static func fromEnvironment() throws(FailpointError) -> Failpoints {
    guard let allowed = getenv("ADMIX_FAILPOINTS_ENABLED"), String(cString: allowed) == "1",
      let text = getenv("ADMIX_FAILPOINT")
    else { return Failpoints([]) }
    return Failpoints(try Failpoint.parse(String(cString: text), names: Set(Place.allCases.map(\.rawValue))))
  }

  /// Any thread.
  func reached(_ place: Place, step: UInt64) {
    let point = points.withLock { points -> Failpoint? in
      guard let index = points.firstIndex(where: { $0.name == place.rawValue && $0.step == step }) else { return nil }
      return points.remove(at: index)
    }
    switch point?.action {
    case .kill: kill(getpid(), SIGKILL)
    case .killWorker:
      kill(getppid(), SIGKILL)
      kill(getpid(), SIGKILL)
    case .stop: kill(getpid(), SIGSTOP)
    case .exit: exit(1)
    case nil: break
    }
  }
}
