internal import Glibc
public import Results

/// `events.out.tfevents.SECONDS.admix`: the metrics as TensorBoard reads them, one record a committed step and one an
/// evaluation, in their order.
///
/// The records are a function of `metrics.jsonl` and the evaluations, and the name of the first step's time: so a file
/// that is there already is compared and gone on with, and nothing is in it twice. From the first byte that differs (a
/// record cut by a crash, for one) it is written anew. Readers that follow the file see it grow.
public final class EventFile: OutputView {
  private let directory: String
  /// Bytes of `metrics.jsonl`, turned into records so far.
  private var metricsRead = 0
  private var evaluationsWritten = 0
  private var file: ComparedFile?
  /// Of the last step written.
  private var lastTime = 0.0

  public init(directory: String) { self.directory = directory }

  public func update(result: JSONNode, isAtRest: Bool) throws {
    guard let last = result["steps"]?.count else { return }
    let (lines, end) = MetricsLines.read("\(directory)/metrics.jsonl", from: metricsRead)
    // A row may be there whose step began before an evaluation was asked for: it would come before it.
    let rows = lines.filter { $0.step <= last }
    guard let first = rows.first ?? (file == nil ? nil : lines.first) else {
      if file != nil, isAtRest { try write(evaluations(in: result), upTo: last, at: lastTime) }
      return
    }
    if file == nil {
      let name = "events.out.tfevents.\(fixed(first.time, digits: 0)).admix"
      let opened = try ComparedFile("\(directory)/\(name)")
      file = opened
      lastTime = first.time
      try opened.write(
        TFRecord.framed(EventMessage(wallTime: first.time, step: 0, content: .fileVersion).encoded))
    }
    let evaluations = evaluations(in: result)
    for row in rows {
      try write(evaluations, upTo: row.step - 1, at: row.time)
      // Totals so far are for differences, not for looking at.
      let metrics = row.metrics.filter { !$0.label.hasPrefix("total/") }.map { (tag: $0.label, value: $0.value) }
      try write(metrics, step: row.step, time: row.time)
      lastTime = row.time
    }
    try write(evaluations, upTo: rows.last?.step ?? 0, at: lastTime)
    metricsRead = rows.count == lines.count ? end : rows.last?.end ?? metricsRead
    if isAtRest { try file?.cutHere() }
  }

  private func evaluations(in result: JSONNode) -> [JSONNode] { result["validation"]?["curve"]?.elements ?? [] }

  /// Evaluations that were not written yet, of the steps up to `step`. The journal does not time them: they carry the
  /// time of the commit before them.
  private func write(_ evaluations: [JSONNode], upTo step: UInt64, at time: Double) throws {
    while evaluationsWritten < evaluations.count {
      let evaluation = evaluations[evaluationsWritten]
      guard let evaluated = evaluation["step"]?.count, evaluated <= step else { return }
      var scalars: [(tag: String, value: Double)] = []
      for set in evaluation["sets"]?.members ?? [] {
        for name in ["loss", "bits_per_byte"] {
          if let value = set.value[name]?.double { scalars.append(("validation/\(set.key)/\(name)", value)) }
        }
      }
      try write(scalars, step: evaluated, time: evaluated == 0 ? time : lastTime)
      evaluationsWritten += 1
    }
  }

  private func write(
    _ scalars: [(tag: String, value: Double)], step: UInt64, time: Double
  ) throws {
    guard !scalars.isEmpty else { return }
    let message = EventMessage(wallTime: time, step: step, content: .scalars(scalars))
    try file?.write(TFRecord.framed(message.encoded))
  }
}

/// A file that is written from its beginning: what it holds already is compared instead, and from the first difference
/// on replaced.
private final class ComparedFile {
  private let path: String
  private let descriptor: Int32
  private var existing: [UInt8]
  private var position = 0

  init(_ path: String) throws(OutputError) {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system(path) }
    existing = readBytes(path) ?? []
  }

  deinit { close(descriptor) }

  func write(_ bytes: [UInt8]) throws(OutputError) {
    let end = position + bytes.count
    if end <= existing.count, existing[position..<end].elementsEqual(bytes) {
      position = end
      return
    }
    try cutHere()
    try writeAll(bytes, to: descriptor, path: path)
    position = end
  }

  /// What the file holds beyond this place is not ours.
  func cutHere() throws(OutputError) {
    if position < existing.count {
      guard ftruncate(descriptor, off_t(position)) == 0 else { throw .system(path) }
    }
    existing = []
    guard lseek(descriptor, off_t(position), SEEK_SET) >= 0 else { throw .system(path) }
  }
}
