extension Evaluate: WireMessage {
  public static var type: MessageType { .evaluate }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      step: try reader.u64("step"), attempt: try reader.u64("attempt"),
      rows: try reader.list("rows", of: SliceRange.self))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(step)
    writer.u64(attempt)
    writer.list(rows)
  }
}

extension RowMeasure: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      row: try reader.u32("row"), measure: try reader.u16("measure"), sum: try reader.f64("sum"),
      weight: try reader.u64("weight"), byteCount: try reader.u64("byteCount"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u32(row)
    writer.u16(measure)
    writer.f64(sum)
    writer.u64(weight)
    writer.u64(byteCount)
  }
}

extension Evaluated: WireMessage {
  public static var type: MessageType { .evaluated }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      step: try reader.u64("step"), attempt: try reader.u64("attempt"),
      rows: try reader.list("rows", of: RowMeasure.self))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(step)
    writer.u64(attempt)
    writer.list(rows)
  }
}

extension CopyState: WireMessage {
  public static var type: MessageType { .copyState }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      step: try reader.u64("step"), chain: try reader.digest("chain"),
      holders: try reader.list("holders", of: Participant.self, max: 4096))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(step)
    writer.digest(chain)
    writer.list(holders)
  }
}

extension HashState: WireMessage {
  public static var type: MessageType { .hashState }
  public init(from reader: inout WireReader) throws(WireError) { self.init(step: try reader.u64("step")) }
  public func encode(into writer: inout WireWriter) { writer.u64(step) }
}

extension StateHashed: WireMessage {
  public static var type: MessageType { .stateHashed }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      step: try reader.u64("step"), chain: try reader.digest("chain"),
      stateDigest: try reader.digest("stateDigest"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(step)
    writer.digest(chain)
    writer.digest(stateDigest)
  }
}

extension SaveCheckpoint: WireMessage {
  public static var type: MessageType { .saveCheckpoint }
  public init(from reader: inout WireReader) throws(WireError) { self.init(step: try reader.u64("step")) }
  public func encode(into writer: inout WireWriter) { writer.u64(step) }
}

extension CheckpointSaved: WireMessage {
  public static var type: MessageType { .checkpointSaved }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      step: try reader.u64("step"), chain: try reader.digest("chain"),
      tree: try reader.value("tree", of: NamedTree.self),
      failure: try reader.optional("failure") { (reader) throws(WireError) in try reader.sentence("failure") })
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(step)
    writer.digest(chain)
    writer.value(tree)
    writer.optional(failure) { $0.sentence($1) }
  }
}

extension MeasureTotal: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      measure: try reader.u16("measure"), sum: try reader.f64("sum"), weight: try reader.u64("weight"),
      byteCount: try reader.u64("byteCount"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u16(measure)
    writer.f64(sum)
    writer.u64(weight)
    writer.u64(byteCount)
  }
}

extension Finish.Evaluation: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(step: try reader.u64("step"), measures: try reader.list("measures", of: MeasureTotal.self, max: 4096))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(step)
    writer.list(measures)
  }
}

extension Finish: WireMessage {
  public static var type: MessageType { .finish }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(step: try reader.u64("step"), evaluations: try reader.list("evaluations", of: Evaluation.self))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(step)
    writer.list(evaluations)
  }
}

extension Leave: WireMessage {
  public static var type: MessageType { .leave }
  public init(from reader: inout WireReader) throws(WireError) { self.init() }
  public func encode(into writer: inout WireWriter) {}
}
