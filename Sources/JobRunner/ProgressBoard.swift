import Synchronization

/// Where the work is, written by the compute thread and read by the loop: the latest value only.
final class ProgressBoard: Sendable {
  struct Entry: Sendable {
    var activity = "starting"
    var fraction = -1.0
    /// Counts writes: silence of a runner means that this stands still.
    var marks: UInt64 = 0
  }

  private let entry = Mutex(Entry())

  func note(_ activity: String, _ fraction: Double = -1) {
    entry.withLock {
      $0.activity = activity
      $0.fraction = fraction.isNaN ? -1 : fraction
      $0.marks &+= 1
    }
  }

  var latest: Entry { entry.withLock { $0 } }
}
