import Glibc
public import JobKit
public import WireProtocol

/// A job type for tests, as a third party would write one: parameters that chase pseudo-random targets. Cheap,
/// deterministic, and sensitive to the order of every addition.
public struct ToyJob: JobType {
  public let name = "toy"
  public let version: UInt32 = 1
  public init() {}

  public func plan(_ specification: SpecMapping, context: any PlanningContext) throws -> JobPlan {
    try planned(specification, context)
  }

  /// What a planned job asks for; else writes one file, and throws when the payload says so.
  public func runShard(_ context: ShardContext) throws -> ShardResult {
    if let result = try runPlannedShard(context) { return result }
    let text = String(decoding: context.payload, as: UTF8.self)
    if text.contains("fail") { throw ToyFailure(description: "shard \(context.shardIndex) was told to fail") }
    context.progress("writing", 0.5)
    let directory = context.scratchDirectory + "/out"
    mkdir(directory, 0o755)
    try ToyFiles.write(Array("shard \(context.shardIndex) of \(context.shardCount): \(text)".utf8), directory + "/text")
    return ShardResult(
      outputs: [OutputTree(name: "text", directory: directory)], result: "{\"shard\":\(context.shardIndex)}")
  }

  public func makeMember(_ context: MemberContext) throws -> any SteppedMember {
    var settings = ToySettings(payload: context.payload)
    if settings.failsToLoad { throw ToyFailure(description: "the toy was told not to load") }
    if settings.isUnfitHost { throw HostUnfit("the toy was told that its host is unfit") }
    if let start = context.inputs["start"] { settings.seed = ToyText.hash(try ToyFiles.read(start + "/numbers")) }
    return ToyMember(
      settings, checkpoint: try context.checkpoint.map { try ToyFiles.read($0.directory + "/weights") },
      outputDirectory: settings.writesState ? context.scratchDirectory + "/state" : nil)
  }
}

/// What a test writes into the payload: words such as `bf16 parameters=1000 nan=3 pause=20`.
public struct ToySettings: Sendable {
  public var rounding = GradientRounding.fp32
  public var parameterCount = 2 * chunkParameterCount + 777
  /// The step whose loss is not a number; 0 for none.
  public var nonFiniteStep: UInt64 = 0
  /// Milliseconds that a slice sleeps between two of its chunks.
  public var pauseMilliseconds: UInt32 = 0
  /// What the weights start from.
  public var seed: UInt64 = 0
  /// Whether the final state becomes an output.
  public var writesState = false
  public var failsToLoad = false
  public var failsToSave = false
  public var isUnfitHost = false

  public init() {}

  public init(payload: [UInt8]) {
    for word in String(decoding: payload, as: UTF8.self).split(separator: " ") {
      let parts = word.split(separator: "=")
      switch (parts[0], parts.count > 1 ? UInt64(parts[1]) : nil) {
      case ("bf16", _): rounding = .bf16
      case ("parameters", let count?): parameterCount = Int(count)
      case ("nan", let step?): nonFiniteStep = step
      case ("pause", let milliseconds?): pauseMilliseconds = UInt32(milliseconds)
      case ("state", _): writesState = true
      case ("unloadable", _): failsToLoad = true
      case ("unsavable", _): failsToSave = true
      case ("unfit", _): isUnfitHost = true
      default: break
      }
    }
  }
}

public struct ToyFailure: Error, CustomStringConvertible {
  public let description: String
}

enum ToyFiles {
  static func write(_ bytes: [UInt8], _ path: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw ToyFailure(description: "cannot write \(path)") }
    defer { close(file) }
    var offset = 0
    while offset < bytes.count {
      let written = bytes[offset...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      guard written > 0 else { throw ToyFailure(description: "cannot write \(path)") }
      offset += written
    }
  }

  static func read(_ path: String) throws -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw ToyFailure(description: "cannot read \(path)") }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = buffer.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
      guard count > 0 else { return bytes }
      bytes += buffer[..<count]
    }
  }
}
