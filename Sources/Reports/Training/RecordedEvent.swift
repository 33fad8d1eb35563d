internal import Results

/// A line of `events.jsonl`, with the step after which it happened and what it means for the run.
struct RecordedEvent {
  enum Kind {
    /// Work was lost or done again: a worker died, digests disagreed.
    case loss
    /// The gang changed, nothing was lost.
    case change
    case other
  }
  let time: Double
  /// Steps committed by then.
  let step: UInt64
  let text: String
  let kind: Kind

  static func read(_ path: String, rows: [MetricsLines.Row]) -> [RecordedEvent] {
    (readText(path) ?? "").split(separator: "\n").compactMap { line in
      guard let node = JSONNode(parsing: String(line)), let time = node["time"]?.double,
        let text = node["text"]?.string
      else { return nil }
      let after = rows.partitioningIndex { $0.time > time }
      let step = after == 0 ? 0 : rows[after - 1].step
      return RecordedEvent(time: time, step: step, text: text, kind: kind(of: text))
    }
  }

  /// The coordinator's sentences say what happened; a test holds these words against its sources.
  static let lossWords = [
    " is lost: ", " ended: ", " is taken out: ", "disagree", "are computed again", " ended and is run again",
  ]
  static let changeWords = [
    " joins after step ", " has left", " is PAUSED", "the coordinator started", " joined from ",
  ]

  static func kind(of text: String) -> Kind {
    if lossWords.contains(where: text.contains) { return .loss }
    return changeWords.contains(where: text.contains) ? .change : .other
  }

  /// One mark a step at which something was lost or changed while steps were made; events of one step share it.
  static func marks(_ events: [RecordedEvent], steps: UInt64) -> [PlotMark] {
    var marks: [PlotMark] = []
    for event in events where event.kind != .other {
      // Workers that join before the first step, and leave after the last, are how every run begins and ends.
      if event.kind == .change, event.step == 0 || event.step >= steps { continue }
      let place = Double(event.step) + (event.step < steps ? 0.5 : 0)
      if let last = marks.last, last.x == place {
        marks[marks.count - 1] = PlotMark(
          x: place, number: last.number, text: "\(last.text); \(event.text)",
          isCalm: last.isCalm && event.kind == .change)
      } else {
        marks.append(
          PlotMark(x: place, number: marks.count + 1, text: event.text, isCalm: event.kind == .change))
      }
    }
    return marks
  }
}

extension Array {
  /// The first index whose element satisfies `predicate`, where all after it do too.
  fileprivate func partitioningIndex(_ predicate: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if predicate(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
