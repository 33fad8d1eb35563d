// The cases are ggml's names, underscores included.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// How a GGUF file stores the elements of a tensor, numbered as in the file (`enum ggml_type`).
/// https://github.com/ggml-org/ggml/blob/master/include/ggml.h
public enum GGUFTensorType: UInt32, Sendable, CaseIterable {
  case f32 = 0
  case f16 = 1
  case q4_0 = 2
  case q4_1 = 3
  case q5_0 = 6
  case q5_1 = 7
  case q8_0 = 8
  case q8_1 = 9
  case q2_K = 10
  case q3_K = 11
  case q4_K = 12
  case q5_K = 13
  case q6_K = 14
  case q8_K = 15
  case iq2_XXS = 16
  case iq2_XS = 17
  case iq3_XXS = 18
  case iq1_S = 19
  case iq4_NL = 20
  case iq3_S = 21
  case iq2_S = 22
  case iq4_XS = 23
  case i8 = 24
  case i16 = 25
  case i32 = 26
  case i64 = 27
  case f64 = 28
  case iq1_M = 29
  case bf16 = 30
  case tq1_0 = 34
  case tq2_0 = 35
  case mxfp4 = 39

  /// As llama.cpp writes it: `Q4_K`, `IQ4_XS`.
  public var name: String { String(describing: self).asciiUppercased }

  /// Elements of a block and bytes it takes.
  var block: (elements: Int, bytes: Int) {
    switch self {
    case .f32, .i32: (1, 4)
    case .f16, .bf16, .i16: (1, 2)
    case .i8: (1, 1)
    case .i64, .f64: (1, 8)
    case .q4_0, .iq4_NL: (32, 18)
    case .q4_1: (32, 20)
    case .q5_0: (32, 22)
    case .q5_1: (32, 24)
    case .q8_0: (32, 34)
    case .q8_1: (32, 40)
    case .q2_K: (256, 84)
    case .q3_K: (256, 110)
    case .q4_K: (256, 144)
    case .q5_K: (256, 176)
    case .q6_K: (256, 210)
    case .q8_K: (256, 292)
    case .iq2_XXS: (256, 66)
    case .iq2_XS: (256, 74)
    case .iq3_XXS: (256, 98)
    case .iq1_S: (256, 50)
    case .iq3_S: (256, 110)
    case .iq2_S: (256, 82)
    case .iq4_XS: (256, 136)
    case .iq1_M: (256, 56)
    case .tq1_0: (256, 54)
    case .tq2_0: (256, 66)
    case .mxfp4: (32, 17)
    }
  }

  /// Whether Admix turns it into floats.
  public var isReadable: Bool { Self.readable.contains(self) }

  static let readable: [GGUFTensorType] = [
    .f32, .f16, .bf16, .q8_0, .q4_0, .q4_1, .q5_0, .q5_1, .q4_K, .q5_K, .q6_K,
  ]

  /// The error that refuses a type by name.
  static func unreadable(_ name: String, file: String, tensor: String, field: String = "type") -> CheckpointError {
    CheckpointError(
      .unsupported, file: file, tensor: tensor, field: field, found: name,
      expected: "one of \(readable.map(\.name).joined(separator: ", "))",
      wayOut: "take the model in one of these, such as its Q8_0 or BF16 file")
  }

  /// Numbers that ggml gave to types and took back, named so that they can be refused by name.
  static let withdrawn: [UInt32: String] = [
    4: "Q4_2", 5: "Q4_3", 31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8", 36: "IQ4_NL_4_4", 37: "IQ4_NL_4_8",
    38: "IQ4_NL_8_8",
  ]
}

extension String {
  fileprivate var asciiUppercased: String {
    String(decoding: utf8.map { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 }, as: UTF8.self)
  }
}
