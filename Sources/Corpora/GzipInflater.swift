import CZlib
import Metering

/// Streaming gzip with any number of members, as `gzip`, `pigz` and `cat a.gz b.gz` write them (RFC 1952).
/// Not shared between threads.
final class GzipInflater {
  static let outputBytes = 1 << 20

  private let input: InputFile
  private var stream = z_stream()
  private var piece: [UInt8] = []
  /// What of `piece` zlib has not taken yet starts here.
  private var taken = 0
  private var isInsideMember = false
  /// The last output was full, so zlib may hold more without needing more input.
  private var mayHoldOutput = false
  private var members = 0
  private var isFinished = false

  init(_ input: InputFile) throws {
    self.input = input
    // 16 asks for the gzip wrapper, 15 for the largest window.
    let status = inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw CorpusError(.unreadable, "zlib cannot start (\(status))", file: input.path) }
  }

  deinit { inflateEnd(&stream) }

  /// Replaces `output` by the next decompressed bytes; they are empty at the end of the last member.
  func read(into output: inout [UInt8]) throws {
    output.removeAll(keepingCapacity: true)
    while output.isEmpty, !isFinished {
      if taken == piece.count, !mayHoldOutput {
        try input.read(into: &piece)
        taken = 0
        if piece.isEmpty {
          try finish()
          return
        }
      }
      if !isInsideMember {
        if members > 0, try skipPadding() { continue }
        isInsideMember = true
      }
      try inflate(into: &output)
    }
  }

  private func inflate(into output: inout [UInt8]) throws {
    var status: Int32 = Z_OK
    let offset = input.position - piece.count + taken
    piece.withUnsafeMutableBufferPointer { piece in
      output = [UInt8](unsafeUninitializedCapacity: Self.outputBytes) { buffer, count in
        stream.next_in = piece.baseAddress.map { $0 + taken }
        stream.avail_in = UInt32(piece.count - taken)
        stream.next_out = buffer.baseAddress
        stream.avail_out = UInt32(Self.outputBytes)
        status = CZlib.inflate(&stream, Z_NO_FLUSH)
        count = Self.outputBytes - Int(stream.avail_out)
        taken = piece.count - Int(stream.avail_in)
      }
    }
    ReadMeter.current?.stepped(output.count)
    mayHoldOutput = stream.avail_out == 0 && status != Z_STREAM_END
    switch status {
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END:
      members += 1
      isInsideMember = false
      inflateReset(&stream)
    default:
      let reason = stream.msg.map { String(cString: $0) } ?? "zlib error \(status)"
      let isStart = members == 0 && offset == 0 && stream.total_out == 0
      throw CorpusError(
        .corruptGzip,
        isStart
          ? "not a gzip file (\(reason)); the name ends in .gz, so gzip was expected"
          : "damaged gzip data (\(reason)); fetch or compress the file again",
        file: input.path, offset: input.position - piece.count + taken)
    }
  }

  private func finish() throws {
    guard !isInsideMember, members > 0 else {
      throw CorpusError(
        .halfGzipped,
        "half-gzipped: the file ends after \(input.position) bytes inside a gzip member, so text is missing; "
          + "fetch or compress it again", file: input.path, offset: input.position)
    }
    isFinished = true
  }

  /// Between members: tapes pad files with zeros, which gzip ignores. Anything else must be another member.
  /// Returns whether the rest of the piece was padding.
  private func skipPadding() throws -> Bool {
    guard piece[taken] == 0 else {
      guard piece[taken] == 0x1F else {
        throw CorpusError(
          .corruptGzip, "bytes after the last gzip member that are not gzip", file: input.path,
          offset: input.position - piece.count + taken)
      }
      return false
    }
    while taken < piece.count, piece[taken] == 0 { taken += 1 }
    return taken == piece.count
  }
}
