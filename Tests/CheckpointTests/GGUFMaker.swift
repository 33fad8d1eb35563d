import Foundation

@testable import Checkpoints

/// Writes GGUF files for tests, wrong ones too. Sound ones are also compared with the Python package's.
struct GGUFMaker {
  struct Tensor {
    var name: String
    /// As in the file: the dimension that varies fastest first.
    var dimensions: [UInt64]
    var type: UInt32
    var bytes: [UInt8]
    /// Nil places it after the one before.
    var offset: UInt64?
  }

  var magic = Array("GGUF".utf8)
  var version: UInt32 = 3
  var pairs: [(key: String, value: GGUFValue)] = []
  var tensors: [Tensor] = []
  var alignment = 32

  mutating func set(_ key: String, _ value: GGUFValue?) {
    pairs.removeAll { $0.key == key }
    if let value { pairs.append((key, value)) }
  }

  mutating func add(_ name: String, shape: [Int], floats: [Float]? = nil) {
    let count = shape.reduce(1, *)
    let values = floats ?? (0..<count).map { Float($0 % 7) - 3 }
    tensors.append(
      Tensor(
        name: name, dimensions: shape.reversed().map(UInt64.init), type: 0,
        bytes: values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }))
  }

  /// A whole small Llama: one layer, one head of `headSize`, a vocabulary of 8 tokens, tied.
  static func llama(headSize: Int = 8) -> GGUFMaker {
    var maker = GGUFMaker()
    maker.set("general.architecture", .string("llama"))
    let sizes = [
      "block_count": 1, "context_length": 64, "embedding_length": headSize, "feed_forward_length": 16,
      "attention.head_count": 1, "attention.head_count_kv": 1,
    ]
    for (key, value) in sizes.sorted(by: { $0.key < $1.key }) {
      maker.set("llama." + key, .unsigned(UInt64(value), .uint32))
    }
    maker.set("llama.attention.layer_norm_rms_epsilon", .float32(1e-5))
    maker.set("tokenizer.ggml.model", .string("gpt2"))
    maker.set("tokenizer.ggml.pre", .string("smollm"))
    maker.set("tokenizer.ggml.tokens", .strings((0..<8).map { "t\($0)" }))
    maker.set("tokenizer.ggml.merges", .strings(["t 0"]))
    maker.set("tokenizer.ggml.eos_token_id", .unsigned(2, .uint32))
    maker.add("token_embd.weight", shape: [8, headSize])
    maker.add("blk.0.attn_norm.weight", shape: [headSize])
    for name in ["attn_q", "attn_k", "attn_v", "attn_output"] {
      maker.add("blk.0.\(name).weight", shape: [headSize, headSize])
    }
    maker.add("blk.0.ffn_norm.weight", shape: [headSize])
    maker.add("blk.0.ffn_gate.weight", shape: [16, headSize])
    maker.add("blk.0.ffn_up.weight", shape: [16, headSize])
    maker.add("blk.0.ffn_down.weight", shape: [headSize, 16])
    maker.add("output_norm.weight", shape: [headSize])
    return maker
  }

  /// The file, and where in it each field begins that tells sizes, counts, types or offsets.
  func bytes() -> (bytes: [UInt8], fields: [Range<Int>]) {
    var output = magic
    var fields = [0..<4]
    func append<Value: FixedWidthInteger>(_ value: Value) {
      fields.append(output.count..<output.count + MemoryLayout<Value>.size)
      output.appendLittleEndian(value)
    }
    func append(_ string: some Collection<UInt8>) {
      append(UInt64(string.count))
      output.append(contentsOf: string)
    }
    func append(_ array: GGUFArray) {
      append(array.elementType.rawValue)
      append(UInt64(array.count))
      switch array {
      case .scalars(_, let bytes): output += bytes
      case .strings(let strings): for string in strings { append(string) }
      case .arrays(let arrays): for array in arrays { append(array) }
      }
    }
    append(version)
    append(UInt64(tensors.count))
    append(UInt64(pairs.count))
    for (key, value) in pairs {
      append(Array(key.utf8))
      append(value.type.rawValue)
      switch value {
      case .unsigned(let number, let type): append(number, bytes: type.byteCount ?? 8)
      case .signed(let number, let type): append(UInt64(bitPattern: number), bytes: type.byteCount ?? 8)
      case .float32(let number): append(number.bitPattern)
      case .float64(let number): append(number.bitPattern)
      case .bool(let bool): append(bool ? 1 : 0 as UInt8)
      case .string(let text): append(Array(text.utf8))
      case .array(let array): append(array)
      }
    }
    func append(_ number: UInt64, bytes: Int) {
      fields.append(output.count..<output.count + bytes)
      withUnsafeBytes(of: number.littleEndian) { output.append(contentsOf: $0.prefix(bytes)) }
    }
    var data: [UInt8] = []
    for tensor in tensors {
      append(Array(tensor.name.utf8))
      append(UInt32(tensor.dimensions.count))
      for dimension in tensor.dimensions { append(dimension) }
      append(tensor.type)
      append(tensor.offset ?? UInt64(data.count))
      data += tensor.bytes
      data.append(contentsOf: repeatElement(0, count: -data.count & (alignment - 1)))
    }
    output.append(contentsOf: repeatElement(0, count: -output.count & (alignment - 1)))
    return (output + data, fields)
  }

  @discardableResult
  func write(to path: String) throws -> String {
    try Fixture.write(bytes().bytes, to: path)
    return path
  }
}

extension GGUFValue {
  static func strings(_ strings: [String]) -> GGUFValue {
    var packed = ByteStrings()
    for string in strings { packed.append(string.utf8) }
    return .array(.strings(packed))
  }
}
