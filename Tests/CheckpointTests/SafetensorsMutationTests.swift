import Foundation
import Testing

@testable import Checkpoints

/// A spoiled file gives a typed error or exactly the bytes that stand in it: never a trap, never values from
/// elsewhere.
@Suite struct SafetensorsMutationTests {
  private let original: [UInt8]
  private let tensors: [SafetensorsFile.Tensor]
  private let dataOffset: Int

  init() throws {
    original = try Fixture.bytes(Fixture.mixed)
    tensors = try SafetensorsFile(path: Fixture.mixed).tensors
    dataOffset = 8 + original[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// Opens the mutant and reads the original's tensors by name. Returns whether all of them came back.
  private func readsTruly(_ mutant: [UInt8], in scratch: Scratch) throws -> Bool {
    let path = scratch.at("mutant.safetensors")
    try Fixture.write(mutant, to: path)
    do {
      let file = try SafetensorsFile(path: path)
      var found = 0
      for tensor in tensors {
        guard let candidate = file[tensor.name], candidate == tensor else { continue }
        var bytes = [UInt8](repeating: 0, count: tensor.dataRange.count)
        try bytes.withUnsafeMutableBytes { try file.readBytes(of: candidate, into: $0) }
        let begin = dataOffset + tensor.dataRange.lowerBound
        #expect(bytes == Array(mutant[begin..<begin + bytes.count]), "\(tensor.name)")
        found += 1
        for other in file.tensors { _ = try? readFloats(other, file) }
      }
      return found == tensors.count
    } catch is CheckpointError {
      return false
    }
  }

  private func readFloats(_ tensor: SafetensorsFile.Tensor, _ file: SafetensorsFile) throws -> [Float] {
    var floats = [Float](repeating: 0, count: tensor.count)
    try floats.withUnsafeMutableBufferPointer { try file.readFloats(tensor, into: $0) }
    return floats
  }

  @Test func everyTruncationIsAnError() throws {
    let scratch = try Scratch()
    for length in 0..<original.count {
      let path = scratch.at("cut.safetensors")
      try Fixture.write(original[..<length], to: path)
      #expect(throws: CheckpointError.self, "\(length) bytes") { try SafetensorsFile(path: path) }
    }
  }

  @Test func everyBitFlipOfTheHeaderIsAnErrorOrOtherNames() throws {
    let scratch = try Scratch()
    #expect(try readsTruly(original, in: scratch))
    for byte in 0..<dataOffset {
      for bit in 0..<8 {
        var mutant = original
        mutant[byte] ^= 1 << bit
        // JSON allows tabs and line ends where spaces are, and writes a character more than one way; otherwise a
        // flip must be seen, as an error or as another name than asked for.
        if try readsTruly(mutant, in: scratch) {
          Issue.record("byte \(byte), bit \(bit) of the header went unseen")
        }
      }
    }
  }

  @Test func twoThousandRandomCorruptionsNeverTrap() throws {
    let scratch = try Scratch()
    var random = SeededRandom(state: 2_406_09624)
    for _ in 0..<2000 {
      var mutant = original
      switch Int.random(in: 0..<4, using: &random) {
      case 0:
        for _ in 0..<Int.random(in: 1...8, using: &random) {
          mutant[Int.random(in: 0..<mutant.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
      case 1:
        let begin = Int.random(in: 0..<mutant.count, using: &random)
        mutant.removeSubrange(begin..<Int.random(in: begin..<mutant.count, using: &random))
      case 2:
        let piece = Array(mutant.shuffled(using: &random).prefix(Int.random(in: 1...64, using: &random)))
        mutant.insert(contentsOf: piece, at: Int.random(in: 0...mutant.count, using: &random))
      default:
        // Digits for digits: the header stays JSON, its claims change.
        for index in 8..<dataOffset where (0x30...0x39).contains(mutant[index]) && Bool.random(using: &random) {
          mutant[index] = UInt8.random(in: 0x30...0x39, using: &random)
        }
      }
      _ = try readsTruly(mutant, in: scratch)
    }
  }
}
