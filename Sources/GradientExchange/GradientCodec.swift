import CLZ4
public import KernelTable
public import WireProtocol

/// Turns values into payloads and back, without loss. Deterministic: equal values make equal payloads, on every host.
///
/// - `stored`: the canonical bytes.
/// - `planes`: for each byte plane (see `BytePlanes`), lowest first: method u8 (0 stored, 1 lz4 block, 2 exponent
///   blocks), length u32, and that many bytes, which unpack to exactly one byte per value. Nothing follows the last
///   plane.
///
/// Only the exponents of a gradient repeat, and lz4 finds little in them (5.8 bits a value of SmolLM2's, whose entropy
/// is 3.1): the plane of exponents goes in blocks (`Kernels.packExponents`, 3.4 bits). The other planes are noise and
/// are stored, unless a share of the exponents is constant, as where rows of an embedding have no gradient at all.
public struct GradientCodec: Sendable {
  private let kernels: Kernels

  private static let storedMethod: UInt8 = 0
  private static let lz4Method: UInt8 = 1
  private static let blocksMethod: UInt8 = 2
  static let methods: ClosedRange<UInt8> = storedMethod...blocksMethod
  private static let planeHeaderBytes = 5
  /// Lower planes are tried with lz4 when one block of exponents in so many is constant.
  private static let constantShare = 16

  public init(kernels: Kernels) { self.kernels = kernels }

  /// The smaller of both encodings.
  public func encode(_ values: NodeValues) -> EncodedValues {
    guard values.count > 0 else { return EncodedValues(encoding: .stored, payload: []) }
    let payload = values.format == .float64 ? encodeDoubles(values) : encodeFloats(values)
    if payload.count < values.byteCount { return EncodedValues(encoding: .planes, payload: payload) }
    return EncodedValues(encoding: .stored, payload: values.withBytes { Array($0) })
  }

  // MARK: Encoding

