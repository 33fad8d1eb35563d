import Synchronization

/// Where the work is, written by the compute thread and read by the loop: the latest value only.
final class ProgressBoard: Sendable {
  struct Entry: Sendable {
    var activity = "starting"
    var fraction = -1.0
    /// Counts writes: silence of a runner means that this stands still.
    var marks: UInt64 = 0
    /// The activity is one long read or write of files, which tells nothing until it is done.
    var isOpaque = false
  }

  private let entry = Mutex(Entry())

  /// `isOpaque`: counts as moving until the next note. How long it has taken stands in `status`; whether a disk hangs
  /// or is just slow is for a person to judge, and evicting the runner would only make another one write the same.
  func note(_ activity: String, _ fraction: Double = -1, isOpaque: Bool = false) {
    entry.withLock {
      $0.activity = activity
      $0.isOpaque = isOpaque
      $0.fraction = fraction.isNaN ? -1 : fraction
      $0.marks &+= 1
    }
  }

  /// Something moved that is no activity of its own: a frame of the exchange, on a link that takes its time.
  func move() { entry.withLock { $0.marks &+= 1 } }

  var latest: Entry { entry.withLock { $0 } }
}
