/// The header of a safetensors file, every claim in it checked against the file and against the others.
///
/// Format: u64 length of the header (little-endian), the header in JSON, the tensors' bytes. An entry is
/// `"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}`, offsets counted from the end of the
/// header; `__metadata__` maps strings to strings. https://github.com/huggingface/safetensors#format
struct SafetensorsHeader {
  struct Limits: Sendable {
    /// The safetensors library's own limit.
    var headerBytes = 100_000_000
    /// Tensors have at most 4 dimensions in practice; NumPy stops at 64.
    var rank = 64
  }

  /// In the order of their bytes.
  private(set) var tensors: [SafetensorsFile.Tensor] = []
  private(set) var metadata: [String: String] = [:]
  private let file: String

  /// - Parameters:
  ///   - bytes: the JSON, without the length.
  ///   - dataByteCount: bytes of the file after the header.
  init(_ bytes: UnsafeRawBufferPointer, dataByteCount: Int, file: String, limits: Limits) throws {
    self.file = file
    // An entry is 7 values or more; two million values hold a quarter of a million tensors.
    let limitsJSON = JSONLimits(bytes: limits.headerBytes, depth: 4, values: 2_000_000)
    guard case .object(let members) = try JSONParser.parse(bytes, file: file, limits: limitsJSON) else {
      throw CheckpointError(.wrongType, file: file, field: "header", found: "no object", expected: "a JSON object")
    }
    for member in members {
      if member.key == "__metadata__" {
        metadata = try Self.metadata(member.value, file: file)
      } else {
        tensors.append(try Self.tensor(member, dataByteCount: dataByteCount, rankLimit: limits.rank, file: file))
      }
    }
    // An empty tensor goes before the one that begins where it ends.
    tensors.sort { one, other in
      (one.dataRange.lowerBound, one.dataRange.upperBound) < (other.dataRange.lowerBound, other.dataRange.upperBound)
    }
    try checkCoverage(dataByteCount: dataByteCount)
  }

  private static func metadata(_ value: JSONValue, file: String) throws -> [String: String] {
    guard case .object(let members) = value else {
      throw CheckpointError(
        .wrongType, file: file, field: "__metadata__", found: value.kind, expected: "an object of strings")
    }
    var metadata: [String: String] = [:]
    for member in members {
      guard case .string(let text) = member.value else {
        throw CheckpointError(
          .wrongType, file: file, field: "__metadata__.\(member.key)", found: member.value.kind, expected: "a string")
      }
      metadata[member.key] = text
    }
    return metadata
  }

  private static func tensor(
    _ member: JSONValue.Member, dataByteCount: Int, rankLimit: Int, file: String
  ) throws -> SafetensorsFile.Tensor {
    let name = member.key
    func failure(_ code: CheckpointError.Code, _ field: String?, _ found: String, _ expected: String) -> CheckpointError
    {
      CheckpointError(code, file: file, tensor: name, field: field, found: found, expected: expected)
    }
    func naturals(_ value: JSONValue?, _ field: String) throws -> [Int] {
      guard let value else { throw failure(.missingField, field, "nothing", "a list of integers") }
      guard case .array(let elements) = value else {
        throw failure(.wrongType, field, value.kind, "a list of integers")
      }
      return try elements.map { element in
        guard case .number(let literal) = element, literal.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
          throw failure(.wrongType, field, element.kind, "an integer, zero or more")
        }
        guard let number = Int(literal) else { throw failure(.overflow, field, literal, "at most \(Int.max)") }
        return number
      }
    }

    guard case .object(let fields) = member.value else {
      throw failure(.wrongType, nil, member.value.kind, "an object with dtype, shape and data_offsets")
    }
    if let unknown = fields.first(where: { !["dtype", "shape", "data_offsets"].contains($0.key) }) {
      throw failure(.unknownField, unknown.key, "this field", "only dtype, shape and data_offsets")
    }
    guard let dtypeValue = member.value["dtype"] else { throw failure(.missingField, "dtype", "nothing", "a dtype") }
    guard case .string(let dtypeName) = dtypeValue else {
      throw failure(.wrongType, "dtype", dtypeValue.kind, "a string such as F32")
    }
    guard let dtype = TensorDType(rawValue: dtypeName) else {
      let known = TensorDType.allCases.map(\.rawValue).joined(separator: ", ")
      throw failure(.unknownDType, "dtype", dtypeName, "one of \(known)")
    }
    let shape = try naturals(member.value["shape"], "shape")
    guard shape.count <= rankLimit else {
      throw failure(.outOfRange, "shape", "\(shape.count) dimensions", "at most \(rankLimit)")
    }
    let offsets = try naturals(member.value["data_offsets"], "data_offsets")
    guard offsets.count == 2 else {
      throw failure(.wrongType, "data_offsets", "\(offsets.count) numbers", "begin and end")
    }
    let (begin, end) = (offsets[0], offsets[1])
    guard begin <= end else { throw failure(.outOfRange, "data_offsets", "[\(begin), \(end)]", "begin ≤ end") }
    guard end <= dataByteCount else {
      throw failure(.outOfRange, "data_offsets", "end \(end)", "at most \(dataByteCount), the bytes after the header")
    }
    guard let byteCount = product(shape, times: dtype.byteCount) else {
      throw failure(.overflow, "shape", "\(shape) of \(dtype.rawValue)", "a size below 2^63 bytes")
    }
    guard end - begin == byteCount else {
      throw failure(
        .sizeMismatch, "data_offsets", "\(end - begin) bytes",
        "\(byteCount) bytes for shape \(shape) of \(dtype.rawValue)")
    }
    guard begin % dtype.byteCount == 0 else {
      throw failure(.misaligned, "data_offsets", "begin \(begin)", "a multiple of \(dtype.byteCount), the element")
    }
    return SafetensorsFile.Tensor(name: name, dtype: dtype, shape: shape, dataRange: begin..<end)
  }

  /// The product of all, nil when it overflows. A zero dimension hides no overflow of the others.
  private static func product(_ shape: [Int], times factor: Int) -> Int? {
    var result = factor
    for dimension in shape where dimension != 0 {
      let (next, overflow) = result.multipliedReportingOverflow(by: dimension)
      if overflow { return nil }
      result = next
    }
    return shape.contains(0) ? 0 : result
  }

  /// Tensors must cover the bytes after the header once and without holes: whatever lies outside them could be
  /// anything, and two tensors that share bytes are no tensors.
  private func checkCoverage(dataByteCount: Int) throws {
    var end = 0
    for tensor in tensors {
      let begin = tensor.dataRange.lowerBound
      if begin != end {
        throw CheckpointError(
          begin < end ? .overlap : .gap, file: file, tensor: tensor.name, field: "data_offsets",
          found: "begin \(begin)", expected: "\(end), the end of the tensor before")
      }
      end = tensor.dataRange.upperBound
    }
    guard end == dataByteCount else {
      throw CheckpointError(
        .gap, file: file, field: "data_offsets", found: "tensors that end at byte \(end)",
        expected: "\(dataByteCount), the bytes after the header")
    }
  }
}
