import Metering

/// A `tokenizer.model` as its bytes say it: SentencePiece's ModelProto, the parts that decide tokens.
/// Source: https://github.com/google/sentencepiece, src/sentencepiece_model.proto
struct SentencePieceModel {
  enum PieceKind: Int32 {
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6
  }

  struct Piece {
    var text: [UInt8]
    var score: Float
    var kind: PieceKind
    var offset: Int
  }

  enum Limit {
    /// The largest vocabularies in use (256,000 pieces) need 4.3 MB.
    static let fileBytesMax = 64 << 20
    static let piecesMax = 1 << 20
    /// Trainers stop at 16 characters; chat symbols are longer. The merge table is quadratic in this.
    static let pieceBytesMax = 512
  }

  var pieces: [Piece] = []
  var modelType: Int32 = 1
  var byteFallback = false
  var treatWhitespaceAsSuffix = false
  var unknownSurface = " \u{2047} "
  var beginningPiece = "<s>"
  var endPiece = "</s>"
  var normalizerName = ""
  var charsmapBytes = 0
  var denormalizerCharsmapBytes = 0
  var addsDummyPrefix = true
  var removesExtraWhitespace = true
  var escapesWhitespace = true

  /// Throws `TokenizerError` with the offset and the field.
  init(parsing file: [UInt8]) throws {
    guard !file.isEmpty else { throw TokenizerError(.malformed, "the file is empty; a SentencePiece model expected") }
    guard file.count <= Limit.fileBytesMax else {
      throw TokenizerError(.malformed, "\(file.count) bytes; at most \(Limit.fileBytesMax) expected")
    }
    if TiktokenRanks.isLikely(file) {
      throw TokenizerError(
        .unsupported, "this is a tiktoken rank file (base64 text, as Llama 3 ships it), not a SentencePiece model")
    }
    var reader = ProtobufReader(file: file, range: 0..<file.count, path: "model")
    while let field = try reader.next() {
      switch field.number {
      case 1:
        let path = "pieces[\(pieces.count)]"
        guard pieces.count < Limit.piecesMax else {
          throw TokenizerError(
            .malformed, "more than \(Limit.piecesMax) pieces", offset: field.offset, field: path)
        }
        pieces.append(
          try Self.piece(file, try reader.bytes(field, "pieces"), path: path, offset: field.offset))
      case 2: try readTrainer(file, try reader.bytes(field, "trainer_spec"))
      case 3: try readNormalizer(file, try reader.bytes(field, "normalizer_spec"))
      case 5:
        let range = try reader.bytes(field, "denormalizer_spec")
        var inner = ProtobufReader(file: file, range: range, path: "denormalizer_spec")
        while let field = try inner.next() {
          guard field.number == 2 else { continue }
          denormalizerCharsmapBytes = try inner.bytes(field, "precompiled_charsmap").count
        }
      default: break
      }
    }
    guard !pieces.isEmpty else { throw TokenizerError(.malformed, "no pieces in the model", field: "pieces") }
  }

  private static func piece(_ file: [UInt8], _ range: Range<Int>, path: String, offset: Int) throws -> Piece {
    var piece = Piece(text: [], score: 0, kind: .normal, offset: offset)
    var reader = ProtobufReader(file: file, range: range, path: path)
    while let field = try reader.next() {
      switch field.number {
      case 1:
        let range = try reader.bytes(field, "piece")
        guard range.count <= Limit.pieceBytesMax else {
          throw reader.malformed("\(range.count) bytes; at most \(Limit.pieceBytesMax) expected", at: range.lowerBound)
        }
        _ = try reader.string(field, "piece")
        piece.text = Array(file[range])
        ReadMeter.current?.allocated(range.count + MemoryLayout<Piece>.stride)
      case 2: piece.score = try reader.float(field, "score")
      case 3:
        let raw = try reader.integer(field, "type")
        guard let kind = PieceKind(rawValue: raw) else {
          throw reader.malformed("type \(raw); 1 to 6 expected", at: field.offset)
        }
        piece.kind = kind
      default: break
      }
    }
    guard !piece.text.isEmpty else { throw reader.malformed("a piece without text", at: offset) }
    return piece
  }

  private mutating func readTrainer(_ file: [UInt8], _ range: Range<Int>) throws {
    var reader = ProtobufReader(file: file, range: range, path: "trainer_spec")
    while let field = try reader.next() {
      switch field.number {
      case 3: modelType = try reader.integer(field, "model_type")
      case 24: treatWhitespaceAsSuffix = try reader.boolean(field, "treat_whitespace_as_suffix")
      case 35: byteFallback = try reader.boolean(field, "byte_fallback")
      case 44: unknownSurface = try reader.string(field, "unk_surface")
      case 46: beginningPiece = try reader.string(field, "bos_piece")
      case 47: endPiece = try reader.string(field, "eos_piece")
      default: break
      }
    }
  }

  private mutating func readNormalizer(_ file: [UInt8], _ range: Range<Int>) throws {
    var reader = ProtobufReader(file: file, range: range, path: "normalizer_spec")
    while let field = try reader.next() {
      switch field.number {
      case 1: normalizerName = try reader.string(field, "name")
      case 2: charsmapBytes = try reader.bytes(field, "precompiled_charsmap").count
      case 3: addsDummyPrefix = try reader.boolean(field, "add_dummy_prefix")
      case 4: removesExtraWhitespace = try reader.boolean(field, "remove_extra_whitespaces")
      case 5: escapesWhitespace = try reader.boolean(field, "escape_whitespaces")
      default: break
      }
    }
  }
}
