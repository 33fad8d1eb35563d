import Glibc
import Synchronization

/// Counts Ctrl-C and SIGTERM instead of dying of them. What they mean is up to the command.
enum Interrupts {
  private static let received = Atomic<Int>(0)
  private static let endings = Atomic<Int>(0)
  private static let numbers = [SIGINT, SIGTERM, SIGHUP]

  /// Lets the signals that mean an interrupt through to this thread and those it starts.
  static func unblock() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in numbers { sigaddset(&signals, number) }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// From now on signals are counted.
  static func count() {
    // Made now: a handler must not run the initializer of a global.
    received.store(0, ordering: .relaxed)
    endings.add(0, ordering: .relaxed)
    for number in numbers {
      signal(number) { number in
        if number != SIGINT { Interrupts.endings.add(1, ordering: .relaxed) }
        // Whoever asks a third time is not to wait for a transfer: children end with this process.
        if Interrupts.received.wrappingAdd(1, ordering: .relaxed).newValue > 2 { _exit(ExitStatus.cancelled.rawValue) }
      }
    }
  }

  /// From now on they end the process again.
  static func release() { for number in numbers { signal(number, SIG_DFL) } }

  static var number: Int { received.load(ordering: .relaxed) }

  /// SIGTERM or SIGHUP came: not the wish to stop one thing, as Ctrl-C may be, but that the process ends.
  static var isAskedToEnd: Bool { endings.load(ordering: .relaxed) > 0 }
}

/// Sleeps in small pieces; returns early once there are more interrupts than `interrupts`.
func nap(_ duration: Duration, interrupts: Int = .max) {
  let end = ContinuousClock.now + duration
  while ContinuousClock.now < end, Interrupts.number <= interrupts {
    usleep(20_000)
  }
}
