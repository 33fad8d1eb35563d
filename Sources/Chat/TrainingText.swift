/// A conversation in tokens, and which of them a training learns.
public struct TrainingText: Sendable, Hashable {
  public var tokens: [Int32]
  /// For each token whether a loss counts it as what was to come.
  public var isLearned: [Bool]
  /// Places where a token reaches over the border of an answer, so that the tokens before it are not those that a
  /// server would have given the model; the token counts to the answer. Zero for templates that end with a special
  /// token there.
  public var straddles: Int
}

/// Which turns a training learns.
public enum LearnedTurns: String, CaseIterable, Codable, Sendable {
  case assistant
  case all
}

extension ChatFormat {
  /// The conversation's text and its parts that are learned: from where the generation prompt of an answer ends to
  /// where the turn ends, its end-of-turn token with it. Those are the bytes that a server would have to generate.
  ///
  /// - Throws: `ChatError` of code `.rendering`; `.noGenerationPrompt` when the template opens no assistant's turn, so
  ///   that the answer would begin with its own header; `.unstable` when a later turn changes how an earlier one looks.
  public func trainingText(
    _ messages: [ChatMessage], learning: LearnedTurns = .assistant, date: ChatDate? = nil
  ) throws(ChatError) -> TrainingText {
    let text = try template.render(messages, addGenerationPrompt: false, date: date)
    let tokens = encoder.encode(text)
    var learned = [Bool](repeating: learning == .all, count: tokens.count)
    var straddles = 0
    guard learning == .assistant else { return TrainingText(tokens: tokens, isLearned: learned, straddles: 0) }
    for (index, message) in messages.enumerated() where message.role == ChatMessage.assistant {
      let span = try answer(index, of: messages, in: text, date: date)
      let start = boundary(span.prompt, tokens, &straddles)
      let end = span.end == nil ? tokens.count : boundary(span.end ?? "", tokens, &straddles)
      for place in start..<max(start, end) { learned[place] = true }
    }
    return TrainingText(tokens: tokens, isLearned: learned, straddles: straddles)
  }

  /// The text up to where answer `index` begins, and up to where it ends; nil for the end of all text.
  private func answer(
    _ index: Int, of messages: [ChatMessage], in text: String, date: ChatDate?
  ) throws(ChatError) -> (prompt: String, end: String?) {
    let before = Array(messages[..<index])
    let prompt = try template.render(before, addGenerationPrompt: true, date: date)
    let isLast = index == messages.count - 1
    let end =
      isLast ? text : try template.render(Array(messages[...index]), addGenerationPrompt: false, date: date)
    guard text.utf8.starts(with: prompt.utf8), text.utf8.starts(with: end.utf8), end.utf8.count >= prompt.utf8.count
    else {
      throw ChatError(
        .unstable,
        "the chat template shows turn \(index + 1) differently once its answer or later turns are there; name a "
          + "template that does not with `chat.template`, or write `loss: all`")
    }
    let answer = end.utf8.dropFirst(prompt.utf8.count)
    if try template.render(before, addGenerationPrompt: false, date: date) == prompt {
      // Mistral's template needs none: the user's turn ends with what opens the answer. Any other text before the
      // content would have to be generated, and no server asks for it.
      let said = trimmed(message: messages[index].content)
      guard trimmed(message: String(decoding: answer, as: UTF8.self)).utf8.starts(with: said.utf8) else {
        throw ChatError(
          .noGenerationPrompt,
          "the chat template has no generation prompt: with `add_generation_prompt` it opens no assistant's turn; name "
            + "another template with `chat.template`, or write `loss: all`")
      }
    }
    return (prompt, isLast ? nil : end)
  }

  private func trimmed(message: String) -> Substring {
    message.drop { $0.isWhitespace }
  }

  /// How many of `tokens` lie within `text`, the beginning of what they encode.
  private func boundary(_ text: String, _ tokens: [Int32], _ straddles: inout Int) -> Int {
    let part = encoder.encode(text)
    if tokens.starts(with: part) { return part.count }
    straddles += 1
    return zip(part, tokens).prefix { $0 == $1 }.count
  }
}
