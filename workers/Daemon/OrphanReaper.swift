internal import CLinux
internal import Glibc
internal import Transport

/// Makes the worker the subreaper of its descendants: what a plugin forks, and lets go of, becomes the worker's child
/// and is ended and waited for here, so that it neither outlives its job nor stays behind as a zombie.
///
/// On the control loop's thread. Only for a process that is a worker and nothing else.
final class OrphanReaper {
  /// Processes that libuv waits for.
  private let runners: () -> Set<Int32>
  private var timer: LoopTimer?

  init(loop: EventLoop, runners: @escaping () -> Set<Int32>) throws(TransportError) {
    self.runners = runners
    guard admix_become_subreaper() == 0 else {
      throw .system(call: "prctl(PR_SET_CHILD_SUBREAPER)", reason: String(cString: strerror(errno)))
    }
    // Not at SIGCHLD: it comes once for several children, and an orphan may stand behind a runner of libuv's.
    timer = loop.schedule(after: .milliseconds(500), repeating: .milliseconds(500)) { [self] in reapAll() }
  }

  func cancel() {
    timer?.cancel()
    timer = nil
  }

  /// Kills what was left behind, once no runner lives that it could belong to, and waits for what has ended. False when
  /// there was something: what it had forked becomes ours with its death, so another round has to follow.
  @discardableResult
  func reapAll() -> Bool {
    let runners = runners()
    // Orphans come to the process's first thread; runners are children of the loop's thread.
    let orphans = runners.isEmpty ? ProcessMemory.children(of: getpid()) : []
    for orphan in orphans { kill(orphan, SIGKILL) }
    while true {
      let ended = admix_peek_ended_child()
      guard ended > 0, !runners.contains(ended) else { break }
      var status: Int32 = 0
      guard waitpid(ended, &status, WNOHANG) == ended else { break }
    }
    return orphans.isEmpty
  }
}
