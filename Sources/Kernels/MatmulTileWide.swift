#if ISA_AVX512

  // The register tile of a product for 32 vector registers of 16 floats: 12 × 32, 24 accumulators, 2 of B, 1 of A.
  // Written out because an array or tuple of vectors does not stay in registers. Generated shape; see Matmul.swift for
  // the order of additions, which no tile may change.

  typealias TileVector = SIMD16<Float>

  @inline(__always) var tileRows: Int { 12 }
  @inline(__always) var tileColumns: Int { 32 }

  @inline(__always) private func loadTileVector(_ p: UnsafePointer<Float>) -> TileVector {
    UnsafeRawPointer(p).loadUnaligned(as: TileVector.self)
  }

  @inline(__always) private func storeTileVector(_ v: TileVector, _ p: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(p).storeBytes(of: v, as: TileVector.self)
  }

  /// C[12,32] (+)= Aᵖ·Bᵖ over packed panels a[depth][12], b[depth][32]; `accumulate` as in Matmul.swift.
  @inline(__always) func multiplyTile(
    _ depth: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>, _ stride: Int, _ accumulate: Int
  ) {
    var c0a = SIMD16<Float>()
    var c0b = SIMD16<Float>()
    var c1a = SIMD16<Float>()
    var c1b = SIMD16<Float>()
    var c2a = SIMD16<Float>()
    var c2b = SIMD16<Float>()
    var c3a = SIMD16<Float>()
    var c3b = SIMD16<Float>()
    var c4a = SIMD16<Float>()
    var c4b = SIMD16<Float>()
    var c5a = SIMD16<Float>()
    var c5b = SIMD16<Float>()
    var c6a = SIMD16<Float>()
    var c6b = SIMD16<Float>()
    var c7a = SIMD16<Float>()
    var c7b = SIMD16<Float>()
    var c8a = SIMD16<Float>()
    var c8b = SIMD16<Float>()
    var c9a = SIMD16<Float>()
    var c9b = SIMD16<Float>()
    var c10a = SIMD16<Float>()
    var c10b = SIMD16<Float>()
    var c11a = SIMD16<Float>()
    var c11b = SIMD16<Float>()
    if accumulate == accumulatesInOrder {
      c0a = loadTileVector(c)
      c0b = loadTileVector(c + 16)
      c1a = loadTileVector(c + 1 * stride)
      c1b = loadTileVector(c + 1 * stride + 16)
      c2a = loadTileVector(c + 2 * stride)
      c2b = loadTileVector(c + 2 * stride + 16)
      c3a = loadTileVector(c + 3 * stride)
      c3b = loadTileVector(c + 3 * stride + 16)
      c4a = loadTileVector(c + 4 * stride)
      c4b = loadTileVector(c + 4 * stride + 16)
      c5a = loadTileVector(c + 5 * stride)
      c5b = loadTileVector(c + 5 * stride + 16)
      c6a = loadTileVector(c + 6 * stride)
      c6b = loadTileVector(c + 6 * stride + 16)
      c7a = loadTileVector(c + 7 * stride)
      c7b = loadTileVector(c + 7 * stride + 16)
      c8a = loadTileVector(c + 8 * stride)
      c8b = loadTileVector(c + 8 * stride + 16)
      c9a = loadTileVector(c + 9 * stride)
      c9b = loadTileVector(c + 9 * stride + 16)
      c10a = loadTileVector(c + 10 * stride)
      c10b = loadTileVector(c + 10 * stride + 16)
      c11a = loadTileVector(c + 11 * stride)
      c11b = loadTileVector(c + 11 * stride + 16)
    }
    var a = a
    var b = b
    var step = 0
    while step < depth {
      let ba = loadTileVector(b)
      let bb = loadTileVector(b + 16)
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
      let a6 = TileVector(repeating: a[6])
      c6a = c6a.addingProduct(a6, ba)
      c6b = c6b.addingProduct(a6, bb)
      let a7 = TileVector(repeating: a[7])
      c7a = c7a.addingProduct(a7, ba)
      c7b = c7b.addingProduct(a7, bb)
      let a8 = TileVector(repeating: a[8])
      c8a = c8a.addingProduct(a8, ba)
      c8b = c8b.addingProduct(a8, bb)
      let a9 = TileVector(repeating: a[9])
      c9a = c9a.addingProduct(a9, ba)
      c9b = c9b.addingProduct(a9, bb)
      let a10 = TileVector(repeating: a[10])
      c10a = c10a.addingProduct(a10, ba)
      c10b = c10b.addingProduct(a10, bb)
      let a11 = TileVector(repeating: a[11])
      c11a = c11a.addingProduct(a11, ba)
      c11b = c11b.addingProduct(a11, bb)
      a += 12
      b += 32
      step += 1
    }
    if accumulate == accumulatesPart {
      c0a = loadTileVector(c) + c0a
      c0b = loadTileVector(c + 16) + c0b
      c1a = loadTileVector(c + 1 * stride) + c1a
      c1b = loadTileVector(c + 1 * stride + 16) + c1b
      c2a = loadTileVector(c + 2 * stride) + c2a
      c2b = loadTileVector(c + 2 * stride + 16) + c2b
      c3a = loadTileVector(c + 3 * stride) + c3a
      c3b = loadTileVector(c + 3 * stride + 16) + c3b
      c4a = loadTileVector(c + 4 * stride) + c4a
      c4b = loadTileVector(c + 4 * stride + 16) + c4b
      c5a = loadTileVector(c + 5 * stride) + c5a
      c5b = loadTileVector(c + 5 * stride + 16) + c5b
      c6a = loadTileVector(c + 6 * stride) + c6a
      c6b = loadTileVector(c + 6 * stride + 16) + c6b
      c7a = loadTileVector(c + 7 * stride) + c7a
      c7b = loadTileVector(c + 7 * stride + 16) + c7b
      c8a = loadTileVector(c + 8 * stride) + c8a
      c8b = loadTileVector(c + 8 * stride + 16) + c8b
      c9a = loadTileVector(c + 9 * stride) + c9a
      c9b = loadTileVector(c + 9 * stride + 16) + c9b
      c10a = loadTileVector(c + 10 * stride) + c10a
      c10b = loadTileVector(c + 10 * stride + 16) + c10b
      c11a = loadTileVector(c + 11 * stride) + c11a
      c11b = loadTileVector(c + 11 * stride + 16) + c11b
    }
    storeTileVector(c0a, c)
    storeTileVector(c0b, c + 16)
    storeTileVector(c1a, c + 1 * stride)
    storeTileVector(c1b, c + 1 * stride + 16)
    storeTileVector(c2a, c + 2 * stride)
    storeTileVector(c2b, c + 2 * stride + 16)
    storeTileVector(c3a, c + 3 * stride)
    storeTileVector(c3b, c + 3 * stride + 16)
    storeTileVector(c4a, c + 4 * stride)
    storeTileVector(c4b, c + 4 * stride + 16)
    storeTileVector(c5a, c + 5 * stride)
    storeTileVector(c5b, c + 5 * stride + 16)
    storeTileVector(c6a, c + 6 * stride)
    storeTileVector(c6b, c + 6 * stride + 16)
    storeTileVector(c7a, c + 7 * stride)
    storeTileVector(c7b, c + 7 * stride + 16)
    storeTileVector(c8a, c + 8 * stride)
    storeTileVector(c8b, c + 8 * stride + 16)
    storeTileVector(c9a, c + 9 * stride)
    storeTileVector(c9b, c + 9 * stride + 16)
    storeTileVector(c10a, c + 10 * stride)
    storeTileVector(c10b, c + 10 * stride + 16)
    storeTileVector(c11a, c + 11 * stride)
    storeTileVector(c11b, c + 11 * stride + 16)
  }

#endif
