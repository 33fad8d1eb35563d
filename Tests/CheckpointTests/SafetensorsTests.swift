import Foundation
import Testing

@testable import Checkpoints

@Suite struct SafetensorsTests {
  @Test func readsWhatPythonWroteToTheBit() throws {
    let file = try SafetensorsFile(path: Fixture.mixed)
    let golden = try #require(try Fixture.golden()["mixed_bits"] as? [String: [String]])
    #expect(Set(file.tensors.map(\.name)) == Set(golden.keys).union(["counts"]))
    for (name, bits) in golden {
      let tensor = try #require(file[name])
      var floats = [Float](repeating: 7, count: tensor.count)
      try floats.withUnsafeMutableBufferPointer { try file.readFloats(tensor, into: $0) }
      #expect(floats.map(\.bitPattern) == bits.map { UInt32($0, radix: 16) }, "\(name)")
    }
    #expect(file["half"]?.shape == [2, 5])
    #expect(file["scalar"]?.shape == [])
    #expect(file["empty"]?.shape == [0, 4])
    #expect(file["absent"] == nil)
  }

  @Test func integersAreNotReadAsFloats() throws {
    let file = try SafetensorsFile(path: Fixture.mixed)
    let counts = try #require(file["counts"])
    var floats = [Float](repeating: 0, count: 3)
    let error = try checkpointError {
      try floats.withUnsafeMutableBufferPointer { try file.readFloats(counts, into: $0) }
    }
    #expect(error.code == .unsupported && error.tensor == "counts" && error.found == "I64")
  }

  @Test func everyHalfConvertsExactly() {
    for bits in UInt16.min...UInt16.max {
      let expected = Float(Float16(bitPattern: bits))
      let converted = float(fromHalf: bits)
      if expected.isNaN {
        #expect(converted.isNaN)
      } else if expected.bitPattern != converted.bitPattern {
        Issue.record("half \(bits): \(converted) instead of \(expected)")
      }
    }
  }

  @Test func mappedBytesEqualReadBytesAndAreAligned() throws {
    let file = try SafetensorsFile(path: Fixture.tiny + "/model.safetensors")
    for tensor in file.tensors {
      var read = [UInt8](repeating: 0, count: tensor.dataRange.count)
      try read.withUnsafeMutableBytes { try file.readBytes(of: tensor, into: $0) }
      try file.withMappedBytes(of: tensor) { mapped in
        #expect(mapped.elementsEqual(read), "\(tensor.name)")
        #expect(Int(bitPattern: mapped.baseAddress) % 4 == 0)
      }
    }
  }

  @Test func whatIsWrittenEqualsThePythonLibrarysFileToTheByte() throws {
    let golden = try Fixture.bytes(Fixture.tiny + "/model.safetensors")
    let file = try SafetensorsFile(path: Fixture.tiny + "/model.safetensors")
    let scratch = try Scratch()
    let declarations = file.tensors.map { SafetensorsWriter.Declaration(name: $0.name, shape: $0.shape) }
    var writer = try SafetensorsWriter(
      creating: scratch.at("copy.safetensors"), declarations, metadata: file.metadata)
    #expect(writer.fileByteCount == golden.count)
    for tensor in file.tensors {
      var floats = [Float](repeating: 0, count: tensor.count)
      try floats.withUnsafeMutableBufferPointer { try file.readFloats(tensor, into: $0) }
      try floats.withUnsafeBufferPointer { try writer.append(tensor.name, $0) }
    }
    let written = try writer.finish()
    #expect(written.size == golden.count)
    #expect(try Fixture.bytes(scratch.at("copy.safetensors")) == golden)
    #expect(try ReadableFile(scratch.at("copy.safetensors")).sha256() == written.sha256)
  }

  @Test func namesThatNeedEscapingComeBack() throws {
    let scratch = try Scratch()
    let name = "naïve \"name\"\\\n\u{1}/𝄞"
    let path = scratch.at("odd.safetensors")
    var writer = try SafetensorsWriter(creating: path, [.init(name: name, shape: [1])], metadata: ["k\t": "\u{8}é"])
    try [Float(1.5)].withUnsafeBufferPointer { try writer.append(name, $0) }
    _ = try writer.finish()
    let file = try SafetensorsFile(path: path)
    #expect(file.tensors.map(\.name) == [name])
    #expect(file.metadata == ["k\t": "\u{8}é"])
  }

  @Test func aFileThatShrinksWhileOpenIsAnErrorNotASignal() throws {
    let scratch = try Scratch()
    let path = scratch.at("model.safetensors")
    try Fixture.write(try Fixture.bytes(Fixture.tiny + "/model.safetensors"), to: path)
    let file = try SafetensorsFile(path: path)
    #expect(truncate(path, 9_000) == 0)
    let last = try #require(file.tensors.last)
    var floats = [Float](repeating: 0, count: last.count)
    let error = try checkpointError {
      try floats.withUnsafeMutableBufferPointer { try file.readFloats(last, into: $0) }
    }
    #expect(error.code == .changedWhileRead && error.file == path)
  }
}
