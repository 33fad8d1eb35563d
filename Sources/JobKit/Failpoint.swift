/// A named place in a process at which a test ends or stops it: `ADMIX_FAILPOINT=name:step:action`, several separated
/// by commas. Honoured only by processes started with `--failpoints`. Parsing only: whoever reaches the place acts.
public struct Failpoint: Hashable, Sendable {
  public enum Action: String, Sendable, CaseIterable {
    /// SIGKILL to itself.
    case kill
    /// SIGKILL to its supervisor, the worker, and to itself: the host as good as gone.
    case killWorker = "kill-worker"
    /// SIGSTOP to itself.
    case stop
    /// An orderly exit with status 1.
    case exit
  }
  public let name: String
  public let step: UInt64
  public let action: Action
  public init(name: String, step: UInt64, action: Action) {
    self.name = name
    self.step = step
    self.action = action
  }

  /// What the environment variable says. `names` are the places this process has; others belong to other roles.
  public static func parse(_ text: String, names: Set<String>) throws(FailpointError) -> [Failpoint] {
    var points: [Failpoint] = []
    for part in text.split(separator: ",") {
      let fields = part.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 3, let step = UInt64(fields[1]), let action = Action(rawValue: fields[2]) else {
        throw FailpointError(found: String(part))
      }
      if names.contains(fields[0]) { points.append(Failpoint(name: fields[0], step: step, action: action)) }
    }
    return points
  }
}

/// `ADMIX_FAILPOINT` is not of its form.
public struct FailpointError: Error, Equatable, Sendable, CustomStringConvertible {
  public let found: String
  public var description: String {
    let actions = Failpoint.Action.allCases.map(\.rawValue).joined(separator: " | ")
    return "ADMIX_FAILPOINT: \"\(found)\" is not name:step:action with action \(actions)"
  }
}