  /// The lower planes are split right into their places in the payload, the exponents beside it to be packed.
  private func encodeFloats(_ values: NodeValues) -> [UInt8] {
    let count = values.count
    let lowPlanes = values.format.byteCountPerValue - 1
    let lowBytes = lowPlanes * (Self.planeHeaderBytes + count)
    let blocks = (count + Kernels.exponentBlockBytes - 1) / Kernels.exponentBlockBytes
    var constantBlocks = 0
    let capacity = lowBytes + Self.planeHeaderBytes + max(count, blocks * Kernels.packedExponentBlockBytes)
    let payload = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
      guard let start = buffer.baseAddress else { return }
      withPlane(count) { exponents in
        split(values, low: start, exponents)
        let place = start + lowBytes + Self.planeHeaderBytes
        let packed = kernels.packExponents(count: count, exponents, into: place)
        constantBlocks = packed.constantBlocks
        let gains = packed.byteCount < count
        if !gains { place.update(from: exponents, count: count) }
        let length = gains ? packed.byteCount : count
        Self.writeHeader(gains ? Self.blocksMethod : Self.storedMethod, length, at: start + lowBytes)
        initialized = lowBytes + Self.planeHeaderBytes + length
      }
    }
    return constantBlocks * Self.constantShare > blocks ? packLowPlanes(payload, lowPlanes, count) : payload
  }

  private func split(
    _ values: NodeValues, low start: UnsafeMutablePointer<UInt8>, _ exponents: UnsafeMutablePointer<UInt8>
  ) {
    let count = values.count
    let lowPlanes = values.format.byteCountPerValue - 1
    func plane(_ index: Int) -> UnsafeMutablePointer<UInt8> {
      start + index * (Self.planeHeaderBytes + count) + Self.planeHeaderBytes
    }
    for index in 0..<lowPlanes {
      Self.writeHeader(Self.storedMethod, count, at: plane(index) - Self.planeHeaderBytes)
    }
    values.withBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      switch values.format {
      case .bf16:
        kernels.splitPlanes(count: count, base.assumingMemoryBound(to: UInt16.self), low: plane(0), high: exponents)
      case .fp32:
        kernels.splitPlanes(
          count: count, base.assumingMemoryBound(to: UInt32.self), low: (plane(0), plane(1), plane(2)),
          high: exponents)
      case .float64: preconditionFailure("Doubles are split by encodeDoubles")
      }
    }
  }

  /// The same payload with lz4 on the lower planes that gain by it.
  private func packLowPlanes(_ payload: [UInt8], _ lowPlanes: Int, _ count: Int) -> [UInt8] {
    var packed: [UInt8] = []
    payload.withUnsafeBytes { bytes in
      for plane in 0..<lowPlanes {
        let start = plane * (Self.planeHeaderBytes + count) + Self.planeHeaderBytes
        Self.append(plane: UnsafeRawBufferPointer(rebasing: bytes[start..<start + count]), to: &packed)
      }
      packed.append(contentsOf: bytes[(lowPlanes * (Self.planeHeaderBytes + count))...])
    }
    return packed
  }

  /// Statistics: a few values, eight planes, lz4 where it gains.
  private func encodeDoubles(_ values: NodeValues) -> [UInt8] {
    let width = values.format.byteCountPerValue
    let planes = [UInt8](unsafeUninitializedCapacity: values.byteCount) { planes, initialized in
      values.withBytes { BytePlanes.split($0, into: UnsafeMutableRawBufferPointer(planes)) }
      initialized = values.byteCount
    }
    var payload: [UInt8] = []
    planes.withUnsafeBytes { planes in
      for plane in 0..<width {
        let bytes = UnsafeRawBufferPointer(rebasing: planes[plane * values.count..<(plane + 1) * values.count])
        Self.append(plane: bytes, to: &payload)
      }
    }
    return payload
  }

  private static func append(plane: UnsafeRawBufferPointer, to payload: inout [UInt8]) {
    // Room for one byte less than the plane: lz4 gives up where it does not gain.
    let packed = [UInt8](unsafeUninitializedCapacity: plane.count) { buffer, initialized in
      let written = buffer.withMemoryRebound(to: CChar.self) { target in
        LZ4_compress_default(
          plane.baseAddress?.assumingMemoryBound(to: CChar.self), target.baseAddress, CInt(clamping: plane.count),
          CInt(clamping: plane.count - 1))
      }
      initialized = max(0, Int(written))
    }
    let gains = !packed.isEmpty
    payload.append(gains ? lz4Method : storedMethod)
    let length = UInt32(gains ? packed.count : plane.count)
    withUnsafeBytes(of: length.littleEndian) { payload.append(contentsOf: $0) }
    if gains { payload.append(contentsOf: packed) } else { payload.append(contentsOf: plane) }
  }

  private static func writeHeader(_ method: UInt8, _ length: Int, at place: UnsafeMutablePointer<UInt8>) {
    place[0] = method
    for byte in 0..<4 { place[1 + byte] = UInt8(truncatingIfNeeded: length >> (8 * byte)) }
  }

  private func withPlane<Result>(_ count: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Result) -> Result {
    let plane = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
    defer { plane.deallocate() }
    return body(plane)
  }

  // MARK: Decoding

  /// The values of a payload that should hold `count` of them. Trusts nothing about `payload`.
  public func decode(
    _ payload: [UInt8], encoding: PayloadEncoding, format: NodeFormat, count: Int
  ) throws(PayloadError) -> NodeValues {
    let width = format.byteCountPerValue
    switch encoding {
    case .stored:
      guard payload.count == count * width else {
        throw .length(found: payload.count, expected: count * width)
      }
      return NodeValues(format: format, count: count) { bytes in
        payload.withUnsafeBytes { bytes.copyMemory(from: $0) }
      }
    case .planes:
      let found = try PlanePayload(payload, planes: width)
      return try NodeValues(format: format, count: count) { values throws(PayloadError) in
        var failure: PayloadError?
        payload.withUnsafeBytes { bytes in
          do throws(PayloadError) {
            try join(found, bytes, format, count, into: values)
          } catch { failure = error }
        }
        if let failure { throw failure }
      }
    }
  }

  /// Stored planes are read where they lie, the others unpacked beside the payload first.
  private func join(
    _ found: PlanePayload, _ payload: UnsafeRawBufferPointer, _ format: NodeFormat, _ count: Int,
    into values: UnsafeMutableRawBufferPointer
  ) throws(PayloadError) {
    let width = format.byteCountPerValue
    let packed = found.planes.count { $0.method != Self.storedMethod }
    // A byte more, so that no plane at all has an address too.
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: packed * count + 1, alignment: 64)
    defer { memory.deallocate() }
    var planes: [UnsafeRawBufferPointer] = []
    var used = 0
    for (index, plane) in found.planes.enumerated() {
      let source = UnsafeRawBufferPointer(rebasing: payload[plane.range])
      if plane.method == Self.storedMethod {
        guard source.count == count else { throw .plane(index, expected: count) }
        planes.append(source)
      } else {
        let target = UnsafeMutableRawBufferPointer(rebasing: memory[used..<used + count])
        used += count
        guard unpack(source, method: plane.method, into: target) else { throw .plane(index, expected: count) }
        planes.append(UnsafeRawBufferPointer(target))
      }
    }
    guard count > 0 else { return }
    let starts = planes.compactMap { $0.baseAddress?.assumingMemoryBound(to: UInt8.self) }
    guard starts.count == width, let base = values.baseAddress else { return }
    switch format {
    case .bf16:
      kernels.joinPlanes(
        count: count, low: starts[0], high: starts[1], into: base.bindMemory(to: UInt16.self, capacity: count))
    case .fp32:
      kernels.joinPlanes(
        count: count, low: (starts[0], starts[1], starts[2]), high: starts[3],
        into: base.bindMemory(to: UInt32.self, capacity: count))
    case .float64: BytePlanes.join(planes, into: values)
    }
  }

  /// Whether `source` filled `target` exactly.
  private func unpack(
    _ source: UnsafeRawBufferPointer, method: UInt8, into target: UnsafeMutableRawBufferPointer
  ) -> Bool {
    guard let packed = source.baseAddress, let plane = target.baseAddress else {
      return source.isEmpty && target.isEmpty
    }
    if method == Self.blocksMethod {
      return kernels.unpackExponents(
        packed.assumingMemoryBound(to: UInt8.self), byteCount: source.count,
        into: plane.assumingMemoryBound(to: UInt8.self), count: target.count)
    }
    let written = LZ4_decompress_safe(
      packed.assumingMemoryBound(to: CChar.self), plane.assumingMemoryBound(to: CChar.self),
      CInt(clamping: source.count), CInt(clamping: target.count))
    return Int(written) == target.count
  }
}

extension NodeArithmetic {
  /// A codec on the same kernels.
  public var codec: GradientCodec { GradientCodec(kernels: kernels) }
}
