import Glibc

/// The directory that holds a run's checkpoints, `step-000010` and so on.
public struct CheckpointRoot: Sendable {
  public struct Rejection: Sendable {
    public let path: String
    public let reason: CheckpointError
  }

  public let path: String

  public init(path: String) { self.path = path }

  /// `step-000010`; longer from step one million on.
  public static func name(step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits
  }

  /// Steps of the entries named like checkpoints, ascending, whether sound or not.
  public func steps() throws -> [Int] {
    guard try entryExists(path) else { return [] }
    return try entryNames(path).compactMap { name in
      guard name.hasPrefix("step-"), let step = Int(name.dropFirst(5)), Self.name(step: step) == name else {
        return nil
      }
      return step
    }.sorted()
  }

  /// The newest checkpoint whose every byte is as it was written, and those newer that are not, with reasons.
  ///
  /// A root that does not exist has none. Damage is a rejection; a system that does not let us look (permissions, too
  /// many open files) is an error, because going on from an older step would then throw away good work.
  public func newestValid() throws -> (found: CheckpointDirectory?, rejected: [Rejection]) {
    var rejected: [Rejection] = []
    for step in try steps().reversed() {
      let candidate = joinPath(path, Self.name(step: step))
      do {
        let checkpoint = try CheckpointDirectory.open(candidate, verify: true)
        guard checkpoint.state.step == step else {
          throw CheckpointError(
            .inconsistent, file: candidate, field: "step", found: "\(checkpoint.state.step)", expected: "\(step)")
        }
        return (checkpoint, rejected)
      } catch let error as CheckpointError where error.isDamage {
        rejected.append(Rejection(path: candidate, reason: error))
      }
    }
    return (nil, rejected)
  }

  /// Removes checkpoints older than the newest `keep` that are whole (by manifest and sizes); damaged ones do not
  /// count as kept, so the last good one stays. Each is renamed first: a kill leaves no half checkpoint.
  ///
  /// - Returns: the paths removed.
  @discardableResult
  public func prune(keep: Int) throws -> [String] {
    precondition(keep >= 1, "pruning all checkpoints")
    var kept = 0
    var removed: [String] = []
    for step in try steps().reversed() {
      let candidate = joinPath(path, Self.name(step: step))
      if kept >= keep {
        try discard(candidate)
        removed.append(candidate)
      } else if (try? CheckpointDirectory.open(candidate, verify: false)) != nil {
        kept += 1
      }
    }
    return removed
  }

  private func discard(_ candidate: String) throws {
    let random = String(UInt64.random(in: .min ... .max), radix: 36)
    let aside = joinPath(path, "\(StagedDirectory.temporaryPrefix)pruned-\(getpid())-\(random)")
    guard rename(candidate, aside) == 0 else { throw CheckpointError.system("renaming it", candidate) }
    try removeTree(aside)
  }

  /// Removes what writers that were killed left behind; the temporary directories of living ones stay.
  ///
  /// - Returns: the paths removed.
  @discardableResult
  public func removeLeftovers() throws -> [String] {
    guard try entryExists(path) else { return [] }
    var removed: [String] = []
    for name in try entryNames(path) where name.hasPrefix(StagedDirectory.temporaryPrefix) {
      let leftover = joinPath(path, name)
      let descriptor = open(leftover, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
      defer { if descriptor >= 0 { close(descriptor) } }
      if descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK { continue }
      try removeTree(leftover)
      removed.append(leftover)
    }
    return removed
  }
}

extension CheckpointError {
  /// Whether the files are at fault rather than our access to them.
  fileprivate var isDamage: Bool {
    guard let systemError else { return true }
    return [ENOENT, ENOTDIR, EISDIR, ELOOP, EIO, ENXIO].contains(systemError)
  }
}
