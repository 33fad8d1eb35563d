import Chat
import Checkpoints
import Corpora
import Foundation
import Inference
import KernelTable
import TestSupport
import Testing
import Tokenizers
import Transformer

@testable import TrainingJobs

/// What a training computes of an answer is what a server computes of it: the same template, tokens and weights, and
/// the same arithmetic, though one has whole rows of packed conversations and the other a prompt and a cache.
@Suite("The likelihood of an answer, trained and served")
struct ServedLikelihoodTests {
  private static let conversations: [[ChatMessage]] = (1...8).map { number in
    let question = ChatMessage(role: "user", content: "what is \(number) and \(number * number)? 春眠")
    let answer = ChatMessage(role: "assistant", content: "it is \(number * number % 7), 不觉晓")
    let again = ChatMessage(role: "user", content: "and \(number)?")
    let last = ChatMessage(role: "assistant", content: "\(number), as before")
    return number % 2 == 0 ? [question, answer] : [question, answer, again, last]
  }

  /// Trains two steps on the conversations, so that the weights are a training's own.
  private func trained() throws -> (tiny: TinyJob, member: SFTMember, model: String) {
    let tiny = try TinyJob()
    let rows = try Self.conversations.map { messages in
      let row = ["messages": messages.map { ["role": $0.role, "content": $0.content] }]
      return String(decoding: try JSONEncoder().encode(row), as: UTF8.self)
    }
    try tiny.directory.write(rows.joined(separator: "\n"), to: "rows.jsonl")
    let file = try tiny.directory.write(
      """
      job: sft
      model: model
      chat: {template: zephyr}
      sources: [{name: a, paths: [rows.jsonl]}]
      recipe: {steps: 2, sequence_length: 128, global_batch_size: 4, learning_rate: 1.0e-2, warmup_steps: 0}
      """, to: "job.yaml")
    let scratch = tiny.directory.url.appendingPathComponent("scratch")
    var training = try NaiveTraining(
      jobFile: file, base: tiny.directory.url, scratch: scratch, threads: 2, job: SFTJob())
    try training.run()
    _ = try training.weightsSHA256()
    return (
      tiny, try #require(training.member as? SFTMember), scratch.appendingPathComponent("final/model").path
    )
  }

  @Test("is the same, bit for bit, for every learned token of every conversation")
  func sameBits() throws {
    let (tiny, member, path) = try trained()
    let pool = ThreadPool(threads: 2)
    let source = try openModel(path)
    let format = try ChatFormat(of: source, tokenizer: try loadTokenizer(of: source).tokenizer)
    let shape = try LlamaShape(source.configuration)
    let kernels = try Kernels.forThisProcessor()
    let served = InferenceModel(
      try InferenceWeights(source, shape: shape, kernels: kernels, pool: pool), kernels: kernels, pool: pool,
      options: .init(batchTokens: 48))

    // The server's side: each answer after the prompt that a request with the turns before it becomes.
    var requests: [ScoreRequest] = []
    var owners: [(conversation: Int, first: Int)] = []
    let texts = try Self.conversations.map { try member.format.trainingText($0) }
    for (number, messages) in Self.conversations.enumerated() {
      for (turn, message) in messages.enumerated() where message.role == ChatMessage.assistant {
        let prompt = try format.prompt(Array(messages[..<turn]))
        let text = texts[number]
        #expect(text.tokens.starts(with: prompt), "the trainer's tokens begin as the server's prompt")
        let answer = zip(text.tokens, text.isLearned).dropFirst(prompt.count).prefix { $0.1 }.map(\.0)
        requests.append(ScoreRequest(context: prompt, continuation: answer))
        owners.append((number, prompt.count))
      }
    }
    let scores = try served.score(requests)
    #expect(scores.count == 12)
    let learned = texts.reduce(0) { $0 + $1.isLearned.count { $0 } }
    #expect(scores.reduce(0) { $0 + $1.tokenLogLikelihoods.count } == learned)

    // The trainer's side: rows of two packed conversations, one learned token at a time.
    func loss(_ conversation: Int, token: Int) -> Double {
      let row = [conversation - conversation % 2, conversation - conversation % 2 + 1].map { number in
        LearnedTokens(
          tokens: texts[number].tokens,
          isLearned: texts[number].tokens.indices.map { number == conversation && $0 == token })
      }
      return member.trained.model.losses(weights: member.trained.weights.start, rows: [packedRow(row)])[0].sum
    }
    for (score, owner) in zip(scores, owners) {
      for (index, found) in score.tokenLogLikelihoods.enumerated() {
        let expected = -loss(owner.conversation, token: owner.first + index)
        #expect(
          found.bitPattern == expected.bitPattern, "\(owner), token \(index): \(found) served, \(expected) trained")
      }
    }
    withExtendedLifetime(tiny) {}
  }
}
