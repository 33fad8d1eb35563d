public import WireProtocol

/// A payload as it travels.
public struct EncodedValues: Equatable, Sendable {
  public let encoding: PayloadEncoding
  public let payload: [UInt8]
  public init(encoding: PayloadEncoding, payload: [UInt8]) {
    self.encoding = encoding
    self.payload = payload
  }
}

/// Where the planes of a payload lie, and how each is packed.
struct PlanePayload {
  private(set) var planes: [(method: UInt8, range: Range<Int>)] = []

  private static let headerBytes = 5

  init(_ payload: [UInt8], planes count: Int) throws(PayloadError) {
    var offset = 0
    for plane in 0..<count {
      guard payload.count - offset >= Self.headerBytes else { throw .truncated(plane: plane) }
      let method = payload[offset]
      guard GradientCodec.methods.contains(method) else { throw .method(method, plane: plane) }
      let length = payload[offset + 1..<offset + Self.headerBytes].reversed().reduce(0) { $0 << 8 | Int($1) }
      offset += Self.headerBytes
      guard length <= payload.count - offset else { throw .truncated(plane: plane) }
      planes.append((method, offset..<offset + length))
      offset += length
    }
    guard offset == payload.count else { throw .trailing(payload.count - offset) }
  }
}

/// Why a payload is no chunk's values.
public enum PayloadError: Error, Equatable, Sendable, CustomStringConvertible {
  case length(found: Int, expected: Int)
  case truncated(plane: Int)
  case method(UInt8, plane: Int)
  case plane(Int, expected: Int)
  case trailing(Int)

  public var description: String {
    switch self {
    case .length(let found, let expected): "the payload has \(found) bytes, not \(expected)"
    case .truncated(let plane): "the payload ends inside plane \(plane)"
    case .method(let method, let plane): "plane \(plane) is packed by method \(method), which does not exist"
    case .plane(let plane, let expected): "plane \(plane) does not unpack to \(expected) bytes"
    case .trailing(let count): "\(count) bytes follow the last plane"
    }
  }
}
