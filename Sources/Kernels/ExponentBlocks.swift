// A plane of exponents in blocks of 256 bytes. Exponents of a gradient lie close together: of a normal distribution's,
// nine in ten lie among seven neighbours. So a block states a base, and each value is its distance below it in `width`
// bits; what lies elsewhere is escaped and follows as it is.
//
//   base u8, width u8 {0, 2, 3, 4, 8}, planes width × 32 bytes, escapes
//   width 0: every byte is `base`. Width 8: the 256 bytes as they are (base 0).
//   else: code c[i] = base − byte[i] (modulo 256), or 2^width − 1 for an escape; bit j of c[32·k + l] is bit k of byte
//   l of plane j; then one byte for each escape, in order.
//
// Bit planes rather than packed fields: packing and unpacking are shifts and masks on whole words, with no byte moved
// across them. A Huffman code of the plane would be 0.3 bits shorter (3.1 bits a value on gradients of SmolLM2), and
// goes value by value.

@inline(__always) private func loadWord(_ p: UnsafePointer<UInt8>) -> UInt64 {
  UnsafeRawPointer(p).loadUnaligned(as: UInt64.self)
}

@inline(__always) private func storeWord(_ word: UInt64, _ p: UnsafeMutablePointer<UInt8>) {
  UnsafeMutableRawPointer(p).storeBytes(of: word, as: UInt64.self)
}

/// The lowest bit of each byte.
@inline(__always) private var ones: UInt64 { 0x0101_0101_0101_0101 }

// Plain loops over bytes and over words of eight of them: the compiler makes vectors of both, while SIMD types of byte
// lanes become code lane by lane (measured: 7 to 80 ns a byte, against 0.5).

@inline(__always) private func largest(_ p: UnsafePointer<UInt8>) -> UInt8 {
  var m: UInt8 = 0
  var i = 0
  while i < 256 {
    m = p[i] > m ? p[i] : m
    i += 1
  }
  return m
}

/// Bytes that begin a block of `width`.
@inline(__always) private func storeHeader(_ base: UInt8, _ width: UInt8, _ out: UnsafeMutablePointer<UInt8>) {
  out[0] = base
  out[1] = width
}

/// The high bit of each byte of `word` that is zero.
@inline(__always) private func zeroBytes(_ word: UInt64) -> UInt64 {
  // Exact for every byte: no borrow crosses one (Hacker's Delight, 6-1).
  let low7: UInt64 = 0x7f7f_7f7f_7f7f_7f7f
  return ~(((word & low7) &+ low7) | word | low7)
}

/// How many of the 256 distances are at least `threshold`.
@inline(__always) private func count(_ e: UnsafePointer<UInt8>, atLeast threshold: UInt8) -> Int {
  var first: UInt8 = 0
  var second: UInt8 = 0
  var i = 0
  while i < 128 {
    first = first &+ (e[i] >= threshold ? 1 : 0)
    i += 1
  }
  while i < 256 {
    second = second &+ (e[i] >= threshold ? 1 : 0)
    i += 1
  }
  return Int(truncatingIfNeeded: first) &+ Int(truncatingIfNeeded: second)
}

