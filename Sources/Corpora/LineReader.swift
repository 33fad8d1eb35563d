import Glibc

/// How a text file is compressed, by the end of its name.
enum Compression: String, CaseIterable {
  case none = ""
  case gzip = ".gz"
  case zstd = ".zst"
}

/// All lines of a text file that fits into memory, `.gz` and `.zst` by the end of its name: UTF-8, without line feeds
/// and without a byte order mark.
/// - Throws: `CorpusError` naming the file and the line.
public func readLines(of path: String, lineBytesMax: Int = 256 << 20) throws -> [[UInt8]] {
  let compression = Compression.allCases.last { path.hasSuffix($0.rawValue) } ?? .none
  var reader = try LineReader(path: path, compression: compression, lineBytesMax: lineBytesMax)
  var lines: [[UInt8]] = []
  var line: [UInt8] = []
  while try reader.next(into: &line) { lines.append(line) }
  return lines
}

/// Lines of a text file, compressed or not, without their line feeds. A line longer than the limit is an error, so
/// memory stays bounded whatever the file. Not shared between threads.
struct LineReader {
  let path: String
  let lineBytesMax: Int
  let input: InputFile
  private let gzip: GzipInflater?
  private let zstd: ZstdInflater?
  private var piece: [UInt8] = []
  private var position = 0
  private var isAtEnd = false
  /// Number of the line that `next` returned last, from 1.
  private(set) var lineNumber = 0

  init(path: String, compression: Compression, lineBytesMax: Int) throws {
    self.path = path
    self.lineBytesMax = lineBytesMax
    input = try InputFile(path: path)
    guard input.byteCount > 0 else { throw CorpusError(.empty, "the file is empty (0 bytes)", file: path) }
    gzip = compression == .gzip ? try GzipInflater(input) : nil
    zstd = compression == .zstd ? try ZstdInflater(input) : nil
  }

  /// Replaces `line` by the next one; false at the end. A last line without a line feed counts.
  mutating func next(into line: inout [UInt8]) throws -> Bool {
    line.removeAll(keepingCapacity: true)
    var hasLine = false
    while true {
      if position == piece.count {
        if !isAtEnd { try refill() }
        if isAtEnd {
          if hasLine { try finish(&line) }
          return hasLine
        }
      }
      hasLine = true
      let start = position
      let count = piece.count - start
      let feed: Int? = piece.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress, let found = memchr(base + start, 0x0A, count) else { return nil }
        return UnsafeRawPointer(found) - base
      }
      let end = feed ?? piece.count
      guard line.count + (end - start) <= lineBytesMax else {
        throw CorpusError(
          .tooLong, "longer than \(lineBytesMax) bytes, the limit for one line or document", file: path,
          line: lineNumber + 1)
      }
      line.append(contentsOf: piece[start..<end])
      position = feed == nil ? end : end + 1
      if feed != nil {
        try finish(&line)
        return true
      }
    }
  }

  private mutating func refill() throws {
    if let gzip {
      try gzip.read(into: &piece)
    } else if let zstd {
      try zstd.read(into: &piece)
    } else {
      try input.read(into: &piece)
    }
    position = 0
    isAtEnd = piece.isEmpty
  }

  /// Takes off a byte order mark and checks the encoding.
  private mutating func finish(_ line: inout [UInt8]) throws {
    lineNumber += 1
    if lineNumber == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    if let offset = line.withUnsafeBufferPointer(UTF8Check.firstMalformedOffset) {
      let byte = String(line[offset], radix: 16, uppercase: true)
      throw CorpusError(
        .notUTF8, "not UTF-8 (byte 0x\(byte)); convert the file to UTF-8", file: path, line: lineNumber, offset: offset)
    }
  }
}

/// Well-formedness of UTF-8, by table 3-7 of the Unicode standard.
enum UTF8Check {
  static func firstMalformedOffset(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
    let raw = UnsafeRawBufferPointer(text)
    var position = 0
    let count = text.count
    while position < count {
      let first = text[position]
      if first < 0x80 {
        position += 1
        // Eight ASCII bytes at a time.
        while position + 8 <= count {
          let word = raw.loadUnaligned(fromByteOffset: position, as: UInt64.self)
          if word & 0x8080_8080_8080_8080 != 0 { break }
          position += 8
        }
        continue
      }
      let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
      guard first >= 0xC2, first <= 0xF4, position + length <= count else { return position }
      let second = text[position + 1]
      let isSecondValid =
        switch first {
        case 0xE0: (0xA0...0xBF).contains(second)
        case 0xED: (0x80...0x9F).contains(second)
        case 0xF0: (0x90...0xBF).contains(second)
        case 0xF4: (0x80...0x8F).contains(second)
        default: (0x80...0xBF).contains(second)
        }
      guard isSecondValid else { return position }
      for index in 2..<max(2, length) where text[position + index] & 0xC0 != 0x80 { return position }
      position += length
    }
    return nil
  }

  /// Unicode scalars in well-formed text.
  static func scalarCount(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    var count = 0
    for byte in text where byte & 0xC0 != 0x80 { count += 1 }
    return count
  }
}
