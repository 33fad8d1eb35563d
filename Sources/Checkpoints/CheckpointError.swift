/// What went wrong with a model or checkpoint on disk: which file, which tensor or field, what was found, what was
/// expected and the way out. Every failure of this module that a user or a disk can cause is one of these.
///
/// Codes are static values rather than cases, so that a code can be added without breaking a `switch`.
public struct CheckpointError: Error, Sendable, Hashable, CustomStringConvertible {
  public struct Code: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public var description: String { rawValue }
  }

  public var code: Code
  /// Path as the caller gave it.
  public var file: String
  public var tensor: String?
  /// The field, key or byte position inside the file.
  public var field: String?
  public var found: String
  public var expected: String
  public var wayOut: String?
  /// The system's error number, when a system call failed.
  public var systemError: Int32?
  /// Host on which the system call failed: in a cluster a path alone does not say where to make room.
  public var host: String?
  /// Bytes that the whole write needs, when there was no room for it.
  public var bytesNeeded: Int?

  public init(
    _ code: Code, file: String, tensor: String? = nil, field: String? = nil, found: String, expected: String,
    wayOut: String? = nil
  ) {
    self.code = code
    self.file = file
    self.tensor = tensor.map(quotable)
    self.field = field.map(quotable)
    self.found = quotable(found)
    self.expected = expected
    self.wayOut = wayOut
  }

  public var description: String {
    var text = host.map { "\($0):" } ?? ""
    text += file
    if let tensor { text += ": tensor \(tensor)" }
    if let field { text += ": \(field)" }
    text += ": found \(found), expected \(expected)"
    if let bytesNeeded { text += ", \(bytesNeeded) bytes needed" }
    if let wayOut { text += "; \(wayOut)" }
    return text
  }
}

extension CheckpointError.Code {
  // Files and the system.
  public static let missing = Self(rawValue: "missing")
  public static let notRegularFile = Self(rawValue: "not_regular_file")
  public static let notDirectory = Self(rawValue: "not_directory")
  public static let permissionDenied = Self(rawValue: "permission_denied")
  public static let noSpace = Self(rawValue: "no_space")
  public static let alreadyExists = Self(rawValue: "already_exists")
  public static let inputOutput = Self(rawValue: "input_output")
  public static let changedWhileRead = Self(rawValue: "changed_while_read")
  public static let tooLarge = Self(rawValue: "too_large")

  // Contents.
  public static let truncated = Self(rawValue: "truncated")
  public static let malformedJSON = Self(rawValue: "malformed_json")
  public static let missingField = Self(rawValue: "missing_field")
  public static let unknownField = Self(rawValue: "unknown_field")
  public static let wrongType = Self(rawValue: "wrong_type")
  public static let outOfRange = Self(rawValue: "out_of_range")
  public static let overflow = Self(rawValue: "overflow")
  public static let unsupported = Self(rawValue: "unsupported")

  // Tensors.
  public static let unknownDType = Self(rawValue: "unknown_dtype")
  public static let sizeMismatch = Self(rawValue: "size_mismatch")
  public static let overlap = Self(rawValue: "overlap")
  public static let gap = Self(rawValue: "gap")
  public static let misaligned = Self(rawValue: "misaligned")
  public static let missingTensor = Self(rawValue: "missing_tensor")
  public static let unexpectedTensor = Self(rawValue: "unexpected_tensor")
  public static let shapeMismatch = Self(rawValue: "shape_mismatch")

  // Checkpoints.
  public static let hashMismatch = Self(rawValue: "hash_mismatch")
  public static let inconsistent = Self(rawValue: "inconsistent")
}

/// Text from a file, fit for one line of a message: control characters escaped, cut at 120 characters, so that a
/// hostile name can neither flood a log nor drive a terminal.
func quotable(_ text: String) -> String {
  var result = ""
  for (count, scalar) in text.unicodeScalars.enumerated() {
    if count == 120 { return result + "…" }
    let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    if isControl || scalar.properties.isBidiControl {
      result += "\\u{\(String(scalar.value, radix: 16))}"
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}
