import Foundation
import Testing

@testable import Checkpoints

@Suite struct QuantizedRowTests {
  @Test func codesScalesAndOffsetsGiveTheBitsOfDequantizing() throws {
    let file = try GGUFFile(path: Fixture.gguf + "/quantized.gguf")
    var seen = 0
    for tensor in file.tensors {
      guard let form = tensor.type.codeForm else { continue }
      seen += 1
      let (rows, length) = (tensor.shape[0], tensor.shape[1])
      var bytes = [UInt8](repeating: 0, count: tensor.byteCount)
      try bytes.withUnsafeMutableBytes { try file.file.read(into: $0, at: tensor.byteOffset) }
      var quantized = QuantizedRows(form, rows: rows, length: length)
      let rowBytes = bytes.count / rows
      for row in 0..<rows {
        bytes.withUnsafeBytes {
          quantized.set(row, tensor.type, UnsafeRawBufferPointer(rebasing: $0[(row * rowBytes)..<((row + 1) * rowBytes)]))
        }
      }
      var expected = [Float](repeating: 7, count: tensor.count)
      try expected.withUnsafeMutableBufferPointer { try file.readFloats(tensor, into: $0) }
      var wrong = 0
      for index in 0..<tensor.count {
        let (scale, offset) = (quantized.scales[index / form.group], quantized.offsets[index / form.group])
        #expect(quantized.codes[index] < 1 << form.bits)
        guard scale.isFinite && offset.isFinite else { continue }
        // Equal numbers: a zero's sign, which no product of a model sees, may differ.
        if offset.addingProduct(Float(quantized.codes[index]), scale) != expected[index] { wrong += 1 }
      }
      #expect(wrong == 0, "\(tensor.type.name)")
    }
    #expect(seen == 8)
  }
}
