import Metering

/// The merge rules of a BPE model over symbols, with what splits a text into parts that cannot influence each other.
///
/// SentencePiece states its rules as strings: two neighbouring symbols may merge if their concatenation is a piece, the
/// best score first, the leftmost first among equals. A symbol is at any time one character or a piece, so the rules
/// are also a finite table (left symbol, right symbol) → (rank, merged symbol), looked up without touching text.
///
/// Symbol ids below the vocabulary size are pieces; ids from there on are characters that occur inside pieces without
/// being one themselves.
struct MergeTable: Sendable {
  /// A pair's rule. `rank` is 0 for the best score; equal scores have equal ranks.
  struct Rule {
    var rank: UInt32
    var merged: Int32
  }

  /// No piece has this character.
  static let noSymbol: Int32 = -1
  /// The symbol has no id of its own: its bytes stand for it.
  static let noToken: Int32 = -1

  private let symbolOfBasicScalar: [Int32]
  private let symbolOfHighScalar: [UInt32: Int32]
  private let keys: [UInt64]
  private let rules: [Rule]
  private let mask: Int
  /// Pairs of characters that stand side by side inside some piece.
  private let neighbours: Set64
  /// The same for ASCII, as a matrix of 128 by 128 bits.
  private let asciiNeighbours: [UInt64]
  /// Token of each symbol, or `noToken`.
  let tokens: [Int32]

  init(_ pieces: [SentencePieceModel.Piece]) {
    let vocabularySize = pieces.count
    var symbols = ByteStringTable(capacity: pieces.reduce(16) { $0 + ($1.kind == .normal ? 1 + $1.text.count : 1) })
    var tokens = (0..<Int32(vocabularySize)).map { $0 }
    var basic = [Int32](repeating: Self.noSymbol, count: 0x10000)
    var high: [UInt32: Int32] = [:]
    var reserved: [UInt32: Int32] = [:]
    for (id, piece) in pieces.enumerated() {
      switch piece.kind {
      case .normal: _ = piece.text.withUnsafeBufferPointer { symbols.insert($0, Int32(id)) }
      case .control:
        // SentencePiece looks a finished symbol up among the control pieces first, so a text that is one control
        // character becomes the control id.
        let scalars = Array(String(decoding: piece.text, as: UTF8.self).unicodeScalars)
        if scalars.count == 1 { reserved[scalars[0].value] = Int32(id) }
      default: break
      }
    }

    // Characters, and which of them are neighbours.
    var pairs: [UInt64] = []
    for piece in pieces where piece.kind == .normal {
      var previous = Self.noSymbol
      for scalar in String(decoding: piece.text, as: UTF8.self).unicodeScalars {
        var symbol = scalar.value < 0x10000 ? basic[Int(scalar.value)] : high[scalar.value] ?? Self.noSymbol
        if symbol == Self.noSymbol {
          let utf8 = Array(String(scalar).utf8)
          symbol =
            utf8.withUnsafeBufferPointer { symbols.insert($0, Int32(tokens.count)) }
            ?? Int32(tokens.count)
          if symbol == Int32(tokens.count) { tokens.append(reserved[scalar.value] ?? Self.noToken) }
          if scalar.value < 0x10000 { basic[Int(scalar.value)] = symbol } else { high[scalar.value] = symbol }
        }
        if previous != Self.noSymbol { pairs.append(Self.key(previous, symbol)) }
        previous = symbol
      }
    }

    var looked = 0
    // Ranks by score, and a rule for every way to cut a piece into two symbols.
    let scores = Set(pieces.lazy.filter { $0.kind == .normal }.map(\.score)).sorted(by: >)
    let rankOfScore = Dictionary(uniqueKeysWithValues: scores.enumerated().map { ($1, UInt32($0)) })
    var found: [(UInt64, Rule)] = []
    for (id, piece) in pieces.enumerated() where piece.kind == .normal {
      looked += piece.text.count * piece.text.count
      piece.text.withUnsafeBufferPointer { text in
        for cut in 1..<max(1, text.count) where text[cut] & 0xC0 != 0x80 {
          guard let left = symbols.value(of: .init(rebasing: text[..<cut])),
            let right = symbols.value(of: .init(rebasing: text[cut...])),
            let rank = rankOfScore[piece.score]
          else { continue }
          found.append((Self.key(left, right), Rule(rank: rank, merged: Int32(id))))
        }
      }
    }
    var size = 16
    while size < 2 * found.count { size *= 2 }
    ReadMeter.current?.stepped(looked + symbols.probes + pairs.count)
    ReadMeter.current?.allocated(16 * size + 8 * pairs.count + 4 * (basic.count + tokens.count))
    var keys = [UInt64](repeating: UInt64.max, count: size)
    var rules = [Rule](repeating: Rule(rank: 0, merged: 0), count: size)
    for (key, rule) in found {
      var slot = Int(truncatingIfNeeded: ByteStringTable.mix(key)) & (size - 1)
      while keys[slot] != .max, keys[slot] != key { slot = (slot + 1) & (size - 1) }
      keys[slot] = key
      rules[slot] = rule
    }

    self.symbolOfBasicScalar = basic
    self.symbolOfHighScalar = high
    self.keys = keys
    self.rules = rules
    self.mask = size - 1
    let neighbours = Set64(pairs)
    var ascii = [UInt64](repeating: 0, count: 256)
    for left in 0..<128 {
      for right in 0..<128 where neighbours.contains(Self.key(basic[left], basic[right])) {
        ascii[2 * left + right / 64] |= 1 << UInt64(right % 64)
      }
    }
    self.neighbours = neighbours
    self.asciiNeighbours = ascii
    self.tokens = tokens
  }

