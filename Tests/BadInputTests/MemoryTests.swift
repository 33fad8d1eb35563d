import Foundation
import TestSupport
import Testing

@Suite("Memory")
struct MemoryTests {
  private func run(
    _ arguments: [String], limit: String, _ job: TinyJob
  ) throws -> (status: Int32, output: String, error: String) {
    try job.admix(arguments, environment: ["ADMIX_MEMORY_LIMIT": limit])
  }

  @Test("A training that does not fit is refused with both figures and the way out; nothing is made")
  func tooLarge() throws {
    let job = try TinyJob()
    try job.write()
    let ended = try run(["run", "job.yaml"], limit: "500000", job)
    #expect(ended.status == 2 && ended.output.isEmpty, "\(ended)")
    for word in ["error: the training must hold ", "this machine has 500.0 kB left", "a smaller model", "cluster"] {
      #expect(ended.error.contains(word), "\(ended.error)")
    }
    #expect(try job.additions().isEmpty)
  }

  @Test("Workers that fit one by one and not together are refused, and fewer of them named as a way out")
  func togetherTooLarge() throws {
    let job = try TinyJob()
    try job.write()
    let ended = try run(["run", "job.yaml", "--workers", "64"], limit: "40000000", job)
    #expect(ended.status == 2, "\(ended.error)")
    #expect(ended.error.contains("each of the 64 workers must hold"), "\(ended.error)")
    #expect(ended.error.contains("use fewer --workers"), "\(ended.error)")
    #expect(try job.additions().isEmpty)
  }

  @Test("A model of absurd size is refused by its figure before anything is allocated")
  func absurd() throws {
    let job = try TinyJob()
    try job.write([("model: model", "init: random\nconfig: big.json\ntokenizer: model")])
    var configuration = TinyJob.configuration
    let sizes = [
      ("hidden_size", 65_536), ("intermediate_size", 1 << 20), ("num_hidden_layers", 4096),
      ("num_attention_heads", 1024), ("num_key_value_heads", 1024), ("head_dim", 64),
    ]
    for (key, value) in sizes { configuration[key] = value }
    try TinyJob.json(configuration).write(to: job.file("big.json"))
    let started = ContinuousClock.now
    let ended = try job.admix(["run", "job.yaml"])
    #expect(ended.status == 2, "\(ended.error)")
    #expect(ended.error.contains("the training must hold") && ended.error.contains(" TB"), "\(ended.error)")
    #expect(ContinuousClock.now - started < .seconds(30))
  }

  @Test("validate accepts what only this machine is too small for, and says so")
  func validated() throws {
    let job = try TinyJob()
    try job.write()
    let small = try run(["validate", "job.yaml"], limit: "500000", job)
    #expect(small.status == 0, "\(small.error)")
    #expect(small.output.contains("`admix run` would refuse it here: the training must hold"), "\(small.output)")
    let large = try job.admix(["validate", "job.yaml"])
    #expect(large.status == 0 && !large.output.contains("would refuse"), "\(large.output)")
  }

  @Test("A limit that is no number is refused by its name")
  func limitThatIsNone() throws {
    let job = try TinyJob()
    try job.write()
    let ended = try run(["run", "job.yaml"], limit: "8GB", job)
    #expect(ended.status == 2, "\(ended.error)")
    #expect(ended.error.contains("ADMIX_MEMORY_LIMIT is '8GB'; expected a number of bytes"), "\(ended.error)")
  }
}
