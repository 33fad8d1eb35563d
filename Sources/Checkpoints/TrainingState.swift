/// What a run needs beside weights and moments to go on as if it had never stopped.
///
/// In `training_state.safetensors` it stands as the metadata, each field a string, next to the tensors
/// `first_moment.NAME` and `second_moment.NAME` for every parameter.
public struct TrainingState: Sendable, Hashable {
  /// Steps committed.
  public var step: Int
  /// Updates the optimizer has made: AdamW's bias correction counts these. Equal to `step` unless steps were skipped.
  public var optimizerUpdates: Int
  /// Digest that chains all committed steps, lower-case hexadecimal of 32 bytes.
  public var chainDigest: String
  /// SHA-256 of the recipe, lower-case hexadecimal.
  public var recipeSHA256: String
  public var numericsVersion: Int
  /// What the job type keeps for itself, in JSON; opaque here.
  public var extra: String

  public init(
    step: Int, optimizerUpdates: Int, chainDigest: String, recipeSHA256: String, numericsVersion: Int,
    extra: String = "{}"
  ) {
    self.step = step
    self.optimizerUpdates = optimizerUpdates
    self.chainDigest = chainDigest
    self.recipeSHA256 = recipeSHA256
    self.numericsVersion = numericsVersion
    self.extra = extra
  }
}

extension TrainingState {
  static let fileName = "training_state.safetensors"
  static let firstMomentPrefix = "first_moment."
  static let secondMomentPrefix = "second_moment."
  /// Even if every byte is a control character, six bytes in JSON, the header stays below its limit.
  static let extraBytesLimit = 8 << 20
  private static let schema = "1"

  /// Our own caller's values, checked before they reach a file that would then be refused on reading.
  func checkIsWritable() {
    precondition(step >= 0 && optimizerUpdates >= 0 && numericsVersion >= 0, "negative count in \(self)")
    precondition(isSHA256(chainDigest), "no SHA-256 in hexadecimal: \(chainDigest)")
    precondition(isSHA256(recipeSHA256), "no SHA-256 in hexadecimal: \(recipeSHA256)")
    precondition(extra.utf8.count <= Self.extraBytesLimit, "extra has \(extra.utf8.count) bytes")
  }

  /// The metadata of the file; `weightsSHA256` ties it to the weights it belongs to.
  func metadata(weightsSHA256: String) -> [String: String] {
    [
      "schema": Self.schema, "step": String(step), "optimizer_updates": String(optimizerUpdates),
      "chain_digest": chainDigest, "weights_sha256": weightsSHA256, "recipe_sha256": recipeSHA256,
      "numerics_version": String(numericsVersion), "extra": extra,
    ]
  }

  /// Reads the metadata of the file at `file`.
  static func parse(
    _ metadata: [String: String], file: String
  ) throws -> (state: TrainingState, weightsSHA256: String) {
    func text(_ field: String) throws -> String {
      guard let text = metadata[field] else {
        throw CheckpointError(
          .missingField, file: file, field: "__metadata__.\(field)", found: "nothing", expected: "a string",
          wayOut: "this may be no training state")
      }
      return text
    }
    func natural(_ field: String) throws -> Int {
      let text = try text(field)
      guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text) else {
        throw CheckpointError(
          .wrongType, file: file, field: "__metadata__.\(field)", found: text, expected: "an integer, zero or more")
      }
      return number
    }
    func sha256(_ field: String) throws -> String {
      let text = try text(field)
      guard isSHA256(text) else {
        throw CheckpointError(
          .wrongType, file: file, field: "__metadata__.\(field)", found: text, expected: "64 hexadecimal digits")
      }
      return text
    }
    guard try text("schema") == schema else {
      throw CheckpointError(
        .unsupported, file: file, field: "__metadata__.schema", found: try text("schema"), expected: schema,
        wayOut: "another version of Admix wrote it")
    }
    let state = TrainingState(
      step: try natural("step"), optimizerUpdates: try natural("optimizer_updates"),
      chainDigest: try sha256("chain_digest"), recipeSHA256: try sha256("recipe_sha256"),
      numericsVersion: try natural("numerics_version"), extra: try text("extra"))
    return (state, try sha256("weights_sha256"))
  }
}

/// Whether `text` is a SHA-256 as this module writes it.
func isSHA256(_ text: String) -> Bool {
  text.utf8.count == 64
    && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }
}