  /// The symbol of a character, or `noSymbol`.
  @inline(__always)
  func symbol(of scalar: UInt32) -> Int32 {
    scalar < 0x10000 ? symbolOfBasicScalar[Int(scalar)] : symbolOfHighScalar[scalar] ?? Self.noSymbol
  }

  /// What the two symbols merge into, if they may.
  @inline(__always)
  func rule(_ left: Int32, _ right: Int32) -> Rule? {
    let key = Self.key(left, right)
    var slot = Int(truncatingIfNeeded: ByteStringTable.mix(key)) & mask
    while true {
      if keys[slot] == key { return rules[slot] }
      if keys[slot] == .max { return nil }
      slot = (slot + 1) & mask
    }
  }

  /// Whether any merge could ever span the two neighbouring characters. Where none can, the text may be cut: every
  /// merged symbol is a piece, so a symbol across the cut would be a piece with these two side by side.
  @inline(__always)
  func mayJoin(_ left: Int32, _ right: Int32) -> Bool {
    neighbours.contains(Self.key(left, right))
  }

  /// `mayJoin` of two ASCII characters. Precondition: both are below 128.
  @inline(__always)
  func mayJoinASCII(_ left: UInt32, _ right: UInt32) -> Bool {
    asciiNeighbours[Int(2 * left + right / 64)] >> UInt64(right % 64) & 1 != 0
  }

  @inline(__always)
  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }
}

/// A fixed set of 64-bit keys, none of which is all ones.
private struct Set64: Sendable {
  private let keys: [UInt64]
  private let mask: Int

  init(_ values: [UInt64]) {
    let values = Set(values)
    var size = 16
    while size < 4 * values.count { size *= 2 }
    var keys = [UInt64](repeating: .max, count: size)
    for value in values {
      var slot = Int(truncatingIfNeeded: ByteStringTable.mix(value)) & (size - 1)
      while keys[slot] != .max { slot = (slot + 1) & (size - 1) }
      keys[slot] = value
    }
    self.keys = keys
    self.mask = size - 1
  }

  @inline(__always)
  func contains(_ value: UInt64) -> Bool {
    var slot = Int(truncatingIfNeeded: ByteStringTable.mix(value)) & mask
    while keys[slot] != .max {
      if keys[slot] == value { return true }
      slot = (slot + 1) & mask
    }
    return false
  }
}
