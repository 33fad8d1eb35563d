import Glibc

/// Remembers the tokens of short words. An entry is one cache line: 24 bytes of word, up to nine tokens, both counts.
/// A word has one place, by its hash, and takes it from whoever is there: a hit costs one line, there is nothing to
/// keep in order, and memory is the same for any text. Belongs to one thread.
final class WordCache {
  static let wordBytesMax = 24
  static let tokensMax = 9

  private static let lineBytes = 64
  private static let bits: UInt64 = 16
  private let memory: UnsafeMutableRawPointer
  private let lines: UnsafeMutableRawPointer

  /// A word in three words of 64 bits, the bytes beyond its end zero.
  struct Key {
    var first: UInt64 = 0
    var second: UInt64 = 0
    var third: UInt64 = 0
    var count: UInt64 = 0
  }

  init() {
    // Zeros from the system cost nothing until they are touched: an encoder for one short text is cheap.
    guard let memory = calloc(Self.lineBytes << Int(Self.bits) + Self.lineBytes, 1) else {
      preconditionFailure("no memory for a cache of words")
    }
    self.memory = memory
    lines = memory.alignedUp(toMultipleOf: Self.lineBytes)
  }

  deinit { free(memory) }

  /// The word at `start`. `readable` bytes may be read from there. Precondition: `count <= wordBytesMax`.
  @inline(__always)
  static func key(_ start: UnsafePointer<UInt8>, _ count: Int, readable: Int) -> Key {
    var key = Key()
    key.count = UInt64(count)
    let raw = UnsafeRawPointer(start)
    if readable >= wordBytesMax {
      key.first = raw.loadUnaligned(as: UInt64.self)
      if count <= 8 {
        key.first &= mask(count)
      } else {
        key.second = raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        if count <= 16 {
          key.second &= mask(count - 8)
        } else {
          key.third = raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self) & mask(count - 16)
        }
      }
      return key
    }
    for index in 0..<count {
      let byte = UInt64(start[index]) << UInt64(8 * (index & 7))
      if index < 8 { key.first |= byte } else if index < 16 { key.second |= byte } else { key.third |= byte }
    }
    return key
  }

  /// The lowest bytes. Precondition: 1 to 8.
  @inline(__always)
  private static func mask(_ bytes: Int) -> UInt64 { UInt64.max >> UInt64(truncatingIfNeeded: 64 - 8 * bytes) }

  @inline(__always)
  private func line(_ key: Key) -> UnsafeMutableRawPointer {
    var hash = (key.first ^ (key.count << 56)) &* 0x9E37_79B9_7F4A_7C15
    hash = (hash ^ (hash >> 32) ^ key.second) &* 0xC2B2_AE3D_27D4_EB4F
    hash = (hash ^ (hash >> 29) ^ key.third) &* 0x1656_67B1_9E37_79F9
    return lines + Int(truncatingIfNeeded: (hash ^ (hash >> 32)) & ((1 << Self.bits) - 1)) * Self.lineBytes
  }

  /// Appends the word's tokens, or returns false.
  @inline(__always)
  func append(_ key: Key, to output: inout [Int32]) -> Bool {
    let line = line(key)
    let counts = line.load(fromByteOffset: 24, as: UInt32.self)
    guard UInt64(counts & 0xFFFF) == key.count, line.load(as: UInt64.self) == key.first,
      line.load(fromByteOffset: 8, as: UInt64.self) == key.second,
      line.load(fromByteOffset: 16, as: UInt64.self) == key.third
    else { return false }
    let count = Int(counts >> 16)
    var index = 0
    while index < count {
      output.append(line.load(fromByteOffset: 28 + 4 * index, as: Int32.self))
      index += 1
    }
    return true
  }

  func insert(_ key: Key, _ tokens: ArraySlice<Int32>) {
    guard tokens.count <= Self.tokensMax else { return }
    let line = line(key)
    line.storeBytes(of: key.first, as: UInt64.self)
    line.storeBytes(of: key.second, toByteOffset: 8, as: UInt64.self)
    line.storeBytes(of: key.third, toByteOffset: 16, as: UInt64.self)
    line.storeBytes(of: UInt32(key.count) | UInt32(tokens.count) << 16, toByteOffset: 24, as: UInt32.self)
    var offset = 28
    for token in tokens {
      line.storeBytes(of: token, toByteOffset: offset, as: Int32.self)
      offset += 4
    }
  }
}