/// Packs blocks × 256 bytes of `plane` and returns the bytes written; `packed` has room for blocks × 258.
/// scratch: 512 bytes, aligned to 32. constants[0] = how many blocks have width 0.
@inline(never) public func packExponentBlocks(
  _ blocks: Int, _ plane: UnsafePointer<UInt8>, _ packed: UnsafeMutablePointer<UInt8>,
  _ scratch: UnsafeMutablePointer<UInt8>, _ constants: UnsafeMutablePointer<Int>
) -> Int {
  let distances = scratch
  let codes = scratch + 256
  var out = packed
  var constant = 0
  var block = 0
  while block < blocks {
    let p = plane + 256 &* block
    let top = largest(p)
    var k = 0
    while k < 256 {
      distances[k] = top &- p[k]
      k += 1
    }
    if count(distances, atLeast: 1) == 0 {
      storeHeader(top, 0, out)
      out += 2
      constant += 1
      block += 1
      continue
    }
    // Of windows that begin 0 … 4 below the largest, the one that costs least: width × 32 bytes and the escapes.
    var cost = 256
    var width: UInt8 = 8
    var skip: UInt8 = 0
    var s: UInt8 = 0
    while s < 5 {
      let above = s == 0 ? 256 : count(distances, atLeast: s)
      let cost2 = 64 &+ 256 &- above &+ count(distances, atLeast: s &+ 3)
      let cost3 = 96 &+ 256 &- above &+ count(distances, atLeast: s &+ 7)
      let cost4 = 128 &+ 256 &- above &+ count(distances, atLeast: s &+ 15)
      if cost2 < cost { (cost, width, skip) = (cost2, 2, s) }
      if cost3 < cost { (cost, width, skip) = (cost3, 3, s) }
      if cost4 < cost { (cost, width, skip) = (cost4, 4, s) }
      s &+= 1
    }
    if width == 8 {
      storeHeader(0, 8, out)
      k = 0
      while k < 256 {
        out[2 &+ k] = p[k]
        k += 1
      }
      out += 258
      block += 1
      continue
    }
    let base = top &- skip
    storeHeader(base, width, out)
    out += 2
    let escape = (1 as UInt8) &<< width &- 1
    k = 0
    while k < 256 {
      let code = base &- p[k]
      codes[k] = code > escape ? escape : code
      k += 1
    }
    var j: UInt64 = 0
    while j < UInt64(truncatingIfNeeded: width) {
      var l = 0
      while l < 32 {
        var bits = loadWord(codes + l) &>> j & ones
        bits |= (loadWord(codes + l + 32) &>> j & ones) &<< 1
        bits |= (loadWord(codes + l + 64) &>> j & ones) &<< 2
        bits |= (loadWord(codes + l + 96) &>> j & ones) &<< 3
        bits |= (loadWord(codes + l + 128) &>> j & ones) &<< 4
        bits |= (loadWord(codes + l + 160) &>> j & ones) &<< 5
        bits |= (loadWord(codes + l + 192) &>> j & ones) &<< 6
        bits |= (loadWord(codes + l + 224) &>> j & ones) &<< 7
        storeWord(bits, out + l)
        l += 8
      }
      out += 32
      j &+= 1
    }
    let pattern = UInt64(truncatingIfNeeded: escape) &* ones
    var i = 0
    while i < 256 {
      var hits = zeroBytes(loadWord(codes + i) ^ pattern)
      while hits != 0 {
        out[0] = p[i &+ hits.trailingZeroBitCount &>> 3]
        out += 1
        hits &= hits &- 1
      }
      i += 8
    }
    block += 1
  }
  constants[0] = constant
  return out - packed
}

/// Unpacks one block of the `available` bytes at `packed` into 256 bytes and returns the bytes read; -1 when they are
/// no block, whatever they are. scratch: 256 bytes, aligned to 32.
@inline(never) public func unpackExponentBlock(
  _ packed: UnsafePointer<UInt8>, _ available: Int, _ bytes: UnsafeMutablePointer<UInt8>,
  _ scratch: UnsafeMutablePointer<UInt8>
) -> Int {
  if available < 2 { return -1 }
  let base = packed[0]
  let width = packed[1]
  var k = 0
  if width == 0 {
    while k < 256 {
      bytes[k] = base
      k += 1
    }
    return 2
  }
  if width == 8 {
    if available < 258 { return -1 }
    while k < 256 {
      bytes[k] = packed[2 &+ k]
      k += 1
    }
    return 258
  }
  if width < 2 || width > 4 { return -1 }
  var read = 2 &+ 32 &* Int(truncatingIfNeeded: width)
  if available < read { return -1 }
  let bits = packed + 2
  var l = 0
  while l < 32 {
    let low = loadWord(bits + l)
    let high = loadWord(bits + l + 32)
    let third = width > 2 ? loadWord(bits + l + 64) : 0
    let fourth = width > 3 ? loadWord(bits + l + 96) : 0
    var k: UInt64 = 0
    while k < 8 {
      let pair = low &>> k & ones | (high &>> k & ones) &<< 1
      let code = pair | (third &>> k & ones) &<< 2 | (fourth &>> k & ones) &<< 3
      storeWord(code, scratch + l + 32 &* Int(truncatingIfNeeded: k))
      k &+= 1
    }
    l += 8
  }
  while k < 256 {
    bytes[k] = base &- scratch[k]
    k += 1
  }
  let escape = (1 as UInt8) &<< width &- 1
  let pattern = UInt64(truncatingIfNeeded: escape) &* ones
  var i = 0
  while i < 256 {
    var hits = zeroBytes(loadWord(UnsafePointer(scratch) + i) ^ pattern)
    while hits != 0 {
      if read == available { return -1 }
      bytes[i &+ hits.trailingZeroBitCount &>> 3] = packed[read]
      read += 1
      hits &= hits &- 1
    }
    i += 8
  }
  return read
}
