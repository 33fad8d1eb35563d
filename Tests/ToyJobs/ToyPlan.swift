import Glibc
import JobKit
import WireProtocol

// The toy as a job file has it, in two shapes; with `job: pipeline` around them it takes all three.
//
//     job: toy
//     shape: sharded               # a shard for each seed, then one that joins what they wrote
//     seeds: [11, 12, 13]
//
//     job: toy
//     shape: stepped               # trains a toy member whose weights start from the file at `start`
//     start: ${numbers.joined}
//     steps: 6
//     slices: 8
//     words: bf16 pause=2          # of ToySettings
//     checkpoint_every: 0
extension ToyJob {
  enum Shape: String, CaseIterable {
    case sharded
    case stepped
  }

  func planned(_ specification: SpecMapping, _ context: any PlanningContext) throws -> JobPlan {
    let (plan, resolved) = try SpecReader.read(specification) { reader in
      let header = try reader.header(of: name)
      switch try reader.required("shape", .oneOf(Shape.self)) {
      case .sharded: return try sharded(reader, header.name)
      case .stepped: return try stepped(reader, header.name, context)
      }
    }
    context.resolved(resolved)
    return plan
  }

  private func sharded(_ reader: SpecReader, _ name: String) throws -> JobPlan {
    let seeds = try reader.requiredList("seeds", of: .integer(0...1_000_000), count: 1...64, example: "[11, 12, 13]")
    let shards = seeds.map { seed in
      let payload = "numbers=\(seed)"
      return ShardPlan(name: "part-\(seed)", payload: Array(payload.utf8), inputs: [], cacheKey: ToyText.key(payload))
    }
    let join = ShardPlan(name: "join", payload: Array("join".utf8), inputs: [.phase(0)])
    return JobPlan(
      jobType: self.name, pluginVersion: version, name: name,
      phases: [PhasePlan(name: "parts", work: .sharded(shards)), PhasePlan(name: "join", work: .sharded([join]))],
      outputs: ["joined"])
  }

  private func stepped(_ reader: SpecReader, _ name: String, _ context: any PlanningContext) throws -> JobPlan {
    let start = try reader.optional("start", .path)
    let words = try reader.value("words", .text, default: "")
    let settings = ToySettings(payload: Array(words.utf8))
    let steps = try reader.required("steps", .count, example: "6")
    let slices = try reader.required("slices", .integer(1...256), example: "8")
    let interval = try reader.value("checkpoint_every", .integer(from: 0), default: 0)
    let inputs = try start.map { [try context.input(named: "start", path: $0, kind: .directory).reference] } ?? []
    let plan = SteppedPlan(
      payload: Array("\(words) state".utf8), inputs: inputs, stepCount: UInt64(steps), sliceCount: UInt32(slices),
      measures: ["weight"], evaluationRowCount: 16, evaluationInterval: 0, checkpointInterval: UInt64(interval),
      checkpointsKept: 2, stateBytes: UInt64(12 * settings.parameterCount), workUnit: "slice")
    return JobPlan(
      jobType: self.name, pluginVersion: version, name: name, phases: [PhasePlan(name: "train", work: .stepped(plan))],
      outputs: ["state"])
  }

  // MARK: Shards

  /// Nil when the payload asks for something else.
  func runPlannedShard(_ context: ShardContext) throws -> ShardResult? {
    let text = String(decoding: context.payload, as: UTF8.self)
    if text == "join" { return try join(context) }
    guard text.hasPrefix("numbers="), let seed = UInt64(text.dropFirst("numbers=".count)) else { return nil }
    ToyText.dieOnce()
    try ToyText.note("shard \(seed)")
    let directory = context.scratchDirectory + "/part"
    mkdir(directory, 0o755)
    try ToyFiles.write(Array(ToyText.numbers(seed).utf8), directory + "/numbers")
    return ShardResult(
      outputs: [OutputTree(name: "part-\(seed)", directory: directory)], result: "{\"part_\(seed)\":true}")
  }

  private func join(_ context: ShardContext) throws -> ShardResult {
    let directory = context.scratchDirectory + "/joined"
    mkdir(directory, 0o755)
    let parts = try context.inputs.keys.sorted().map { try ToyFiles.read("\(context.inputs[$0] ?? "")/numbers") }
    try ToyFiles.write(Array(parts.joined()), directory + "/numbers")
    return ShardResult(outputs: [OutputTree(name: "joined", directory: directory)])
  }
}

/// What toys write and how they make a seed of it; tests that compute the same without any cluster use it too.
public enum ToyText {
  /// A shard's file.
  public static func numbers(_ seed: UInt64) -> String {
    (UInt64(0)..<100).map { "\(seed) \($0) \(ToyMember.noise(seed &* 1000 &+ $0))\n" }.joined()
  }

  /// FNV-1a.
  public static func hash(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  static func key(_ text: String) -> Digest? {
    let hash = hash(Array("toy 1 \(text)".utf8))
    return Digest((0..<32).map { UInt8(truncatingIfNeeded: hash >> (8 * UInt64($0 % 8))) })
  }

  /// SIGKILL to the first shard that comes here and makes the file that TOY_DIES_ONCE names.
  static func dieOnce() {
    guard let path = getenv("TOY_DIES_ONCE") else { return }
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    if file >= 0 { kill(getpid(), SIGKILL) }
  }

  /// One line into the file that TOY_LOG names, so that a test can count what was really run.
  static func note(_ line: String) throws {
    guard let path = getenv("TOY_LOG") else { return }
    let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw ToyFailure(description: "cannot write \(String(cString: path))") }
    defer { close(file) }
    let bytes = Array("\(line)\n".utf8)
    guard write(file, bytes, bytes.count) == bytes.count else { throw ToyFailure(description: "a short write") }
  }
}
