extension SentencePieceBPE {
  /// The ids' text as SentencePiece gives it: one leading space is taken off if the normalizer puts one in front (all
  /// of them if it collapses spaces), bytes that are no UTF-8 become U+FFFD, control ids leave nothing.
  public func decode(_ tokens: [Int32]) throws -> String {
    var decoder = SentencePieceStreamingDecoder(self)
    var output: [UInt8] = []
    for token in tokens { try decoder.append(token, to: &output) }
    decoder.flush(into: &output)
    return String(decoding: output, as: UTF8.self)
  }

  public func makeStreamingDecoder() -> any StreamingTextDecoder { SentencePieceStreamingDecoder(self) }

  public func bytes(of token: Int32) -> [UInt8] {
    let piece = pieces[Int(token)]
    switch piece.kind {
    case .control, .unknown, .unused: return []
    case .byte: return [SentencePieceStreamingDecoder.byteValue(piece)]
    case .normal, .userDefined:
      var bytes: [UInt8] = []
      SentencePieceStreamingDecoder.appendUnescaped(piece.text[...], to: &bytes)
      return bytes
    }
  }
}

struct SentencePieceStreamingDecoder: StreamingTextDecoder {
  private let tokenizer: SentencePieceBPE
  /// Byte pieces that are no whole character yet.
  private var pending: [UInt8] = []
  private var hasOutput = false
  private var isAtStart = true
  private var sawLeadingSpace = false

  init(_ tokenizer: SentencePieceBPE) { self.tokenizer = tokenizer }

  mutating func append(_ token: Int32) throws -> String {
    var output: [UInt8] = []
    try append(token, to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  mutating func finish() -> String {
    var output: [UInt8] = []
    flush(into: &output)
    return String(decoding: output, as: UTF8.self)
  }

  mutating func append(_ token: Int32, to output: inout [UInt8]) throws {
    guard token >= 0, Int(token) < tokenizer.vocabularySize else {
      throw TokenizerError(.unknownToken, "id \(token) is outside the vocabulary of \(tokenizer.vocabularySize)")
    }
    let piece = tokenizer.pieces[Int(token)]
    if piece.kind == .byte {
      pending.append(Self.byteValue(piece))
      takeCharacters(into: &output, isEnd: false)
      return
    }
    flush(into: &output)
    if sawLeadingSpace || hasOutput { isAtStart = false }
    sawLeadingSpace = false
    let before = output.count
    switch piece.kind {
    case .control: break
    case .unknown: output.append(contentsOf: tokenizer.unknownSurface.utf8)
    default:
      var text = piece.text[...]
      let normalizer = tokenizer.normalizer
      if isAtStart, normalizer.addsDummyPrefix || normalizer.removesExtraWhitespace,
        text.starts(with: TextNormalizer.spaceSymbol)
      {
        text = text.dropFirst(TextNormalizer.spaceSymbol.count)
        sawLeadingSpace = !normalizer.removesExtraWhitespace
      }
      Self.appendUnescaped(text, to: &output)
    }
    if output.count > before { hasOutput = true }
  }

  mutating func flush(into output: inout [UInt8]) { takeCharacters(into: &output, isEnd: true) }

  /// Takes what is decided off the pending bytes: whole characters, and U+FFFD for each byte that starts none.
  private mutating func takeCharacters(into output: inout [UInt8], isEnd: Bool) {
    var position = 0
    pending.withUnsafeBufferPointer { bytes in
      while position < bytes.count {
        let rest = UnsafeBufferPointer(rebasing: bytes[position...])
        let count = UTF8Scan.scalarLength(rest)
        if count == 0 {
          if !isEnd, UTF8Scan.unfinishedSuffix(Array(rest)) == rest.count { return }
          output.append(contentsOf: [0xEF, 0xBF, 0xBD])
          position += 1
        } else {
          output.append(contentsOf: rest[..<count])
          position += count
        }
        hasOutput = true
      }
    }
    pending.removeFirst(position)
  }

  /// Byte pieces are named `<0xHH>`; the names were checked on loading.
  static func byteValue(_ piece: SentencePieceModel.Piece) -> UInt8 {
    func digit(_ character: UInt8) -> UInt8 { character <= 0x39 ? character - 0x30 : (character | 0x20) - 0x61 + 10 }
    return digit(piece.text[3]) << 4 | digit(piece.text[4])
  }

  static func appendUnescaped(_ text: ArraySlice<UInt8>, to output: inout [UInt8]) {
    var rest = text
    while let byte = rest.first {
      if byte == 0xE2, rest.starts(with: TextNormalizer.spaceSymbol) {
        output.append(0x20)
        rest = rest.dropFirst(TextNormalizer.spaceSymbol.count)
      } else {
        output.append(byte)
        rest = rest.dropFirst()
      }
    }
  }
}
