/// The classes of characters by which texts are cut into words: two steps of a table, built once from
/// `UnicodeClassTable`.
///
/// Swift's own properties would not do: they are of the version of Unicode that the toolchain brings, and a character
/// that one version knows and the other does not would be cut differently.
struct UnicodeClasses: @unchecked Sendable {
  // Sendable: the memory is written once, in `init`, and never freed; afterwards everybody only reads it.

  static let letter: UInt8 = 1
  static let number: UInt8 = 2
  static let space: UInt8 = 4
  /// Carriage return and line feed.
  static let lineEnd: UInt8 = 8
  /// A digit for the rule `Digits`.
  static let digit: UInt8 = 16
  /// Part of a word for `single_word` tokens.
  static let word: UInt8 = 32

  static let shared = UnicodeClasses()

  /// Page of each block of 256 code points.
  private let pages: UnsafePointer<UInt8>
  /// Flags of each page's code points. Page 0 is that of ASCII.
  private let flags: UnsafePointer<UInt8>

  private init() {
    var all = [UInt8](repeating: 0, count: 0x110000)
    Self.mark(UnicodeClassTable.letters, Self.letter, &all)
    Self.mark(UnicodeClassTable.numbers, Self.number, &all)
    Self.mark(UnicodeClassTable.spaces, Self.space, &all)
    Self.mark(UnicodeClassTable.digits, Self.digit, &all)
    Self.mark(UnicodeClassTable.wordCharacters, Self.word, &all)
    all[0x0A] |= Self.lineEnd
    all[0x0D] |= Self.lineEnd

    var numberOfPage: [[UInt8]: Int] = [:]
    var distinct: [UInt8] = []
    let pages = UnsafeMutablePointer<UInt8>.allocate(capacity: 0x1100)
    for block in 0..<0x1100 {
      let page = Array(all[block * 256..<block * 256 + 256])
      let number = numberOfPage[page] ?? numberOfPage.count
      if number == numberOfPage.count {
        numberOfPage[page] = number
        distinct += page
      }
      precondition(number < 256, "more distinct pages than a byte can number")
      pages[block] = UInt8(number)
    }
    let flags = UnsafeMutablePointer<UInt8>.allocate(capacity: distinct.count)
    flags.initialize(from: distinct, count: distinct.count)
    self.pages = UnsafePointer(pages)
    self.flags = UnsafePointer(flags)
  }

  private static func mark(_ table: StaticString, _ flag: UInt8, _ all: inout [UInt8]) {
    var position = 0
    var isInside = false
    for count in HexadecimalList.numbers(table) {
      if isInside { for code in position..<position + count { all[code] |= flag } }
      position += count
      isInside.toggle()
    }
  }

  /// Flags of a code point. Precondition: it is below 0x110000.
  @inline(__always)
  func flags(_ scalar: UInt32) -> UInt8 {
    flags[Int(pages[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)]
  }

  @inline(__always)
  func flags(ascii byte: UInt8) -> UInt8 { flags[Int(byte)] }
}

/// The tables' notation: hexadecimal numbers with anything between them.
enum HexadecimalList {
  static func numbers(_ text: StaticString) -> [Int] {
    var numbers: [Int] = []
    text.withUTF8Buffer { bytes in
      var value: Int?
      for byte in bytes {
        if let digit = digit(byte) {
          value = (value ?? 0) << 4 | digit
        } else if let number = value {
          numbers.append(number)
          value = nil
        }
      }
      if let value { numbers.append(value) }
    }
    return numbers
  }

  static func digit(_ byte: UInt8) -> Int? {
    switch byte {
    case 0x30...0x39: Int(byte) - 0x30
    case 0x61...0x66: Int(byte) - 0x61 + 10
    default: nil
    }
  }
}
