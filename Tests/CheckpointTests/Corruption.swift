import Foundation
import Metering
import Testing

@testable import Checkpoints

/// Spoils a file many thousand times and reads each result: an error of the right type or a success, never a trap, and
/// memory and work in proportion to the file's size.
struct Corruption {
  /// What is spoiled, in messages.
  let format: String
  /// The sound file.
  let original: [UInt8]
  /// Ranges of `original` that say sizes, counts, types, names or places, and what lies may stand there instead.
  let targets: [(range: Range<Int>, lies: [[UInt8]])]
  /// Puts right what a changed length would give away at once, so that the lie itself is met.
  var repair: (inout [UInt8]) -> Void = { _ in }
  /// Reads the file at the path whole.
  let read: (String) throws -> Void

  struct Outcome {
    var errors = 0
    var successes = 0
    var slowest: (description: String, cost: (allocatedBytes: Int, readBytes: Int, steps: Int), duration: Duration)?
  }

  /// - Parameters:
  ///   - path: where the spoiled files are written, one over the other.
  ///   - otherBytes: what reading the file reads beside it, such as a configuration.
  func run(at path: String, otherBytes: Int, random count: Int, targeted: Int, seed: UInt64) throws -> Outcome {
    var random = SeededRandom(state: seed)
    var outcome = Outcome()
    let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o644)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    for number in 0..<count + targeted {
      let (mutant, description) = number < count ? spoiled(&random) : lied(&random)
      mutant.withUnsafeBytes { _ = pwrite(descriptor, $0.baseAddress, $0.count, 0) }
      ftruncate(descriptor, off_t(mutant.count))
      let meter = ReadMeter()
      let clock = ContinuousClock()
      let start = clock.now
      do {
        try ReadMeter.$current.withValue(meter) { try read(path) }
        outcome.successes += 1
      } catch is CheckpointError {
        outcome.errors += 1
      }
      let (cost, duration) = (meter.cost, clock.now - start)
      if duration > outcome.slowest?.duration ?? .zero {
        outcome.slowest = ("\(format) \(number): \(description), \(mutant.count) bytes", cost, duration)
      }
      let size = mutant.count + otherBytes
      // A window of 64 KiB a file, at most 8 bytes of floats for each byte, a value for two bytes of JSON.
      let isBounded =
        cost.allocatedBytes <= 64 * size + 4 << 16 && cost.readBytes <= 4 * size + 4 << 16
        && cost.steps <= 8 * size + 1000
      if !isBounded { Issue.record("\(format) \(number): \(description), \(mutant.count) bytes cost \(cost)") }
    }
    if let slowest = outcome.slowest {
      print("slowest of \(count + targeted): \(slowest.description): \(slowest.duration), \(slowest.cost)")
    }
    return outcome
  }

  private func spoiled(_ random: inout SeededRandom) -> ([UInt8], String) {
    var mutant = original
    let place = Int.random(in: 0..<mutant.count, using: &random)
    let end = min(mutant.count, place + Int.random(in: 1...64, using: &random))
    switch Int.random(in: 0..<7, using: &random) {
    case 0:
      let flips = Int.random(in: 1...4, using: &random)
      for _ in 0..<flips {
        mutant[Int.random(in: 0..<mutant.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      }
      return (mutant, "\(flips) bits flipped")
    case 1:
      for index in place..<end { mutant[index] = UInt8.random(in: 0...255, using: &random) }
      return (mutant, "bytes \(place)..<\(end) random")
    case 2:
      let value: UInt8 = Bool.random(using: &random) ? 0 : 0xFF
      for index in place..<end { mutant[index] = value }
      return (mutant, "bytes \(place)..<\(end) set to \(value)")
    case 3:
      mutant.removeSubrange(place...)
      return (mutant, "cut at \(place)")
    case 4:
      mutant.removeSubrange(place..<end)
      return (mutant, "bytes \(place)..<\(end) removed")
    case 5:
      mutant.insert(contentsOf: original[place..<end], at: Int.random(in: 0...original.count, using: &random))
      return (mutant, "bytes \(place)..<\(end) put in elsewhere")
    default:
      let from = Int.random(in: 0..<original.count, using: &random)
      for index in place..<end { mutant[index] = original[(from + index) % original.count] }
      return (mutant, "bytes from \(from) on over \(place)..<\(end)")
    }
  }

  private func lied(_ random: inout SeededRandom) -> ([UInt8], String) {
    var mutant = original
    let (range, lies) = targets[Int.random(in: 0..<targets.count, using: &random)]
    let other = targets[Int.random(in: 0..<targets.count, using: &random)].range
    let lie =
      Int.random(in: 0..<4, using: &random) == 0
      ? Array(original[other]) : lies[Int.random(in: 0..<lies.count, using: &random)]
    mutant.replaceSubrange(range, with: lie)
    repair(&mutant)
    return (mutant, "bytes \(range) are \(String(decoding: lie.prefix(24), as: UTF8.self).debugDescription)")
  }
}

extension Corruption {
  /// Lies for a little-endian integer of `width` bytes in a file of `size` bytes.
  static func lies(width: Int, size: Int) -> [[UInt8]] {
    let values: [UInt64] = [
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 23, 30, 31, 39, 40, 64, 255, 256, 65_535, UInt64(size) - 1,
      UInt64(size), UInt64(size) + 1, 1 << 31 - 1, 1 << 31, 1 << 32 - 1, 1 << 32, 1 << 40, 1 << 62, 1 << 63 - 1,
      1 << 63,
      .max - 31, .max,
    ]
    return values.map { value in withUnsafeBytes(of: value.littleEndian) { Array($0.prefix(width)) } }
  }

  /// Every number and string of a JSON text, and what may stand there instead.
  static func targets(inJSON text: ArraySlice<UInt8>) -> [(range: Range<Int>, lies: [[UInt8]])] {
    let lies = [
      "0", "1", "-1", "2", "3", "7", "1.5", "1e9", "1e999", "255", "2147483648", "4294967296", "9223372036854775807",
      "9223372036854775808", "18446744073709551616", "null", "true", "[]", "{}", "\"\"", "\"F16\"", "\"BF16\"",
      "\"F64\"", "\"I64\"", "\"llama\"", "\"..\"", "\"../model.safetensors\"", "\"config.json\"", "\"\\u0000\"",
      "\"\\ud800\"", "[0,0]", "[1,1,1,1]", "{\"a\":1,\"a\":1}", String(repeating: "[", count: 200),
    ].map { Array($0.utf8) }
    var targets: [(range: Range<Int>, lies: [[UInt8]])] = []
    var index = text.startIndex
    while index < text.endIndex {
      var end = index + 1
      if text[index] == UInt8(ascii: "\"") {
        while end < text.endIndex, text[end] != UInt8(ascii: "\"") { end += 1 }
        end = min(end + 1, text.endIndex)
      } else if (0x30...0x39).contains(text[index]) {
        while end < text.endIndex, (0x30...0x39).contains(text[end]) || text[end] == 0x2E { end += 1 }
      } else {
        index = end
        continue
      }
      targets.append((index..<end, lies))
      index = end
    }
    return targets
  }
}
