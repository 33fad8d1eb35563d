import Chat
import Checkpoints
import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite("A model's chat format")
struct ChatFormatTests {
  /// A byte-level tokenizer of letters, with the tokens of ChatML.
  static func tokenizer(_ special: [String]) throws -> (TemporaryDirectory, any Tokenizer) {
    let directory = try TemporaryDirectory("admix-chat")
    let signs = (33...126).map { String(UnicodeScalar(UInt8($0))) } + ["Ċ", "Ġ"]
    let vocabulary = Dictionary(uniqueKeysWithValues: signs.enumerated().map { ($1, $0) })
    let added = special.enumerated().map { index, name -> [String: Any] in
      [
        "id": signs.count + index, "content": name, "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true,
      ]
    }
    let level: [String: Any] = ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true]
    let document: [String: Any] = [
      "version": "1.0", "added_tokens": added, "normalizer": NSNull(), "pre_tokenizer": level,
      "post_processor": NSNull(), "decoder": level,
      "model": ["type": "BPE", "vocab": vocabulary, "merges": [String]()],
    ]
    try JSONSerialization.data(withJSONObject: document)
      .write(to: directory.url.appendingPathComponent("tokenizer.json"))
    return (directory, try loadTokenizer(modelDirectory: directory.path).tokenizer)
  }

  static let configuration: ModelConfiguration = {
    let text = """
      {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 128, "hidden_size": 8,
       "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 64}
      """
    do { return try ModelConfiguration(json: Array(text.utf8), file: "config.json") } catch { fatalError("\(error)") }
  }()

  private func file(_ name: String, _ text: String) -> CompanionFile {
    CompanionFile(name: name, contents: Array(text.utf8))
  }

  @Test("turns messages into tokens, special ones where their names stand")
  func tokens() throws {
    let (directory, tokenizer) = try Self.tokenizer(["<|im_start|>", "<|im_end|>", "<|endoftext|>"])
    defer { _ = directory }
    let companions = [
      file("tokenizer_config.json", #"{"eos_token": {"content": "<|endoftext|>"}, "chat_template": null}"#),
      file("chat_template.jinja", NamedTemplate.chatml.source),
      file("generation_config.json", #"{"eos_token_id": [98]}"#),
    ]
    let format = try ChatFormat(configuration: Self.configuration, companions: companions, tokenizer: tokenizer)
    let start = try #require(tokenizer.id(of: "<|im_start|>"))
    let prompt = try format.prompt([ChatMessage(role: "user", content: "hi")])
    #expect(prompt.first == start && prompt.filter { $0 == start }.count == 2)
    #expect(try tokenizer.decode(prompt) == "user\nhi\nassistant\n")
    // The end of a turn is an end although no file says so.
    #expect(format.stopTokens == [97, 98])
  }

  @Test("is refused without a template, with a malformed one, and with a stop token of another model")
  func refusals() throws {
    let (directory, tokenizer) = try Self.tokenizer(["<|endoftext|>"])
    defer { _ = directory }
    func problem(_ companions: [CompanionFile]) -> String {
      do {
        _ = try ChatFormat(configuration: Self.configuration, companions: companions, tokenizer: tokenizer)
        return "none"
      } catch { return "\(error)" }
    }
    #expect(problem([]).hasPrefix("the model has no chat template, as base models do not; name one with"))
    #expect(problem([file("tokenizer_config.json", "{")]).hasPrefix("tokenizer_config.json: line 1: JSON:"))
    #expect(
      problem([file("tokenizer_config.json", #"{"chat_template": [{"name": "tool_use", "template": ""}]}"#)])
        == "tokenizer_config.json: chat_template is a list without a template named `default`")
    #expect(
      problem([file("tokenizer_config.json", #"{"chat_template": 3}"#)])
        == "tokenizer_config.json: chat_template is neither text nor a list of named templates")
    #expect(
      problem([
        file("chat_template.jinja", NamedTemplate.chatml.source),
        file("generation_config.json", #"{"eos_token_id": 4096}"#),
      ]) == "generation_config.json: eos_token_id 4096 is no token of the tokenizer, which has 97: they belong to "
        + "different models")
    #expect(problem([file("chat_template.jinja", "{% if %}")]).hasPrefix("the chat template cannot be used: line 1"))
  }

  @Test("of a SentencePiece model finds control tokens in the template's text", .enabled(if: TestData.isPresent))
  func sentencePiece() throws {
    let model = TestData.place.appendingPathComponent("models/stories260K/hf").path
    let tokenizer = try loadTokenizer(modelDirectory: model).tokenizer
    let template = try ChatTemplate(
      source: NamedTemplate.zephyr.source, companions: CompanionFile.all(in: model), tokenizer: tokenizer)
    let format = try ChatFormat(
      configuration: ModelConfiguration(path: model + "/config.json"), companions: CompanionFile.all(in: model),
      tokenizer: tokenizer, template: template)
    let end = try #require(tokenizer.endOfText)
    let prompt = try format.prompt([ChatMessage(role: "user", content: "Once upon a time")])
    #expect(prompt.filter { $0 == end }.count == 1)
    #expect(format.stopTokens == [end])
    #expect(try tokenizer.decode(prompt).contains("Once upon a time"))
  }
}
