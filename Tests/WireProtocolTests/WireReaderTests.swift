import Testing
import WireProtocol

@Suite("Reading values")
struct WireReaderTests {
  static func failure<Value>(
    _ bytes: [UInt8], _ read: (inout WireReader) throws(WireError) -> Value
  ) -> WireError? {
    var reader = WireReader(bytes)
    do {
      _ = try read(&reader)
      return nil
    } catch { return error }
  }

  @Test("A count that the rest of the body cannot hold is refused before anything is allocated")
  func lyingCounts() {
    let bytes: [UInt8] = [0xFF, 0xFF, 0, 0, 1, 2, 3]
    #expect(Self.failure(bytes) { (reader) throws(WireError) in try reader.u64s("values") }?.code == .truncated)
    #expect(Self.failure(bytes) { (reader) throws(WireError) in try reader.bytes("b", max: 100) }?.code == .tooLarge)
    let all = [UInt8](repeating: 0xFF, count: 8)
    #expect(Self.failure(all) { (reader) throws(WireError) in try reader.digests("d") }?.code == .tooLarge)
  }

  @Test("Errors name the field, the offset, what was found and what was expected")
  func errorsSaySo() {
    let error = Self.failure([7, 2]) { (reader) throws(WireError) in
      _ = try reader.u8("first")
      return try reader.bool("kill")
    }
    #expect(error == WireError(.invalidValue, field: "kill", offset: 1, found: "2", expected: "0 or 1"))
    #expect("\(error.map { "\($0)" } ?? "")" == "value is not allowed: kill at byte 1: found 2, expected 0 or 1")
  }

  @Test("Text that is not UTF-8 is refused")
  func text() {
    for bytes: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE6, 0x90]] {
      let body = [UInt8(bytes.count), 0, 0, 0] + bytes
      #expect(Self.failure(body) { (reader) throws(WireError) in try reader.string("s") }?.code == .invalidText)
    }
  }

  @Test("Nesting and the elements of all lists together are bounded")
  func nesting() {
    // A pipeline in a pipeline in a pipeline …
    var plan = JobPlan(jobType: "p", pluginVersion: 1, name: "n", phases: [], outputs: [])
    for _ in 0..<20 {
      plan = JobPlan(
        jobType: "p", pluginVersion: 1, name: "n",
        phases: [PhasePlan(name: "g", work: .graph([StagePlan(name: "s", needs: [], plan: plan)]))], outputs: [])
    }
    let submit = Submit(plan: plan, jobFile: "", recipeDigest: .zero, submission: .zero)
    #expect(throws: WireError.self) { try Submit(body: submit.encodedBody()) }
    #expect(throws: WireError.self) { try Frame(fitting: submit) }

    var writer = WireWriter()
    for _ in 0..<5 { writer.list([UInt32](repeating: 1, count: 65_536)) }
    let error = Self.failure(writer.bytes) { (reader) throws(WireError) in
      for _ in 0..<5 { _ = try reader.u32s("values") }
    }
    #expect(error?.code == .tooLarge)
  }

  @Test("Optional trailing fields that a reader does not know are skipped; its own are found")
  func optionalFields() throws {
    var writer = WireWriter()
    Unfence(generation: 5).encode(into: &writer)
    writer.extensions([
      (1, { $0.string("from a later version") }), (3, nil), (9, { $0.u64(42) }),
    ])
    let body = writer.finish()
    #expect(try Unfence(body: body).generation == 5)
    var reader = WireReader(body)
    _ = try reader.u64("generation")
    let extensions = try reader.extensions()
    #expect(try extensions.value(9, "answer") { (reader) throws(WireError) in try reader.u64("answer") } == 42)
    #expect(try extensions.value(3, "absent") { (reader) throws(WireError) in try reader.u64("absent") } == nil)
    #expect(throws: WireError.self) {
      try extensions.value(9, "short") { (reader) throws(WireError) in try reader.u32("short") }
    }
  }

  @Test("Optional fields whose tags do not ascend are refused")
  func tagsAscend() {
    let twice: [UInt8] = [2, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    #expect(Self.failure(twice) { (reader) throws(WireError) in try reader.extensions() }?.code == .invalidValue)
  }

  @Test("Paths that would leave their directory are refused", arguments: [
    "/etc/passwd", "../x", "a/../../x", "a//b", "", "./a", "a/", "a\0b",
  ])
  func paths(_ path: String) {
    let tree = NamedTree(name: "t", files: [FileReference(path: path, digest: .zero, byteCount: 1)])
    #expect(throws: WireError.self) { try Completed(body: Completed(outputs: [tree], result: "").encodedBody()) }
    let named = NamedTree(name: path, files: [])
    #expect(throws: WireError.self) { try Completed(body: Completed(outputs: [named], result: "").encodedBody()) }
  }

  @Test("Sentences are cut to their limit at a whole character")
  func sentences() throws {
    let long = String(repeating: "語", count: 3000)
    let line = try LogLine(body: LogLine(text: long).encodedBody())
    #expect(line.text.utf8.count <= WireLimits.sentenceBytes)
    #expect(line.text.hasSuffix("語…"))
    let refusal = Frame(Refusal(reason: .role, sentence: long))
    #expect(refusal.body.count <= WireLimits.handshakeBodyBytes)
  }

  @Test("A message that its peer would refuse is refused where it is made, with the field's name")
  func unsendable() throws {
    let plan = JobPlan(
      jobType: "p", pluginVersion: 1, name: String(repeating: "n", count: 300), phases: [], outputs: [])
    let submit = Submit(plan: plan, jobFile: "", recipeDigest: .zero, submission: .zero)
    let error = #expect(throws: WireError.self) { try Frame(fitting: submit) }
    #expect(error?.field == "name")
    let large = LogLine(text: "ok")
    #expect(try Frame(fitting: large) == Frame(large))
    let results = [String](repeating: String(repeating: "x", count: 100_000), count: 3)
    var telemetry = JobTelemetry()
    telemetry.rawBytes = 1
    let detail = JobDetail(
      status: MessageSamples.jobStatus, jobFile: "", recipeDigest: .zero, measures: [], evaluations: [],
      telemetry: telemetry, checkpoints: [], outputs: [], results: results, children: [])
    #expect(throws: WireError.self) { try Frame(fitting: detail) }
  }
}
