import Foundation
import JobFiles
import Pricing
import Results

/// The hours that a sweep's `budget` allows its cells' runners together, against what they take at the speed that this
/// machine was measured to have.
struct HoursBudget {
  let name: String
  let cells: Int
  let planned: Double
  let allowed: Double

  /// Says of every sweep in the job file with a budget of hours what it will take, and refuses one that is too long.
  static func check(_ argument: JobFileArgument) throws {
    let text = try JobFile(readingFrom: argument.file).text
    // Pricing reads models and times this machine; only who asks for it pays.
    guard text.contains("hours") else { return }
    var timed = TimedThroughput(given: nil)
    for part in try PlanReading(Plan(of: argument)).works() {
      guard case .sweep(let work) = part.work, let allowed = work.hoursAllowed else { continue }
      let alone = ClusterShape(
        workers: 1, threads: work.threadsPerCell, memoryBytes: ProcessInfo.processInfo.physicalMemory,
        linkBytesPerSecond: nil)
      let price = try SweepPrice(work, on: alone) { try timed.throughput(for: $0, threads: work.threadsPerCell) }
      let seconds = price.cells.reduce(0) { $0 + $1.totalSeconds.value }
      let budget = HoursBudget(name: part.name, cells: work.cells.count, planned: seconds / 3600, allowed: allowed)
      guard budget.planned <= budget.allowed else { throw CommandFailure(.refused, budget.refusal) }
      Console.shared.note(budget.sentence)
    }
  }

  var sentence: String {
    "\(name): \(cells) cells take about \(hours(planned)) hours of runners at this machine's speed; the budget is "
      + hours(allowed)
  }

  var refusal: String {
    sentence + ". Take cells, steps or `repeats` away, or raise `budget.hours`"
  }

  /// `0.003`, `12.0`; a smaller one as it is.
  private func hours(_ value: Double) -> String {
    value < 0.001 ? "\(value)" : fixed(value, digits: value < 1 ? 3 : 1)
  }
}
