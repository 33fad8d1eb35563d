public import Checkpoints
import Chat
import Foundation
import Templates
import Tokenizers

/// Writes a model with its tokenizer and chat template as one GGUF file.
///
/// - Parameter origin: where the model comes from, as further pairs of the file.
/// - Returns: the hash of the weights that were written, before they became `type`.
/// - Throws: `CheckpointError`, `TokenizerError` or `ChatError`.
public func exportGGUF(
  _ model: any ModelSource, to path: String, as type: GGUFTensorType, name: String,
  origin: [(key: String, value: String)]
) throws -> String {
  try model.exportGGUF(
    to: path, as: type, vocabulary: GGUFVocabularyDraft(model), name: name, origin: origin)
}

extension GGUFVocabularyDraft {
  /// - Throws: `CheckpointError` for a tokenizer that has no form in GGUF, by name.
  init(_ model: any ModelSource) throws {
    let loaded = try loadTokenizer(of: model)
    let tokenizer = loaded.tokenizer
    let rows = model.configuration.vocabularySize
    if let pieces = (tokenizer as? SentencePieceBPE)?.vocabularyPieces {
      self.init(
        model: "llama", pre: "default", tokens: pieces.map(\.text), scores: pieces.map(\.score),
        types: pieces.map { GGUFVocabulary.TokenType(rawValue: $0.kind) ?? .normal },
        unknownID: pieces.firstIndex { $0.kind == 2 }, addsBeginningOfText: tokenizer.addsBeginningOfText,
        addsSpacePrefix: tokenizer.addsLeadingSpace)
    } else {
      guard let file = model.companions.first(where: { $0.name == "tokenizer.json" }) else {
        throw CheckpointError(
          .unsupported, file: loaded.path, found: "a tokenizer of ranks alone", expected: "a tokenizer.json",
          wayOut: "put the model's tokenizer.json beside it")
      }
      self = try ByteLevelVocabularyFile(file, path: loaded.path).draft(tokenizer)
    }
    // Rows that the embedding has only to be of a round size.
    for id in tokens.count..<max(tokens.count, rows) {
      tokens.append(Array("[PAD\(id)]".utf8))
      types.append(.unused)
      scores?.append(0)
    }
    beginningOfTextID = tokenizer.beginningOfText.map(Int.init)
    endOfTextID = tokenizer.endOfText.map(Int.init)
    chatTemplate = try ChatTemplate(companions: model.companions, tokenizer: tokenizer)?.source
    if chatTemplate != nil {
      let format = try ChatFormat(
        configuration: model.configuration, companions: model.companions, tokenizer: tokenizer)
      endOfTurnID = format.stopTokens.first { $0 != tokenizer.endOfText }.map(Int.init)
    }
  }
}

/// A byte-level `tokenizer.json`, read for what GGUF keeps of it.
private struct ByteLevelVocabularyFile {
  let path: String
  let root: TemplateDictionary

  init(_ file: CompanionFile, path: String) throws {
    self.path = path
    guard case .dictionary(let root) = try TemplateValue(json: file.contents) else {
      throw CheckpointError(.wrongType, file: path, found: "no object", expected: "a tokenizer.json")
    }
    self.root = root
  }

  private func failure(_ field: String, _ found: String, _ expected: String, _ wayOut: String? = nil)
    -> CheckpointError
  { CheckpointError(.unsupported, file: path, field: field, found: found, expected: expected, wayOut: wayOut) }

