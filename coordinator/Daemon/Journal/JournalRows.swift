internal import Foundation
internal import GRDB
internal import WireProtocol

// Between the values of records and columns: whole messages in the wire's encoding, tokens and digests as they are.

/// SQLite's integers are signed; a number beyond 2⁶³ would come back negative and sort first.
func column(_ value: UInt64, _ field: String, path: String) throws -> Int64 {
  guard let value = Int64(exactly: value) else {
    throw JournalError(.unstorable, path: path, problem: "\(field) is \(value); the journal holds up to \(Int64.max)")
  }
  return value
}

func column(_ digest: Digest) -> Data { Data(digest.bytes) }

func column(_ token: Token128) -> Data {
  var writer = WireWriter()
  writer.u64(token.high)
  writer.u64(token.low)
  return Data(writer.bytes)
}

func column(_ value: some WireValue) -> Data { column { $0.value(value) } }
func column(_ values: [some WireValue]) -> Data { column { $0.list(values) } }

func column(_ write: (inout WireWriter) -> Void) -> Data {
  var writer = WireWriter()
  write(&writer)
  return Data(writer.finish())
}

extension Row {
  func number<Number: FixedWidthInteger>(_ column: String, _ type: Number.Type = Number.self) throws -> Number {
    let found: Int64? = self[column]
    guard let found, let number = Number(exactly: found) else {
      throw damaged(column, "\(found.map(String.init) ?? "NULL")", "a \(Number.self)")
    }
    return number
  }

  func numberIfAny<Number: FixedWidthInteger>(_ column: String, _ type: Number.Type = Number.self) throws -> Number? {
    hasNull(atIndex: index(forColumn: column) ?? 0) ? nil : try number(column)
  }

  func text(_ column: String) throws -> String {
    guard let text: String = self[column] else { throw damaged(column, "NULL", "text") }
    return text
  }

  func digest(_ column: String) throws -> Digest {
    let bytes = try blob(column)
    guard let digest = Digest(bytes) else { throw damaged(column, "\(bytes.count) bytes", "32") }
    return digest
  }

  func token(_ column: String) throws -> Token128 {
    var reader = WireReader(try blob(column))
    let token = Token128(high: try reader.u64(column), low: try reader.u64(column))
    guard reader.remaining == 0 else { throw damaged(column, "\(reader.remaining) bytes more", "16 bytes") }
    return token
  }

  func value<Value: WireValue>(_ column: String, of type: Value.Type = Value.self) throws -> Value {
    try decode(column) { (reader) throws(WireError) in try reader.value(column, of: Value.self) }
  }

  func list<Value: WireValue>(_ column: String, of type: Value.Type = Value.self) throws -> [Value] {
    try decode(column) { (reader) throws(WireError) in try reader.list(column, of: Value.self) }
  }

  func decode<Value>(_ column: String, _ read: (inout WireReader) throws(WireError) -> Value) throws -> Value {
    var reader = WireReader(try blob(column))
    let value = try read(&reader)
    try reader.finish()
    return value
  }

  private func blob(_ column: String) throws -> [UInt8] {
    guard let data: Data = self[column] else { throw damaged(column, "NULL", "bytes") }
    return [UInt8](data)
  }

  private func index(forColumn column: String) -> Int? {
    columnNames.firstIndex(of: column).map { columnNames.distance(from: columnNames.startIndex, to: $0) }
  }

  private func damaged(_ column: String, _ found: String, _ expected: String) -> JournalError {
    JournalError(.damaged, path: "journal", problem: "column \(column): found \(found), expected \(expected)")
  }
}
