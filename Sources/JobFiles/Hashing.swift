import Crypto
import WireProtocol

/// SHA-256 and size of a file, read once, a mebibyte at a time.
func hashFile(_ path: String) throws -> (digest: WireProtocol.Digest, byteCount: UInt64) {
  let file = try OpenFile(path)
  var hash = SHA256()
  var byteCount: UInt64 = 0
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
  defer { buffer.deallocate() }
  while true {
    let count = try file.read(into: buffer)
    if count == 0 { break }
    hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    byteCount += UInt64(count)
  }
  return (WireProtocol.Digest(sha256: hash.finalize()), byteCount)
}

func hashText(_ text: String) -> WireProtocol.Digest {
  WireProtocol.Digest(sha256: SHA256.hash(data: Array(text.utf8)))
}
