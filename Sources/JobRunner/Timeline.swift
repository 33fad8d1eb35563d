import Glibc
import GradientExchange
import Synchronization
import WireProtocol

/// When what happened to a chunk, as JSON lines for people who ask where the time goes: `ADMIX_TIMELINE=path`. Appended
/// at the end of a step.
final class Timeline: Sendable {
  enum Event: String {
    /// A slice's gradient of the chunk became final.
    case gradientReady = "gradient_ready"
    /// A subtree's node became final.
    case nodeFinal = "node_final"
    case nodeSent = "node_sent"
    case nodeReceived = "node_received"
    case nodesJoined = "nodes_joined"
    case rootSent = "root_sent"
    case rootReceived = "root_received"
  }

  private struct Entry {
    let event: Event
    let step: UInt64
    let chunk: UInt32
    let range: String
    /// Of the payload as it travels; 0 for what does not travel.
    let bytes: Int
    let nanoseconds: UInt64
  }

  private let path: String
  private let assignment: UInt32
  private let entries = Mutex<[Entry]>([])

  init(path: String, assignment: UInt32) {
    self.path = path
    self.assignment = assignment
  }

  static func fromEnvironment(assignment: UInt32) -> Timeline? {
    getenv("ADMIX_TIMELINE").map { Timeline(path: String(cString: $0), assignment: assignment) }
  }

  /// Any thread.
  func note(_ event: Event, _ key: NodeKey, bytes: Int = 0) {
    let range = key.range == NodeKey.received ? "root" : key.range.span
    let entry = Entry(
      event: event, step: key.round.step, chunk: key.chunk, range: range, bytes: bytes,
      nanoseconds: monotonicNanoseconds())
    entries.withLock { $0.append(entry) }
  }

  /// Writes what was noted and the step's sums, in one write, so that runners of one host can share a file.
  func write(_ applied: Applied, codecSeconds: Double) {
    let noted = entries.withLock { entries in
      defer { entries = [] }
      return entries
    }
    let lines = noted.map {
      "{\"assignment\":\(assignment),\"step\":\($0.step),\"event\":\"\($0.event.rawValue)\",\"chunk\":\($0.chunk),"
        + "\"node\":\"\($0.range)\",\"bytes\":\($0.bytes),\"nanoseconds\":\($0.nanoseconds)}\n"
    }
    let computeSeconds = applied.stepSeconds - applied.waitSeconds
    let sums =
      "{\"assignment\":\(assignment),\"step\":\(applied.step),\"event\":\"applied\",\"chunk\":0,\"node\":\"\","
      + "\"bytes\":\(applied.sentBytes),\"nanoseconds\":\(monotonicNanoseconds()),"
      + "\"step_seconds\":\(applied.stepSeconds),\"compute_seconds\":\(computeSeconds),"
      + "\"wait_seconds\":\(applied.waitSeconds),\"codec_seconds\":\(codecSeconds)}\n"
    let text = Array((lines.joined() + sums).utf8)
    let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard file >= 0 else { return }
    defer { close(file) }
    _ = text.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
  }
}
