/// SentencePiece BPE with byte fallback, the tokenizer of Llama, Llama 2 and Mistral, token for token.
/// Source: https://github.com/google/sentencepiece (src/bpe_model.cc, src/normalizer.cc); the tests compare whole
/// corpora with that library.
public final class SentencePieceBPE: Tokenizer {
  public let vocabularySize: Int
  public let beginningOfText: Int32?
  public let endOfText: Int32?
  public let addsBeginningOfText: Bool
  public var addsLeadingSpace: Bool { normalizer.addsDummyPrefix }

  let pieces: [SentencePieceModel.Piece]
  let merges: MergeTable
  let normalizer: TextNormalizer
  /// Ids of `<0x00>` to `<0xFF>`.
  let byteTokens: [Int32]
  let unknownSurface: String
  private let byteCounts: [Int32]

  /// - Parameters:
  ///   - file: contents of a `tokenizer.model`.
  ///   - addsBeginningOfText: false for the models whose `tokenizer_config.json` says so; a model without a
  ///     beginning-of-text piece never adds one.
  /// - Throws: `TokenizerError` with offset and field when the file is malformed, or by name when it asks for what
  ///   cannot be done yet.
  public init(model file: [UInt8], addsBeginningOfText: Bool = true) throws {
    let model = try SentencePieceModel(parsing: file)
    try Self.checkSupported(model)
    byteTokens = try Self.byteTokens(model.pieces)
    try Self.checkUnique(model.pieces)
    func control(_ name: String) -> Int32? {
      model.pieces.firstIndex { $0.kind == .control && $0.text.elementsEqual(name.utf8) }.map(Int32.init)
    }
    vocabularySize = model.pieces.count
    beginningOfText = control(model.beginningPiece)
    endOfText = control(model.endPiece)
    self.addsBeginningOfText = addsBeginningOfText && beginningOfText != nil
    pieces = model.pieces
    merges = MergeTable(model.pieces)
    normalizer = TextNormalizer(
      addsDummyPrefix: model.addsDummyPrefix, removesExtraWhitespace: model.removesExtraWhitespace,
      escapesWhitespace: model.escapesWhitespace, userDefined: UserDefinedSymbols(model.pieces))
    unknownSurface = model.unknownSurface
    byteCounts = model.pieces.map { Self.byteCount($0, escapesWhitespace: model.escapesWhitespace) }
  }

  public func makeEncoder() -> any TextEncoder { SentencePieceEncoder(self) }

  public func makeEncoder(specialTokens: SpecialTokenHandling) -> any TextEncoder { SentencePieceEncoder(self) }

  public func id(of token: String) -> Int32? {
    pieces.firstIndex { $0.text.elementsEqual(token.utf8) }.map(Int32.init)
  }

  public func isSpecial(_ token: Int32) -> Bool { pieces[Int(token)].kind == .control }

  public func byteCount(of token: Int32) -> Int { Int(byteCounts[Int(token)]) }

  public func controlName(of token: Int32) -> String? {
    let piece = pieces[Int(token)]
    return piece.kind == .control || piece.kind == .unknown ? String(decoding: piece.text, as: UTF8.self) : nil
  }

  private static func byteCount(_ piece: SentencePieceModel.Piece, escapesWhitespace: Bool) -> Int32 {
    switch piece.kind {
    case .control, .unknown, .unused: return 0
    case .byte: return 1
    case .normal, .userDefined:
      guard escapesWhitespace else { return Int32(piece.text.count) }
      let spaces = String(decoding: piece.text, as: UTF8.self).unicodeScalars.lazy.filter { $0 == "\u{2581}" }.count
      return Int32(piece.text.count - 2 * spaces)
    }
  }

  private static func checkSupported(_ model: SentencePieceModel) throws {
    func refuse(_ field: String, _ message: String) -> TokenizerError {
      TokenizerError(.unsupported, message, field: field)
    }
    guard model.modelType == 2 else {
      let name = [1: "UNIGRAM", 3: "WORD", 4: "CHAR"][model.modelType] ?? "\(model.modelType)"
      throw refuse("trainer_spec.model_type", "\(name) models cannot be read; BPE expected")
    }
    guard model.byteFallback else {
      throw refuse("trainer_spec.byte_fallback", "false; models without byte fallback cannot be read yet")
    }
    guard !model.treatWhitespaceAsSuffix else {
      throw refuse("trainer_spec.treat_whitespace_as_suffix", "true; such models cannot be read yet")
    }
    guard model.charsmapBytes == 0 else {
      throw refuse(
        "normalizer_spec.precompiled_charsmap",
        "the normalizer \"\(model.normalizerName)\" rewrites characters (\(model.charsmapBytes) bytes of rules); "
          + "only \"identity\" can be read yet")
    }
    guard model.denormalizerCharsmapBytes == 0 else {
      throw refuse("denormalizer_spec.precompiled_charsmap", "denormalization rules cannot be read yet")
    }
    if let index = model.pieces.firstIndex(where: { $0.kind == .unused }) {
      throw refuse("pieces[\(index)].type", "UNUSED pieces (a restricted vocabulary) cannot be read yet")
    }
    let unknowns = model.pieces.lazy.filter { $0.kind == .unknown }.count
    guard unknowns == 1 else {
      throw TokenizerError(.malformed, "\(unknowns) pieces of type UNKNOWN; exactly one expected", field: "pieces")
    }
  }

  private static func byteTokens(_ pieces: [SentencePieceModel.Piece]) throws -> [Int32] {
    var tokens = [Int32](repeating: -1, count: 256)
    for (id, piece) in pieces.enumerated() where piece.kind == .byte {
      let text = String(decoding: piece.text, as: UTF8.self)
      guard text.utf8.count == 6, text.hasPrefix("<0x"), text.hasSuffix(">"),
        let byte = UInt8(text.dropFirst(3).dropLast(), radix: 16), text.uppercased() == "<0X" + text.dropFirst(3)
      else {
        throw TokenizerError(
          .malformed, "\"\(text)\" is of type BYTE; a name such as <0x0A> expected", offset: piece.offset,
          field: "pieces[\(id)]")
      }
      tokens[Int(byte)] = Int32(id)
    }
    if let missing = tokens.firstIndex(of: -1) {
      let hex = String(missing, radix: 16, uppercase: true)
      let name = "<0x" + (hex.count == 1 ? "0" : "") + hex + ">"
      throw TokenizerError(.malformed, "byte_fallback is on, but there is no piece \(name)", field: "pieces")
    }
    return tokens
  }

  private static func checkUnique(_ pieces: [SentencePieceModel.Piece]) throws {
    var table = ByteStringTable(capacity: pieces.count)
    for (id, piece) in pieces.enumerated() {
      if let first = piece.text.withUnsafeBufferPointer({ table.insert($0, Int32(id)) }) {
        throw TokenizerError(
          .malformed, "\"\(String(decoding: piece.text, as: UTF8.self))\" is already piece \(first)",
          offset: piece.offset, field: "pieces[\(id)]")
      }
    }
  }
}
