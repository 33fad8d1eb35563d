internal import Glibc
internal import Results

/// The rows of `metrics.jsonl`.
enum MetricsLines {
  struct Row {
    let step: UInt64
    /// Seconds since 1970.
    let time: Double
    let metrics: [(label: String, value: Double)]
    /// Offset of the byte after the line.
    let end: Int

    subscript(_ label: String) -> Double? { metrics.first { $0.label == label }?.value }
  }

  /// Whole lines from the byte `offset` on, and where the last of them ends. A line that is none ends the reading: the
  /// file is being mended.
  static func read(_ path: String, from offset: Int = 0) -> (rows: [Row], end: Int) {
    guard let bytes = readBytes(path, from: offset) else { return ([], offset) }
    var rows: [Row] = []
    var start = 0
    while let newline = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      guard let row = row(bytes[start..<newline], end: offset + newline + 1) else { break }
      rows.append(row)
      start = newline + 1
    }
    return (rows, offset + start)
  }

  private static func row(_ line: ArraySlice<UInt8>, end: Int) -> Row? {
    guard let text = String(validating: line, as: UTF8.self), let node = JSONNode(parsing: text),
      let step = node["step"]?.count, let time = node["time"]?.double
    else { return nil }
    var metrics: [(String, Double)] = []
    for member in node.members where member.key != "step" && member.key != "time" {
      if let value = member.value.double {
        metrics.append((member.key, value))
      } else if member.value == .null {
        // JSON has no NaN.
        metrics.append((member.key, .nan))
      }
    }
    return Row(step: step, time: time, metrics: metrics, end: end)
  }
}

/// Bytes of a file from `offset` on; nil when it cannot be read.
func readBytes(_ path: String, from offset: Int = 0) -> [UInt8]? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else { return nil }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    if count < 0, errno == EINTR { continue }
    guard count >= 0 else { return nil }
    if count == 0 { return bytes }
    bytes += buffer[..<count]
  }
}
