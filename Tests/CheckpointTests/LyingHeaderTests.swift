import Foundation
import Testing

@testable import Checkpoints

/// Headers that lie, each with the error that must name the lie.
@Suite struct LyingHeaderTests {
  struct Lie: Sendable, CustomTestStringConvertible {
    var title: String
    var header: String
    var dataByteCount = 24
    var code: CheckpointError.Code
    var tensor: String? = "w"
    var field: String?
    var testDescription: String { title }
  }

  static func entry(
    _ name: String = "w", dtype: String = "\"F32\"", shape: String = "[2,3]", offsets: String = "[0,24]"
  ) -> String { "\"\(name)\":{\"dtype\":\(dtype),\"shape\":\(shape),\"data_offsets\":\(offsets)}" }

  static func lie(
    _ title: String, dtype: String = "\"F32\"", shape: String = "[2,3]", offsets: String = "[0,24]",
    code: CheckpointError.Code, field: String
  ) -> Lie {
    Lie(
      title: title, header: "{\(entry(dtype: dtype, shape: shape, offsets: offsets))}", code: code, field: field)
  }

  static let lies: [Lie] = [
    lie("unknown dtype", dtype: "\"F33\"", code: .unknownDType, field: "dtype"),
    lie("dtype that is a number", dtype: "32", code: .wrongType, field: "dtype"),
    lie("negative dimension", shape: "[-2,3]", code: .wrongType, field: "shape"),
    lie("fractional dimension", shape: "[2.0,3]", code: .wrongType, field: "shape"),
    lie("exponent in a dimension", shape: "[2e0,3]", code: .wrongType, field: "shape"),
    lie("dimension in quotes", shape: "[\"2\",3]", code: .wrongType, field: "shape"),
    lie("shape that is no list", shape: "6", code: .wrongType, field: "shape"),
    lie("dimension beyond 64 bits", shape: "[18446744073709551618,3]", code: .overflow, field: "shape"),
    lie("product beyond 64 bits", shape: "[4294967296,4294967296]", code: .overflow, field: "shape"),
    lie("overflow behind a zero", shape: "[9223372036854775807,0,3]", code: .overflow, field: "shape"),
    lie("100 dimensions", shape: "[" + String(repeating: "1,", count: 99) + "6]", code: .outOfRange, field: "shape"),
    lie("shape too small for the bytes", shape: "[2,2]", code: .sizeMismatch, field: "data_offsets"),
    lie("shape too big for the bytes", shape: "[2,4]", code: .sizeMismatch, field: "data_offsets"),
    lie("dtype too small for the bytes", dtype: "\"F16\"", code: .sizeMismatch, field: "data_offsets"),
    lie("end before begin", offsets: "[24,0]", code: .outOfRange, field: "data_offsets"),
    lie("end outside the file", offsets: "[0,28]", code: .outOfRange, field: "data_offsets"),
    lie(
      "end far outside", offsets: "[9223372036854775783,9223372036854775807]", code: .outOfRange,
      field: "data_offsets"),
    lie("one offset", offsets: "[24]", code: .wrongType, field: "data_offsets"),
    lie("three offsets", offsets: "[0,12,24]", code: .wrongType, field: "data_offsets"),
    lie("negative offset", offsets: "[-24,0]", code: .wrongType, field: "data_offsets"),
    Lie(
      title: "no shape", header: #"{"w":{"dtype":"F32","data_offsets":[0,24]}}"#, code: .missingField, field: "shape"),
    Lie(title: "no dtype", header: #"{"w":{"shape":[6],"data_offsets":[0,24]}}"#, code: .missingField, field: "dtype"),
    Lie(
      title: "no offsets", header: #"{"w":{"dtype":"F32","shape":[6]}}"#, code: .missingField, field: "data_offsets"),
    Lie(
      title: "unknown field", header: #"{"w":{"dtype":"F32","shape":[6],"data_offsets":[0,24],"x":1}}"#,
      code: .unknownField, field: "x"),
    Lie(title: "tensor that is a number", header: #"{"w":6}"#, code: .wrongType),
    Lie(
      title: "overlap",
      header: "{\(entry("v", shape: "[4]", offsets: "[0,16]")),\(entry(shape: "[4]", offsets: "[8,24]"))}",
      code: .overlap, field: "data_offsets"),
    Lie(
      title: "the same bytes twice", header: "{\(entry("v")),\(entry())}", code: .overlap, field: "data_offsets"),
    Lie(
      title: "gap",
      header: "{\(entry("v", shape: "[2]", offsets: "[0,8]")),\(entry(shape: "[2]", offsets: "[16,24]"))}",
      code: .gap, field: "data_offsets"),
    Lie(
      title: "gap in front", header: "{\(entry(shape: "[4]", offsets: "[8,24]"))}", code: .gap, field: "data_offsets"),
    Lie(
      title: "bytes behind", header: "{\(entry(shape: "[4]", offsets: "[0,16]"))}", code: .gap, tensor: nil,
      field: "data_offsets"),
    Lie(
      title: "misaligned",
      header: "{\(entry("v", dtype: "\"U8\"", shape: "[2]", offsets: "[0,2]")),"
        + "\(entry(shape: "[4]", offsets: "[2,18]")),\(entry("x", dtype: "\"U8\"", shape: "[6]", offsets: "[18,24]"))}",
      code: .misaligned, field: "data_offsets"),
    Lie(
      title: "metadata that is a list", header: "{\"__metadata__\":[],\(entry())}", code: .wrongType, tensor: nil,
      field: "__metadata__"),
    Lie(
      title: "metadata with a number", header: "{\"__metadata__\":{\"a\":1},\(entry())}", code: .wrongType, tensor: nil,
      field: "__metadata__.a"),
    Lie(title: "duplicate tensor", header: "{\(entry()),\(entry())}", code: .malformedJSON, tensor: nil),
    Lie(
      title: "duplicate field", header: #"{"w":{"dtype":"F32","dtype":"F32","shape":[6],"data_offsets":[0,24]}}"#,
      code: .malformedJSON, tensor: nil),
    Lie(title: "no JSON", header: "hello", code: .malformedJSON, tensor: nil),
    Lie(title: "two JSON values", header: "{\(entry())} {}", code: .malformedJSON, tensor: nil),
    Lie(title: "NaN", header: "{\(entry(shape: "[NaN]"))}", code: .malformedJSON, tensor: nil),
    Lie(title: "depth bomb", header: String(repeating: "[", count: 200_000), code: .malformedJSON, tensor: nil),
    Lie(
      title: "deep inside a shape", header: "{\(entry(shape: "[[[[[1]]]]]"))}", code: .malformedJSON, tensor: nil),
    Lie(
      title: "a number of a million digits",
      header: "{\(entry(shape: "[" + String(repeating: "9", count: 1_000_000) + "]"))}",
      code: .malformedJSON, tensor: nil),
    Lie(title: "a list for a header", header: "[]", code: .wrongType, tensor: nil, field: "header"),
    Lie(title: "an empty header", header: "", code: .malformedJSON, tensor: nil),
    Lie(title: "no tensors but bytes", header: "{}", code: .gap, tensor: nil, field: "data_offsets"),
  ]

  @Test(arguments: lies) func isNamed(_ lie: Lie) throws {
    let scratch = try Scratch()
    let path = scratch.at("lie.safetensors")
    try write(header: Array(lie.header.utf8), dataByteCount: lie.dataByteCount, to: path)
    let error = try checkpointError { _ = try SafetensorsFile(path: path) }
    #expect(error.code == lie.code, "\(error)")
    #expect(error.file == path)
    #expect(error.tensor == lie.tensor, "\(error)")
    if let field = lie.field { #expect(error.field == field, "\(error)") }
    #expect(!error.found.isEmpty && !error.expected.isEmpty)
    #expect(error.description.utf8.count < 1500)
  }

  @Test func theTruthIsRead() throws {
    let scratch = try Scratch()
    try write(header: Array("{\(Self.entry())}".utf8), dataByteCount: 24, to: scratch.at("true.safetensors"))
    #expect(try SafetensorsFile(path: scratch.at("true.safetensors"))["w"]?.shape == [2, 3])
  }

  @Test(arguments: [UInt64](arrayLiteral: .max, 1 << 63, 1 << 32, 100_000_001, 100_000_000, 25))
  func aHeaderLengthBeyondTheFileTakesNoMemory(length: UInt64) throws {
    let scratch = try Scratch()
    let path = scratch.at("long.safetensors")
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(length)
    try Fixture.write(bytes + [UInt8](repeating: 0x20, count: 24), to: path)
    let error = try checkpointError { _ = try SafetensorsFile(path: path) }
    #expect(error.code == (length > 100_000_000 ? .tooLarge : .truncated))
    #expect(error.field == "header length" && error.found == "\(length)")
  }

  @Test func aHeaderThatIsNotUTF8IsNamed() throws {
    let scratch = try Scratch()
    var header = Array("{\(Self.entry())}".utf8)
    header[2] = 0xFF
    try write(header: header, dataByteCount: 24, to: scratch.at("bytes.safetensors"))
    let error = try checkpointError { _ = try SafetensorsFile(path: scratch.at("bytes.safetensors")) }
    #expect(error.code == .malformedJSON && error.found.contains("UTF-8"))
  }

  private func write(header: [UInt8], dataByteCount: Int, to path: String) throws {
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(UInt64(header.count))
    try Fixture.write(bytes + header + [UInt8](repeating: 1, count: dataByteCount), to: path)
  }
}
