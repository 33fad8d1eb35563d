internal import Glibc
internal import WireProtocol

/// `metrics.jsonl`: a row a committed step, in order, none twice. It is a copy of the coordinator's journal and may be
/// cut anywhere by a crash; opening it drops a last line that is not whole and goes on after the last step it has.
final class MetricsFile {
  private let path: String
  private let descriptor: Int32
  private(set) var lastStep: UInt64 = 0

  init(_ path: String) throws(OutputError) {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system(path) }
    let text = Array((readText(path) ?? "").utf8)
    var whole = 0
    for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      // The rows must be steps 1, 2, 3, …; whatever follows the first that is not is copied again.
      guard whole + line.count < text.count, step(of: line) == lastStep + 1 else { break }
      lastStep += 1
      whole += line.count + 1
    }
    guard ftruncate(descriptor, off_t(whole)) == 0, lseek(descriptor, 0, SEEK_END) >= 0 else { throw .system(path) }
  }

  deinit { close(descriptor) }

  /// Adds rows that follow the last one; those that are there already are passed over.
  func append(_ rows: [MetricRows.Row]) throws(OutputError) {
    var text = ""
    for row in rows where row.step == lastStep + 1 {
      text += metricsLine(row) + "\n"
      lastStep = row.step
    }
    try writeAll(Array(text.utf8), to: descriptor, path: path)
  }

  private func step(of line: ArraySlice<UInt8>) -> UInt64? {
    guard let text = String(validating: line, as: UTF8.self),
      case .integer(let step)? = JSONNode(parsing: text)?["step"]
    else { return nil }
    return UInt64(exactly: step)
  }
}

/// `{"step": 1, "time": 1700000000.25, "loss": 5.2, …}`, the time in seconds since 1970.
func metricsLine(_ row: MetricRows.Row) -> String {
  JSONNode.object(
    [
      JSONNode.Member("step", .unsigned(row.step)),
      JSONNode.Member("time", .number(Double(row.unixMilliseconds) / 1000)),
    ] + row.metrics.map { JSONNode.Member($0.label, .number($0.value)) }
  ).text()
}
