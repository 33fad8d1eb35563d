import Foundation
import Results
import Testing

@testable import Reports

@Suite("TensorBoard event files")
struct EventFileTests {
  static let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Fixtures/tensorboard.tfevents")

  /// What `scripts/fixtures/tensorboard_reference.py` wrote, as an output directory would have it.
  static let rows = [
    #"{"step": 1, "time": 1700000000.25, "loss": 5.25, "learning_rate": 0.0, "loss/zh": 5.75, "total/raw_bytes": 9}"#,
    #"{"step": 2, "time": 1700000001.5, "loss": 4.125, "learning_rate": 0.001, "loss/zh": 4.5}"#,
  ]
  static func result(steps: UInt64, evaluated: [(step: UInt64, loss: Double, bits: Double)]) -> JSONNode {
    [
      "steps": .unsigned(steps),
      "validation": [
        "curve": .array(
          evaluated.map {
            [
              "step": .unsigned($0.step),
              "sets": ["zh_held": ["loss": .number($0.loss), "bits_per_byte": .number($0.bits)]],
            ]
          })
      ],
    ]
  }
  static let both = [(step: UInt64(0), loss: 5.5, bits: 2.25), (step: 2, loss: 4.25, bits: 1.75)]
  static let name = "events.out.tfevents.1700000000.admix"

  @Test("A record is, byte for byte, what TensorBoard's own writer writes")
  func bytes() throws {
    let messages = [
      EventMessage(wallTime: 1_700_000_000.25, step: 0, content: .fileVersion),
      EventMessage(
        wallTime: 1_700_000_000.25, step: 0,
        content: .scalars([("validation/zh_held/loss", 5.5), ("validation/zh_held/bits_per_byte", 2.25)])),
      EventMessage(
        wallTime: 1_700_000_000.25, step: 1,
        content: .scalars([("learning_rate", 0), ("loss", 5.25), ("loss/zh", 5.75)])),
      EventMessage(
        wallTime: 1_700_000_001.5, step: 2,
        content: .scalars([("learning_rate", 0.001), ("loss", 4.125), ("loss/zh", 4.5)])),
      EventMessage(
        wallTime: 1_700_000_001.5, step: 2,
        content: .scalars([("validation/zh_held/loss", 4.25), ("validation/zh_held/bits_per_byte", 1.75)])),
      EventMessage(
        wallTime: 1_700_000_999, step: 300,
        content: .scalars([("learning_rate", 0.0005), ("loss", 3), ("loss/汉", -0.0)])),
    ]
    #expect(messages.flatMap { TFRecord.framed($0.encoded) } == [UInt8](try Data(contentsOf: Self.fixture)))
  }

  /// The fixture without its last record.
  private func expected() throws -> Data {
    let last = EventMessage(
      wallTime: 1_700_000_999, step: 300,
      content: .scalars([("learning_rate", 0.0005), ("loss", 3), ("loss/汉", -0.0)]))
    return try Data(contentsOf: Self.fixture).dropLast(TFRecord.framed(last.encoded).count)
  }

  @Test("Rows and evaluations become records in their order, whenever they arrive, none twice")
  func growing() throws {
    let directory = try ScratchDirectory()
    let view = EventFile(directory: directory.path)
    try view.update(result: Self.result(steps: 0, evaluated: []), isAtRest: false)
    #expect(directory.names == [])
    directory.write(Self.rows[0] + "\n" + Self.rows[1].prefix(30), to: "metrics.jsonl")
    try view.update(result: Self.result(steps: 1, evaluated: [Self.both[0]]), isAtRest: false)
    let early = try #require(directory.bytes(Self.name))
    #expect(early.count > 100)
    #expect(try expected().starts(with: early))
    // The row of step 2 is there and the coordinator's answer that counted one step is older: it waits.
    directory.write(Self.rows.joined(separator: "\n") + "\n", to: "metrics.jsonl")
    try view.update(result: Self.result(steps: 1, evaluated: [Self.both[0]]), isAtRest: false)
    #expect(directory.bytes(Self.name) == early)
    try view.update(result: Self.result(steps: 2, evaluated: [Self.both[0]]), isAtRest: false)
    try view.update(result: Self.result(steps: 2, evaluated: Self.both), isAtRest: true)
    #expect(directory.bytes(Self.name) == (try expected()))
    try view.update(result: Self.result(steps: 2, evaluated: Self.both), isAtRest: true)
    #expect(directory.bytes(Self.name) == (try expected()))
  }

  @Test("A file that was cut anywhere, or damaged, is whole after the next update; whatever follows is cut off")
  func mended() throws {
    let directory = try ScratchDirectory()
    directory.write(Self.rows.joined(separator: "\n") + "\n", to: "metrics.jsonl")
    let whole = try expected()
    func update() throws {
      try EventFile(directory: directory.path).update(
        result: Self.result(steps: 2, evaluated: Self.both), isAtRest: true)
      #expect(directory.bytes(Self.name) == whole)
    }
    try update()
    for cut in stride(from: 0, to: whole.count, by: 7) {
      directory.write(whole.prefix(cut), to: Self.name)
      try update()
    }
    for place in stride(from: 0, to: whole.count, by: 13) {
      var damaged = whole
      damaged[damaged.startIndex + place] ^= 0x40
      directory.write(damaged, to: Self.name)
      try update()
    }
    directory.write(whole + whole, to: Self.name)
    try update()
    #expect(directory.names.filter { $0.hasPrefix("events") }.count == 1)
  }

  @Test("A directory that cannot be written is an error that names the file")
  func unwritable() throws {
    let directory = try ScratchDirectory()
    directory.write(Self.rows[0] + "\n", to: "metrics.jsonl")
    try FileManager.default.createDirectory(
      atPath: "\(directory.path)/\(Self.name)", withIntermediateDirectories: false)
    do {
      try EventFile(directory: directory.path).update(result: Self.result(steps: 1, evaluated: []), isAtRest: true)
      Issue.record("a directory was written as a file")
    } catch let error as OutputError {
      #expect(error.description.contains(Self.name))
    }
  }
}