  func draft(_ tokenizer: any Tokenizer) throws -> GGUFVocabularyDraft {
    guard case .dictionary(let model)? = root["model"], case .dictionary(let vocabulary)? = model["vocab"] else {
      throw failure("model.vocab", "nothing", "the tokens with their ids")
    }
    var tokens = [[UInt8]](repeating: [], count: tokenizer.vocabularySize)
    var types = [GGUFVocabulary.TokenType](repeating: .unused, count: tokens.count)
    for (key, value) in vocabulary.entries {
      guard case .string(let text) = key, case .int(let id) = value, tokens.indices.contains(id) else { continue }
      tokens[id] = Array(text.utf8)
      types[id] = .normal
    }
    if case .list(let added)? = root["added_tokens"] {
      for case .dictionary(let token) in added {
        guard case .int(let id)? = token["id"], case .string(let text)? = token["content"], tokens.indices.contains(id)
        else { continue }
        tokens[id] = Array(text.utf8)
        types[id] = if case .bool(true)? = token["special"] { .control } else { .userDefined }
      }
    }
    for id in tokens.indices where tokens[id].isEmpty { tokens[id] = Array("[PAD\(id)]".utf8) }
    return GGUFVocabularyDraft(
      model: "gpt2", pre: try splitting(), tokens: tokens, types: types, merges: try merges(model),
      addsBeginningOfText: tokenizer.addsBeginningOfText)
  }

  private func merges(_ model: TemplateDictionary) throws -> [String] {
    guard case .list(let merges)? = model["merges"] else { throw failure("model.merges", "nothing", "the merges") }
    return try merges.map { merge in
      switch merge {
      case .string(let text): return text
      case .list(let pair):
        guard pair.count == 2, case .string(let left) = pair[0], case .string(let right) = pair[1] else { break }
        return left + " " + right
      default: break
      }
      throw failure("model.merges", "neither text nor a pair", "two tokens")
    }
  }

  /// llama.cpp's name for the rule that splits text before merging.
  private func splitting() throws -> String {
    var steps: [TemplateDictionary] = []
    if case .dictionary(let step)? = root["pre_tokenizer"] {
      steps = [step]
      if case .list(let inner)? = step["pretokenizers"] {
        steps = inner.compactMap { if case .dictionary(let one) = $0 { one } else { nil } }
      }
    }
    func type(_ step: TemplateDictionary) -> String { if case .string(let name)? = step["type"] { name } else { "" } }
    let names = steps.map(type)
    if names == ["ByteLevel"] { return "gpt-2" }
    if names == ["Digits", "ByteLevel"] { return "smollm" }
    if names == ["Split", "ByteLevel"], case .dictionary(let pattern)? = steps[0]["pattern"],
      case .string(let expression)? = pattern["Regex"]
    {
      return expression.contains("{1,3}") ? "llama-bpe" : "qwen2"
    }
    throw failure(
      "pre_tokenizer", names.isEmpty ? "nothing" : names.joined(separator: ", "),
      "a rule that llama.cpp has a name for: that of GPT-2, SmolLM, Llama 3 or Qwen2")
  }
}

/// Where a trained model comes from, as the directory above it tells: its job, its recipe, what it started from.
public func modelOrigin(_ path: String) -> [(key: String, value: String)] {
  let place = URL(fileURLWithPath: path).standardizedFileURL
  func object(_ file: URL) -> [String: Any] {
    guard let data = try? Data(contentsOf: file) else { return [:] }
    return (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
  }
  let manifest = object(place.appendingPathComponent(CheckpointManifest.fileName))
  guard let weights = manifest["weights_sha256"] as? String else { return [] }
  // `OUTPUT/model`, or `OUTPUT/checkpoints/step-000010`.
  for above in [place.deletingLastPathComponent(), place.deletingLastPathComponent().deletingLastPathComponent()] {
    let result = object(above.appendingPathComponent("result.json"))
    // A result of other weights says nothing of these.
    guard result["weights_sha256"] as? String == weights else { continue }
    var origin: [(key: String, value: String)] = []
    if let name = result["name"] as? String { origin.append(("admix.job", name)) }
    if let kind = result["kind"] as? String { origin.append(("admix.job_type", kind)) }
    if let recipe = result["recipe_sha256"] as? String { origin.append(("admix.recipe_sha256", recipe)) }
    let file = above.appendingPathComponent("job.yaml")
    if let text = try? String(contentsOf: file, encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("model: ") })
    {
      origin.append(("admix.base_model", line.dropFirst(7).trimmingCharacters(in: CharacterSet(charactersIn: "\"' "))))
    }
    return origin
  }
  return []
}
