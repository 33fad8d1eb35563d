/// How the values of a NODE, ROOT or STATE_CHUNK body are encoded. All encodings of one rounding decode to equal
/// values.
public enum PayloadEncoding: UInt8, Sendable, CaseIterable {
  /// Little-endian values as they are.
  case stored = 0
  /// Byte planes, sign rotated, each packed by the method that gains (SPEC.md, chunk payloads).
  case planes = 1
}

/// Runner → the chunk's owner: the rounded sum of the slices `lower ..< upper`, a node of the canonical tree. The same
/// node has the same bytes whoever computed it and in whichever attempt.
public struct Node: Equatable, Sendable {
  public var step: UInt64
  public var chunk: UInt32
  public var lower: UInt32
  public var upper: UInt32
  public var encoding: PayloadEncoding
  public var payload: [UInt8]
  public init(
    step: UInt64, chunk: UInt32, lower: UInt32, upper: UInt32, encoding: PayloadEncoding, payload: [UInt8]
  ) {
    self.step = step
    self.chunk = chunk
    self.lower = lower
    self.upper = upper
    self.encoding = encoding
    self.payload = payload
  }
}

/// Chunk's owner → every participant: the rounded sum of all slices.
public struct Root: Equatable, Sendable {
  public var step: UInt64
  public var chunk: UInt32
  public var encoding: PayloadEncoding
  public var payload: [UInt8]
  public init(step: UInt64, chunk: UInt32, encoding: PayloadEncoding, payload: [UInt8]) {
    self.step = step
    self.chunk = chunk
    self.encoding = encoding
    self.payload = payload
  }
}

/// Joiner → holder: send me this chunk of the state after `step`.
public struct StateRequest: Equatable, Sendable {
  public var step: UInt64
  public var chunk: UInt32
  public init(step: UInt64, chunk: UInt32) {
    self.step = step
    self.chunk = chunk
  }
}

/// Holder → joiner: one part of a chunk of the state.
public struct StateChunk: Equatable, Sendable {
  public enum Part: UInt8, Sendable, CaseIterable {
    case weights = 0
    case firstMoment = 1
    case secondMoment = 2
  }
  public var step: UInt64
  public var chunk: UInt32
  public var part: Part
  public var encoding: PayloadEncoding
  public var payload: [UInt8]
  public init(step: UInt64, chunk: UInt32, part: Part, encoding: PayloadEncoding, payload: [UInt8]) {
    self.step = step
    self.chunk = chunk
    self.part = part
    self.encoding = encoding
    self.payload = payload
  }
}
