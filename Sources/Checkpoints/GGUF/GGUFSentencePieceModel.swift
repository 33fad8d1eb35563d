extension GGUFVocabulary {
  /// The vocabulary as a SentencePiece `ModelProto`.
  /// https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto
  func sentencePieceModel(file: String) throws -> [UInt8] {
    guard let scores else {
      throw CheckpointError(
        .missingField, file: file, field: "tokenizer.ggml.scores", found: "nothing",
        expected: "the scores of SentencePiece")
    }
    var model = ProtobufWriter()
    for id in tokens.indices {
      var piece = ProtobufWriter()
      // Checked as text, written as bytes.
      _ = try text(of: id, file: file)
      piece.bytes(1, tokens[id])
      piece.float(2, scores[id])
      // Numbered alike in both formats.
      if type(of: id) != .normal { piece.integer(3, UInt64(type(of: id).rawValue)) }
      model.message(1, piece)
    }
    var trainer = ProtobufWriter()
    trainer.integer(3, 2)  // model_type: BPE
    trainer.integer(4, UInt64(tokens.count))
    trainer.integer(35, tokenTypes?.contains(.byte) == true ? 1 : 0)  // byte_fallback
    let ids = [(40, unknownID), (41, beginningOfTextID), (42, endOfTextID), (43, paddingID)]
    for (field, id) in ids { trainer.integer(field, UInt64(bitPattern: Int64(id ?? -1))) }
    model.message(2, trainer)
    var normalizer = ProtobufWriter()
    normalizer.bytes(1, "identity".utf8)
    normalizer.integer(3, addsSpacePrefix ?? true ? 1 : 0)  // add_dummy_prefix
    normalizer.integer(4, removesExtraSpaces ?? false ? 1 : 0)  // remove_extra_whitespaces
    normalizer.integer(5, 1)  // escape_whitespaces
    model.message(3, normalizer)
    return model.contents
  }
}

/// Writes the little of protobuf's wire format that is needed. https://protobuf.dev/programming-guides/encoding/
private struct ProtobufWriter {
  private(set) var contents: [UInt8] = []

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      contents.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    contents.append(UInt8(rest))
  }

  mutating func integer(_ field: Int, _ value: UInt64) {
    varint(UInt64(field) << 3)
    varint(value)
  }

  mutating func float(_ field: Int, _ value: Float) {
    varint(UInt64(field) << 3 | 5)
    contents.appendLittleEndian(value.bitPattern)
  }

  mutating func bytes(_ field: Int, _ bytes: some Collection<UInt8>) {
    varint(UInt64(field) << 3 | 2)
    varint(UInt64(bytes.count))
    contents.append(contentsOf: bytes)
  }

  mutating func message(_ field: Int, _ message: ProtobufWriter) { bytes(field, message.contents) }
}
