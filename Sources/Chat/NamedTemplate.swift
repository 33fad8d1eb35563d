/// Templates for base models, by the names people know them by.
public enum NamedTemplate: String, CaseIterable, Sendable, Codable {
  /// `<|im_start|>role … <|im_end|>`; its two tokens must be in the tokenizer.
  case chatml
  /// `<|user|> … </s>`: turns end with the model's own end of text, so any tokenizer can take it.
  case zephyr
  /// Llama 3's headers; their tokens must be in the tokenizer.
  case llama3

  public var source: String {
    switch self {
    case .chatml:
      "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' "
        + "+ '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
    case .zephyr:
      "{% for message in messages %}{{ '<|' + message['role'] + '|>\\n' + message['content'] + eos_token + '\\n' }}"
        + "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}"
    case .llama3:
      "{{ bos_token }}{% for message in messages %}{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>"
        + "\\n\\n' + message['content'] | trim + '<|eot_id|>' }}{% endfor %}{% if add_generation_prompt %}"
        + "{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"
    }
  }

  /// Tokens without which its turns would be spelled letter by letter.
  public var neededTokens: [String] {
    switch self {
    case .chatml: ["<|im_start|>", "<|im_end|>"]
    case .zephyr: []
    case .llama3: ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    }
  }
}
