import Metering

/// One value of a `JSONTape` with the path that leads to it, read with errors that name path and offset.
struct JSONField {
  let tape: JSONTape
  /// Place in `tape.entries`.
  let index: Int
  let path: String

  init(root tape: JSONTape) {
    self.tape = tape
    index = 0
    path = ""
  }

  private init(_ tape: JSONTape, _ index: Int, _ path: String) {
    self.tape = tape
    self.index = index
    self.path = path
  }

  var entry: JSONTape.Entry { tape.entries[index] }
  var kind: JSONTape.Kind { entry.kind }
  var isNull: Bool { kind == .null }

  /// The field of an object, or nil. Of a repeated key the last counts, as in Hugging Face's reader.
  /// - Throws: when this is no object.
  subscript(name: String) -> JSONField? {
    get throws {
      try expect(.object)
      var found: JSONField?
      var place = index + 1
      var looked = 0
      defer { ReadMeter.current?.stepped(looked) }
      while place < Int(entry.end) {
        looked += 1
        let key = tape.entries[place]
        if key.count == name.utf8.count || key.hasEscapes, string(of: key) == Array(name.utf8) {
          found = JSONField(tape, place + 1, path.isEmpty ? name : path + "." + name)
        }
        place = Int(tape.entries[place + 1].end)
      }
      return found
    }
  }

  /// Calls `body` with each key and value of an object, in the order of the file.
  func forEachMember(_ body: (_ key: JSONTape.Entry, _ value: JSONTape.Entry) throws -> Void) throws {
    try expect(.object)
    var place = index + 1
    while place < Int(entry.end) {
      let value = tape.entries[place + 1]
      try body(tape.entries[place], value)
      place = Int(value.end)
    }
  }

  /// Keys and values of a short object.
  func members() throws -> [(key: String, value: JSONField)] {
    try expect(.object)
    var found: [(key: String, value: JSONField)] = []
    var place = index + 1
    while place < Int(entry.end) {
      let key = String(decoding: string(of: tape.entries[place]), as: UTF8.self)
      found.append((key, JSONField(tape, place + 1, path.isEmpty ? key : path + "." + key)))
      place = Int(tape.entries[place + 1].end)
    }
    return found
  }

  /// The elements of an array.
  func elements() throws -> [JSONField] {
    try expect(.array)
    var found: [JSONField] = []
    var place = index + 1
    while place < Int(entry.end) {
      found.append(JSONField(tape, place, "\(path)[\(found.count)]"))
      place = Int(tape.entries[place].end)
    }
    return found
  }

  /// Calls `body` with the place of each element of an array: for the long ones, which need no path of their own.
  func forEachElement(_ body: (_ number: Int, _ index: Int) throws -> Void) throws {
    try expect(.array)
    var place = index + 1
    var number = 0
    while place < Int(entry.end) {
      try body(number, place)
      number += 1
      place = Int(tape.entries[place].end)
    }
  }

  func bytes() throws -> [UInt8] {
    try expect(.string)
    return string(of: entry)
  }

  func text() throws -> String { String(decoding: try bytes(), as: UTF8.self) }

  func boolean() throws -> Bool {
    try expect(.boolean)
    return entry.count == 4
  }

  func integer() throws -> Int {
    try expect(.number)
    guard let value = Self.integer(tape, entry) else {
      throw error(.malformed, "a whole number expected, \(String(decoding: rawBytes, as: UTF8.self)) found")
    }
    return value
  }

  /// The number, if it is a whole one of at most 18 digits.
  static func integer(_ tape: JSONTape, _ entry: JSONTape.Entry) -> Int? {
    guard entry.kind == .number, entry.count <= 18 else { return nil }
    var value = 0
    var isNegative = false
    for byte in tape.file[Int(entry.start)..<Int(entry.start) + Int(entry.count)] {
      switch byte {
      case UInt8(ascii: "-"): isNegative = true
      case 0x30...0x39: value = 10 * value + Int(byte - 0x30)
      default: return nil
      }
    }
    return isNegative ? -value : value
  }

  func error(_ code: TokenizerError.Code, _ message: String) -> TokenizerError {
    TokenizerError(code, message, offset: Int(entry.start), field: path.isEmpty ? nil : path)
  }

  private var rawBytes: ArraySlice<UInt8> { tape.file[Int(entry.start)..<Int(entry.start) + Int(entry.count)] }

  private func string(of entry: JSONTape.Entry) -> [UInt8] {
    var bytes: [UInt8] = []
    tape.appendString(entry, to: &bytes)
    ReadMeter.current?.allocated(bytes.count)
    return bytes
  }

  private func expect(_ kind: JSONTape.Kind) throws {
    guard self.kind == kind else { throw error(.malformed, "\(kind.name) expected, \(self.kind.name) found") }
  }
}
