import Synchronization

/// Counts what reading a file costs, so that tests can hold it against the file's size: a file of a few bytes must not
/// make its reader work, or take memory, for more than a few bytes.
package final class ReadMeter: Sendable {
  /// The one that files opened in this task report to; none outside of tests.
  @TaskLocal package static var current: ReadMeter?

  private let allocatedBytes = Atomic<Int>(0)
  private let readBytes = Atomic<Int>(0)
  private let steps = Atomic<Int>(0)

  package init() {}

  /// Memory taken for what the file says: windows, strings, arrays, values.
  package func allocated(_ bytes: Int) { allocatedBytes.add(bytes, ordering: .relaxed) }
  package func read(_ bytes: Int) { readBytes.add(bytes, ordering: .relaxed) }
  /// Fields, values, rules, characters looked at, and bytes unpacked.
  package func stepped(_ count: Int) { steps.add(count, ordering: .relaxed) }

  package var cost: (allocatedBytes: Int, readBytes: Int, steps: Int) {
    (allocatedBytes.load(ordering: .relaxed), readBytes.load(ordering: .relaxed), steps.load(ordering: .relaxed))
  }
}
