import Metering

/// Reads a GGUF header front to back. What the header says of itself is compared with what is left of the file before
/// memory is taken for it.
///
/// Through `pread` and a window rather than a mapping, because a mapped file that another process cuts short kills its
/// reader; a header's many small fields cost no more this way.
struct GGUFCursor {
  let file: ReadableFile
  /// Where the next field begins in the file.
  private(set) var position = 0
  private var window: [UInt8] = []
  private var windowStart = 0
  private static let windowByteCount = 1 << 16

  init(_ file: ReadableFile) { self.file = file }

  /// Bytes from `position` to the end of the file.
  var remaining: Int { file.size - position }

  func failure(
    _ code: CheckpointError.Code, _ field: String, at offset: Int, found: String, expected: String,
    wayOut: String? = nil
  ) -> CheckpointError {
    CheckpointError(
      code, file: file.path, field: "\(field) at byte \(offset)", found: found, expected: expected, wayOut: wayOut)
  }

  mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type, _ field: @autoclosure () -> String
  ) throws -> Value {
    let start = try take(MemoryLayout<Value>.size, field())
    return Value(littleEndian: window.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: Value.self) })
  }

  /// A count of things that each take at least `minimumByteCount` bytes of the rest of the file.
  mutating func count(of minimumByteCount: Int, _ field: @autoclosure () -> String) throws -> Int {
    let offset = position
    let claimed = try integer(UInt64.self, field())
    let possible = remaining / minimumByteCount
    guard claimed <= UInt64(possible) else {
      throw failure(
        .truncated, field(), at: offset, found: "\(claimed)",
        expected: "at most \(possible), as \(remaining) bytes follow", wayOut: "the file is cut or damaged")
    }
    return Int(claimed)
  }

  mutating func bytes(_ count: Int, _ field: @autoclosure () -> String) throws -> ArraySlice<UInt8> {
    let start = try take(count, field())
    return window[start..<start + count]
  }

  /// A string: its length as u64, then its bytes. The slice is good until the next read.
  mutating func string(_ field: @autoclosure () -> String, limit: Int = .max) throws -> ArraySlice<UInt8> {
    let offset = position
    let length = try count(of: 1, "length of \(field())")
    guard length <= limit else {
      throw failure(.outOfRange, "length of \(field())", at: offset, found: "\(length)", expected: "at most \(limit)")
    }
    return try bytes(length, field())
  }

  mutating func text(_ field: @autoclosure () -> String, limit: Int = .max) throws -> String {
    let offset = position
    let bytes = try string(field(), limit: limit)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw failure(.wrongType, field(), at: offset, found: "bytes that are not UTF-8", expected: "text in UTF-8")
    }
    file.meter?.allocated(bytes.count)
    return text
  }

  /// Moves past `count` bytes and returns where they begin in the window.
  private mutating func take(_ count: Int, _ field: @autoclosure () -> String) throws -> Int {
    file.meter?.stepped(1)
    guard count <= remaining else {
      throw failure(
        .truncated, field(), at: position, found: "\(remaining) bytes to the end of the file",
        expected: "\(count) bytes", wayOut: "the file is cut or damaged")
    }
    if position + count > windowStart + window.count {
      let size = min(remaining, max(count, Self.windowByteCount))
      file.meter?.allocated(size)
      window = try [UInt8](unsafeUninitializedCapacity: size) { buffer, written in
        try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: position)
        written = size
      }
      windowStart = position
    }
    defer { position += count }
    return position - windowStart
  }
}
