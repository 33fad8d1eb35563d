import CLZ4
public import WireProtocol

extension Frame {
  /// The same frame with its body as an lz4 block when that is at least a sixteenth shorter, else unchanged: the
  /// receiver's time to unpack must be paid for. Thread-safe, so that it can be called where the frame is made.
  public func packed() -> Frame {
    guard header.codec == .stored, body.count >= WireLimits.lz4MinimumBodyBytes else { return self }
    let room = body.count - body.count / 16
    let packedBody = [UInt8](unsafeUninitializedCapacity: room) { target, count in
      let written = body.withUnsafeBytes { source in
        LZ4_compress_default(
          source.baseAddress?.assumingMemoryBound(to: CChar.self),
          UnsafeMutableRawPointer(target.baseAddress)?.assumingMemoryBound(to: CChar.self),
          CInt(clamping: source.count), CInt(clamping: room))
      }
      // lz4 says 0 when the result does not fit into `room`.
      count = Int(max(0, written))
    }
    guard !packedBody.isEmpty else { return self }
    var frame = Frame(header: header, body: packedBody)
    frame.header.codec = .lz4
    frame.header.bodyLength = UInt32(clamping: packedBody.count)
    if !header.flags.contains(.withoutBodyChecksum) { frame.header.bodyChecksum = CRC32C.checksum(packedBody) }
    return frame
  }

  /// The same frame with its body as the message's codec reads it.
  public func unpacked() throws(WireError) -> Frame {
    try unpacked { packed, rawLength in
      var written: CInt = -1
      let raw = [UInt8](unsafeUninitializedCapacity: rawLength) { target, count in
        written = packed.withUnsafeBytes { source in
          LZ4_decompress_safe(
            source.baseAddress?.assumingMemoryBound(to: CChar.self),
            UnsafeMutableRawPointer(target.baseAddress)?.assumingMemoryBound(to: CChar.self),
            CInt(clamping: source.count), CInt(clamping: rawLength))
        }
        count = Int(max(0, written))
      }
      return written < 0 ? nil : raw
    }
  }
}
