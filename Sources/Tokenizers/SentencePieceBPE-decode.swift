extension SentencePieceBPE {
  /// The ids' text as SentencePiece gives it: one leading space is taken off if the normalizer puts one in front (all
  /// of them if it collapses spaces), bytes that are no UTF-8 become U+FFFD, control ids leave nothing.
  public func decode(_ tokens: [Int32]) throws -> String {
    var output: [UInt8] = []
    var bytes: [UInt8] = []
    var isAtStart = true
    var sawLeadingSpace = false
    for token in tokens {
      guard token >= 0, Int(token) < vocabularySize else {
        throw TokenizerError(.unknownToken, "id \(token) is outside the vocabulary of \(vocabularySize)")
      }
      let piece = pieces[Int(token)]
      if piece.kind == .byte {
        bytes.append(byteValue(piece))
        continue
      }
      Self.flush(&bytes, into: &output)
      if sawLeadingSpace || !output.isEmpty { isAtStart = false }
      sawLeadingSpace = false
      switch piece.kind {
      case .control: break
      case .unknown: output.append(contentsOf: unknownSurface.utf8)
      default:
        var text = piece.text[...]
        if isAtStart, normalizer.addsDummyPrefix || normalizer.removesExtraWhitespace,
          text.starts(with: TextNormalizer.spaceSymbol)
        {
          text = text.dropFirst(TextNormalizer.spaceSymbol.count)
          sawLeadingSpace = !normalizer.removesExtraWhitespace
        }
        Self.appendUnescaped(text, to: &output)
      }
    }
    Self.flush(&bytes, into: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// Byte pieces are named `<0xHH>`; the names were checked on loading.
  private func byteValue(_ piece: SentencePieceModel.Piece) -> UInt8 {
    func digit(_ character: UInt8) -> UInt8 { character <= 0x39 ? character - 0x30 : (character | 0x20) - 0x61 + 10 }
    return digit(piece.text[3]) << 4 | digit(piece.text[4])
  }

  /// Appends the collected bytes, each that starts no well-formed scalar as U+FFFD.
  private static func flush(_ bytes: inout [UInt8], into output: inout [UInt8]) {
    bytes.withUnsafeBufferPointer { bytes in
      var position = 0
      while position < bytes.count {
        let count = UTF8Scan.scalarLength(.init(rebasing: bytes[position...]))
        if count == 0 {
          output.append(contentsOf: [0xEF, 0xBF, 0xBD])
          position += 1
        } else {
          output.append(contentsOf: bytes[position..<position + count])
          position += count
        }
      }
    }
    bytes.removeAll(keepingCapacity: true)
  }

  private static func appendUnescaped(_ text: ArraySlice<UInt8>, to output: inout [UInt8]) {
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
