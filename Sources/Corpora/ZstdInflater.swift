import CZstd
import Metering

/// Streaming Zstandard with any number of frames, as `zstd` and `pzstd` write them (RFC 8878). Not shared between
/// threads.
final class ZstdInflater {
  static let outputBytes = 1 << 20
  /// Window of 128 MiB: what `zstd` itself takes without being asked. A frame that wants more memory is refused.
  private static let windowLogMax: Int32 = 27

  private let input: InputFile
  private let stream: OpaquePointer
  private var piece: [UInt8] = []
  /// What of `piece` the library has not taken yet starts here.
  private var taken = 0
  /// What the library said last: 0 at the end of a frame.
  private var isInsideFrame = false
  private var frames = 0
  private var mayHoldOutput = false

  init(_ input: InputFile) throws {
    self.input = input
    guard let stream = ZSTD_createDStream() else {
      throw CorpusError(.unreadable, "no memory for Zstandard", file: input.path)
    }
    self.stream = stream
    ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, Self.windowLogMax)
  }

  deinit {
    // The window is the one thing here whose size a file chooses.
    ReadMeter.current?.allocated(ZSTD_sizeof_DStream(stream))
    ZSTD_freeDStream(stream)
  }

  /// Replaces `output` by the next decompressed bytes; they are empty at the end of the last frame.
  func read(into output: inout [UInt8]) throws {
    output.removeAll(keepingCapacity: true)
    while output.isEmpty {
      if taken == piece.count, !mayHoldOutput {
        try input.read(into: &piece)
        taken = 0
        if piece.isEmpty { return try checkEnd() }
      }
      try inflate(into: &output)
    }
  }

  private func inflate(into output: inout [UInt8]) throws {
    var status = 0
    let start = taken
    piece.withUnsafeBytes { piece in
      output = [UInt8](unsafeUninitializedCapacity: Self.outputBytes) { buffer, count in
        var source = ZSTD_inBuffer(src: piece.baseAddress, size: piece.count, pos: taken)
        var target = ZSTD_outBuffer(dst: buffer.baseAddress, size: Self.outputBytes, pos: 0)
        status = ZSTD_decompressStream(stream, &target, &source)
        count = target.pos
        taken = source.pos
      }
    }
    ReadMeter.current?.stepped(output.count)
    guard ZSTD_isError(status) == 0 else {
      let reason = String(cString: ZSTD_getErrorName(status))
      let isStart = frames == 0 && input.position == piece.count && start == 0
      throw CorpusError(
        .corruptZstd,
        isStart
          ? "not a Zstandard file (\(reason)); the name ends in .zst, so Zstandard was expected"
          : "damaged Zstandard data (\(reason)); fetch or compress the file again",
        file: input.path, offset: input.position - piece.count + taken)
    }
    isInsideFrame = status != 0
    if status == 0 { frames += 1 }
    mayHoldOutput = status != 0 && output.count == Self.outputBytes
  }

  private func checkEnd() throws {
    guard !isInsideFrame, frames > 0 else {
      throw CorpusError(
        .corruptZstd,
        "the file ends after \(input.position) bytes inside a Zstandard frame, so text is missing; fetch or compress "
          + "it again", file: input.path, offset: input.position)
    }
  }
}
