/// A SHA-256 value.
public struct Digest: Hashable, Sendable {
  public static let byteCount = 32

  /// Exactly `byteCount` bytes.
  public let bytes: [UInt8]

  /// Nil unless there are exactly 32 bytes.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count == Digest.byteCount else { return nil }
    self.bytes = bytes
  }

  /// A finished SHA-256. Precondition: 32 bytes.
  public init(sha256: some Sequence<UInt8>) {
    bytes = Array(sha256)
    precondition(bytes.count == Digest.byteCount, "SHA-256 has 32 bytes")
  }

  /// No content's: a value with a meaning of its own.
  public init(repeating byte: UInt8) { bytes = [UInt8](repeating: byte, count: Digest.byteCount) }

  /// All bits zero: what a chain of digests starts from.
  public static let zero = Digest(repeating: 0)

  /// Sixty-four lower-case hexadecimal digits.
  public var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(2 * Digest.byteCount)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Nil unless `hex` is sixty-four hexadecimal digits.
  public init?(hex: String) {
    let text = Array(hex.utf8)
    guard text.count == 2 * Digest.byteCount else { return nil }
    func value(_ digit: UInt8) -> UInt8? {
      switch digit {
      case 48...57: digit - 48
      case 97...102: digit - 87
      case 65...70: digit - 55
      default: nil
      }
    }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: text.count, by: 2) {
      guard let high = value(text[index]), let low = value(text[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    self.bytes = bytes
  }
}

/// 128 random bits that name a thing for good: a cluster, a node, a boot of a process, a run's token.
public struct Token128: Hashable, Sendable {
  public let high: UInt64
  public let low: UInt64
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
  public static let zero = Token128(high: 0, low: 0)
}

/// A job's number, counted from 1 by the coordinator.
public struct JobID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let number: UInt32
  public init(_ number: UInt32) { self.number = number }
  public static func < (a: JobID, b: JobID) -> Bool { a.number < b.number }
  public var description: String { "\(number)" }
}

/// A worker's number, given by the coordinator to a node on its first visit and kept across reconnections.
public struct WorkerID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let number: UInt32
  public init(_ number: UInt32) { self.number = number }
  public static func < (a: WorkerID, b: WorkerID) -> Bool { a.number < b.number }
  public var description: String { "worker-\(number)" }
}

/// One runner's piece of work on one worker. It travels as the frame's `stream_id`.
public struct AssignmentID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let number: UInt32
  public init(_ number: UInt32) { self.number = number }
  public static func < (a: AssignmentID, b: AssignmentID) -> Bool { a.number < b.number }
  public var description: String { "assignment \(number)" }
}

/// Consecutive slices `lower ..< upper` of a step's global batch (or of an evaluation's rows).
public struct SliceRange: Hashable, Sendable {
  public let lower: UInt32
  public let upper: UInt32
  public init(_ lower: UInt32, _ upper: UInt32) {
    self.lower = lower
    self.upper = upper
  }
}

/// A file by content, with the relative path it has in the directory it belongs to.
public struct FileReference: Hashable, Sendable {
  public let path: String
  public let digest: Digest
  public let byteCount: UInt64
  public init(path: String, digest: Digest, byteCount: UInt64) {
    self.path = path
    self.digest = digest
    self.byteCount = byteCount
  }
}

/// A directory of files by content: an input or an output of a job, by name (`model`, `checkpoint`, `shard-3`).
public struct NamedTree: Hashable, Sendable {
  public let name: String
  public let files: [FileReference]
  public init(name: String, files: [FileReference]) {
    self.name = name
    self.files = files
  }
}

/// A number with its label, as it stands in `metrics.jsonl`.
public struct Metric: Hashable, Sendable {
  public let label: String
  public let value: Double
  public init(_ label: String, _ value: Double) {
    self.label = label
    self.value = value
  }
}
