#if !ISA_AVX512

  // The register tile of a product for 16 vector registers of 8 floats: 6 × 16, 12 accumulators, 2 of B, 1 of A; also
  // the plain build's (arm64: 24 of 32 registers). See MatmulTileWide.swift.

  typealias TileVector = SIMD8<Float>

  @inline(__always) var tileRows: Int { 6 }
  @inline(__always) var tileColumns: Int { 16 }

  @inline(__always) private func loadTileVector(_ p: UnsafePointer<Float>) -> TileVector {
    UnsafeRawPointer(p).loadUnaligned(as: TileVector.self)
  }

  @inline(__always) private func storeTileVector(_ v: TileVector, _ p: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(p).storeBytes(of: v, as: TileVector.self)
  }

  /// C[6,16] (+)= Aᵖ·Bᵖ over packed panels a[depth][6], b[depth][16]; `accumulate` as in Matmul.swift.
  @inline(__always) func multiplyTile(
    _ depth: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>, _ stride: Int, _ accumulate: Int
  ) {
    var c0a = SIMD8<Float>()
    var c0b = SIMD8<Float>()
    var c1a = SIMD8<Float>()
    var c1b = SIMD8<Float>()
    var c2a = SIMD8<Float>()
    var c2b = SIMD8<Float>()
    var c3a = SIMD8<Float>()
    var c3b = SIMD8<Float>()
    var c4a = SIMD8<Float>()
    var c4b = SIMD8<Float>()
    var c5a = SIMD8<Float>()
    var c5b = SIMD8<Float>()
    if accumulate == accumulatesInOrder {
      c0a = loadTileVector(c)
      c0b = loadTileVector(c + 8)
      c1a = loadTileVector(c + 1 * stride)
      c1b = loadTileVector(c + 1 * stride + 8)
      c2a = loadTileVector(c + 2 * stride)
      c2b = loadTileVector(c + 2 * stride + 8)
      c3a = loadTileVector(c + 3 * stride)
      c3b = loadTileVector(c + 3 * stride + 8)
      c4a = loadTileVector(c + 4 * stride)
      c4b = loadTileVector(c + 4 * stride + 8)
      c5a = loadTileVector(c + 5 * stride)
      c5b = loadTileVector(c + 5 * stride + 8)
    }
    var a = a
    var b = b
    var step = 0
    while step < depth {
      let ba = loadTileVector(b)
      let bb = loadTileVector(b + 8)
      let a0 = TileVector(repeating: a[0])
      c0a = c0a.addingProduct(a0, ba)
      c0b = c0b.addingProduct(a0, bb)
      let a1 = TileVector(repeating: a[1])
      c1a = c1a.addingProduct(a1, ba)
      c1b = c1b.addingProduct(a1, bb)
      let a2 = TileVector(repeating: a[2])
      c2a = c2a.addingProduct(a2, ba)
      c2b = c2b.addingProduct(a2, bb)
      let a3 = TileVector(repeating: a[3])
      c3a = c3a.addingProduct(a3, ba)
      c3b = c3b.addingProduct(a3, bb)
      let a4 = TileVector(repeating: a[4])
      c4a = c4a.addingProduct(a4, ba)
      c4b = c4b.addingProduct(a4, bb)
      let a5 = TileVector(repeating: a[5])
      c5a = c5a.addingProduct(a5, ba)
      c5b = c5b.addingProduct(a5, bb)
      a += 6
      b += 16
      step += 1
    }
    if accumulate == accumulatesPart {
      c0a = loadTileVector(c) + c0a
      c0b = loadTileVector(c + 8) + c0b
      c1a = loadTileVector(c + 1 * stride) + c1a
      c1b = loadTileVector(c + 1 * stride + 8) + c1b
      c2a = loadTileVector(c + 2 * stride) + c2a
      c2b = loadTileVector(c + 2 * stride + 8) + c2b
      c3a = loadTileVector(c + 3 * stride) + c3a
      c3b = loadTileVector(c + 3 * stride + 8) + c3b
      c4a = loadTileVector(c + 4 * stride) + c4a
      c4b = loadTileVector(c + 4 * stride + 8) + c4b
      c5a = loadTileVector(c + 5 * stride) + c5a
      c5b = loadTileVector(c + 5 * stride + 8) + c5b
    }
    storeTileVector(c0a, c)
    storeTileVector(c0b, c + 8)
    storeTileVector(c1a, c + 1 * stride)
    storeTileVector(c1b, c + 1 * stride + 8)
    storeTileVector(c2a, c + 2 * stride)
    storeTileVector(c2b, c + 2 * stride + 8)
    storeTileVector(c3a, c + 3 * stride)
    storeTileVector(c3b, c + 3 * stride + 8)
    storeTileVector(c4a, c + 4 * stride)
    storeTileVector(c4b, c + 4 * stride + 8)
    storeTileVector(c5a, c + 5 * stride)
    storeTileVector(c5b, c + 5 * stride + 8)
  }

#endif
