import Glibc

/// Bytes of a terminal in raw mode to keys: characters of UTF-8, control characters, and the sequences that xterm and
/// its descendants send. A pasted text comes between brackets, and its line ends send nothing.
struct KeyReader {
  private let nextByte: () -> UInt8?
  private var isPasting = false

  /// - Parameter nextByte: waits for a byte; nil at the end of input.
  init(nextByte: @escaping () -> UInt8?) { self.nextByte = nextByte }

  /// Nil at the end of input.
  mutating func next() -> EditedLine.Key? {
    guard let byte = nextByte() else { return nil }
    switch byte {
    case 0x1B: return escape()
    case 0x0D, 0x0A: return isPasting || byte == 0x0A ? .newLine : .enter
    case 0x7F, 0x08: return .backspace
    case 0x09: return .character("\t")
    case 0x01: return .home
    case 0x02: return .left
    case 0x03: return .interrupt
    case 0x04: return .endOfInput
    case 0x05: return .end
    case 0x06: return .right
    case 0x0B: return .killToEnd
    case 0x0C: return .redraw
    case 0x0E: return .down
    case 0x10: return .up
    case 0x15: return .killToStart
    case 0x17: return .killWord
    case 0x20..<0x7F: return .character(Character(Unicode.Scalar(byte)))
    case 0xC2...0xF4: return character(from: byte)
    default: return .other
    }
  }

  private func character(from first: UInt8) -> EditedLine.Key {
    var bytes = [first]
    let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
    while bytes.count < length, let byte = nextByte() {
      guard byte & 0xC0 == 0x80 else { return .other }
      bytes.append(byte)
    }
    guard let text = String(validating: bytes, as: UTF8.self), let character = text.first else { return .other }
    return .character(character)
  }

  private mutating func escape() -> EditedLine.Key {
    guard let byte = nextByte() else { return .other }
    switch byte {
    case UInt8(ascii: "["), UInt8(ascii: "O"): break
    case 0x0D, 0x0A: return .newLine
    case 0x7F: return .killWord
    case UInt8(ascii: "b"): return .wordLeft
    case UInt8(ascii: "f"): return .wordRight
    default: return .other
    }
    var parameters: [UInt8] = []
    while let next = nextByte() {
      guard (0x40...0x7E).contains(next) else {
        parameters.append(next)
        if parameters.count > 16 { return .other }
        continue
      }
      return sequence(String(decoding: parameters, as: UTF8.self), final: next)
    }
    return .other
  }

  private mutating func sequence(_ parameters: String, final: UInt8) -> EditedLine.Key {
    let withControl = parameters.hasSuffix(";5") || parameters.hasSuffix(";3")
    switch (Character(Unicode.Scalar(final)), parameters) {
    case ("A", _): return .up
    case ("B", _): return .down
    case ("C", _): return withControl ? .wordRight : .right
    case ("D", _): return withControl ? .wordLeft : .left
    case ("H", _), ("~", "1"), ("~", "7"): return .home
    case ("F", _), ("~", "4"), ("~", "8"): return .end
    case ("~", "3"): return .delete
    case ("~", "200"):
      isPasting = true
      return .other
    case ("~", "201"):
      isPasting = false
      return .other
    default: return .other
    }
  }
}
