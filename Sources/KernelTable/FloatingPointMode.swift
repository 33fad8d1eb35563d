import CLinux

/// How the calling thread treats denormal numbers. Every addition that reaches weights runs with denormals flushed to
/// zero (FTZ and DAZ): they made attention eleven times slower, and a thread that forgot would round differently.
public enum FloatingPointMode {
  /// Sets FTZ, DAZ and round-to-nearest-even on the calling thread, for good.
  public static func setFlushing() {
    admix_floating_point_set_flush()
  }

  /// Whether the calling thread flushes denormals and rounds to nearest even.
  public static var isFlushing: Bool {
    admix_floating_point_flushes() != 0
  }

  /// Traps when the calling thread does not flush denormals: a mistake of ours that would change bits.
  public static func assertFlushing() {
    precondition(isFlushing, "this thread computes with denormals; call FloatingPointMode.setFlushing() first")
  }

  /// Runs `body` with denormals flushed on the calling thread and puts the thread's mode back.
  public static func flushing<Result>(_ body: () throws -> Result) rethrows -> Result {
    let saved = admix_floating_point_save()
    admix_floating_point_set_flush()
    defer { admix_floating_point_restore(saved) }
    return try body()
  }
}
