/// Writes a byte-level BPE tokenizer.json that Hugging Face's library loads and `TokenizerJSON` reads.
struct TokenizerJSONWriter {
  /// Names by id, in byte characters where they stand for bytes.
  var names: [[UInt8]]
  /// Pairs of names in order of rank.
  var merges: [(left: [UInt8], right: [UInt8])]
  var added: [AddedToken]
  var splitting: SplittingRule
  var composes = false
  var takesWholeWords = false
  /// The special token before every text.
  var opening: (name: [UInt8], id: Int)?

  func bytes() -> [UInt8] {
    var json = JSONText()
    json.raw("{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n  \"padding\": null,\n  \"added_tokens\": [")
    for (number, token) in added.enumerated() {
      json.raw(number == 0 ? "\n    " : ",\n    ")
      json.raw("{\"id\": \(token.id), \"content\": ")
      json.string(token.content)
      json.raw(", \"single_word\": \(token.isSingleWord), \"lstrip\": \(token.stripsLeft), ")
      json.raw("\"rstrip\": \(token.stripsRight), \"normalized\": \(token.isNormalized), ")
      json.raw("\"special\": \(token.isSpecial)}")
    }
    json.raw(added.isEmpty ? "],\n" : "\n  ],\n")
    json.raw("  \"normalizer\": \(composes ? "{\"type\": \"NFC\"}" : "null"),\n  \"pre_tokenizer\": ")
    writePreTokenizer(&json)
    json.raw(",\n  \"post_processor\": ")
    writePostProcessor(&json)
    json.raw(",\n  \"decoder\": \(Self.byteLevel(usesRule: true)),\n  \"model\": {\n    \"type\": \"BPE\",\n")
    json.raw("    \"dropout\": null,\n    \"unk_token\": null,\n    \"continuing_subword_prefix\": null,\n")
    json.raw("    \"end_of_word_suffix\": null,\n    \"fuse_unk\": false,\n    \"byte_fallback\": false,\n")
    json.raw("    \"ignore_merges\": \(takesWholeWords),\n    \"vocab\": {")
    for (id, name) in names.enumerated() {
      json.raw(id == 0 ? "\n      " : ",\n      ")
      json.string(name)
      json.raw(": \(id)")
    }
    json.raw("\n    },\n    \"merges\": [")
    for (rank, merge) in merges.enumerated() {
      json.raw(rank == 0 ? "\n      [" : ",\n      [")
      json.string(merge.left)
      json.raw(", ")
      json.string(merge.right)
      json.raw("]")
    }
    json.raw("\n    ]\n  }\n}\n")
    return json.bytes
  }

  private static func byteLevel(usesRule: Bool) -> String {
    "{\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"trim_offsets\": true, \"use_regex\": \(usesRule)}"
  }

  private func writePreTokenizer(_ json: inout JSONText) {
    switch splitting {
    case .gpt2: json.raw(Self.byteLevel(usesRule: true))
    case .whole: json.raw(Self.byteLevel(usesRule: false))
    case .gpt2AfterDigits(let individual):
      json.raw("{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Digits\", ")
      json.raw("\"individual_digits\": \(individual)}, \(Self.byteLevel(usesRule: true))]}")
    case .cl100k:
      guard let pattern = TokenizerPipeline.patterns.first(where: { $0.value == splitting })?.key else {
        preconditionFailure("a rule without a regular expression")
      }
      json.raw("{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Split\", \"pattern\": {\"Regex\": ")
      json.string(Array(pattern.utf8))
      json.raw("}, \"behavior\": \"Isolated\", \"invert\": false}, \(Self.byteLevel(usesRule: false))]}")
    }
  }

  private func writePostProcessor(_ json: inout JSONText) {
    guard let opening else { return json.raw("null") }
    func special(_ typeID: Int) {
      json.raw("{\"SpecialToken\": {\"id\": ")
      json.string(opening.name)
      json.raw(", \"type_id\": \(typeID)}}")
    }
    json.raw("{\"type\": \"TemplateProcessing\", \"single\": [")
    special(0)
    json.raw(", {\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}], \"pair\": [")
    special(0)
    json.raw(", {\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}, ")
    special(1)
    json.raw(", {\"Sequence\": {\"id\": \"B\", \"type_id\": 1}}], \"special_tokens\": {")
    json.string(opening.name)
    json.raw(": {\"id\": ")
    json.string(opening.name)
    json.raw(", \"ids\": [\(opening.id)], \"tokens\": [")
    json.string(opening.name)
    json.raw("]}}}")
  }
}

/// JSON being written.
struct JSONText {
  private(set) var bytes: [UInt8] = []

  mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

  /// A string in quotes. What is no UTF-8 becomes U+FFFD.
  mutating func string(_ utf8: [UInt8]) {
    bytes.append(0x22)
    for byte in Array(String(decoding: utf8, as: UTF8.self).utf8) {
      switch byte {
      case 0x22: bytes.append(contentsOf: [0x5C, 0x22])
      case 0x5C: bytes.append(contentsOf: [0x5C, 0x5C])
      case 0x0A: bytes.append(contentsOf: [0x5C, UInt8(ascii: "n")])
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        bytes.append(contentsOf: Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]])
      default: bytes.append(byte)
      }
    }
    bytes.append(0x22)
  }
}
