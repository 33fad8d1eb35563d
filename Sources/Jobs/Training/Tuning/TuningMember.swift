import Chat
import Checkpoints
import Corpora
import JobKit
import Tokenizers
import Transformer
import WireProtocol

/// What imitation and preference have in common: a model, its chat format, and examples.
protocol TuningMember: TrainingMember {
  var payload: TuningPayload { get }
  var corpus: TuningCorpus { get }
  var format: ChatFormat { get }
}

extension TuningMember {
  var validationSetCount: Int { payload.corpus.sets.count }

  func finish(_ finish: Finish, chain: WireProtocol.Digest) throws -> ShardResult {
    let ledger = corpus.ledger(steps: finish.step)
    return try trained.finish(finish, chain: chain, ledger: try ledger.json) { weightsSHA256 in
      TuningResult(
        weightsSHA256: weightsSHA256, parameters: trained.model.layout.count, ledger: ledger,
        stopTokens: format.stopTokens)
    }
  }
}

/// What a tuning member is made of.
struct TuningParts {
  let payload: TuningPayload
  let trained: TrainedModel
  let corpus: TuningCorpus
  let format: ChatFormat

  init(_ context: MemberContext) throws {
    let payload = try decodePayload(TuningPayload.self, from: context.payload).resolved(inputs: context.inputs)
    self.payload = payload
    let tokenizer = try loadTokenizer(of: openModel(context.inputs.directory(InputTree.model))).tokenizer
    trained = try TrainedModel(
      context, start: .model, recipe: payload.recipe, recipeSHA256: payloadSHA256(payload),
      rowLength: payload.recipe.sequenceLength * payload.corpus.kind.sequencesPerExample
    ) { try $0.companions(chat: payload.chat, tokenizer: tokenizer) }
    format = try ChatFormat(trained.files, tokenizer: tokenizer, chat: payload.chat)
    corpus = try TuningCorpus(
      payload.corpus, recipe: payload.recipe, inputs: context.inputs,
      vocabularySize: trained.model.shape.vocabularySize)
    context.progress("ready", 1)
  }
}

/// Supervised fine-tuning: the model learns the assistant's turns of conversations. Its state after step t is a
/// function of (start, rows, recipe) alone.
final class SFTMember: TuningMember {
  let trained: TrainedModel
  let payload: TuningPayload
  let corpus: TuningCorpus
  let format: ChatFormat

  /// For each source the sum of its losses and its learned tokens.
  var statisticsCount: Int { 2 * payload.corpus.sources.count }

  init(_ context: MemberContext) throws {
    let parts = try TuningParts(context)
    (payload, trained, corpus, format) = (parts.payload, parts.trained, parts.corpus, parts.format)
  }

  func computeSlice(
    step: UInt64, slice: Int, gradient: UnsafeMutablePointer<Float>, ready: (Range<Int>) -> Void
  ) throws -> [Double] {
    let first = slice * payload.recipe.rowsPerSlice
    let rows = (first..<first + payload.recipe.rowsPerSlice).map { slot in
      let row = corpus.row(step: step, slot: slot)
      return (source: row.source, tokens: corpus.packed(row))
    }
    return trained.accumulate(rows, sources: payload.corpus.sources.count, gradient: gradient, ready: ready)
  }

  func assess(step: UInt64, statistics: [Double], gradient: any ReducedGradient) throws -> StepAssessment {
    let metrics = try trained.assess(
      step: step, statistics: statistics, sources: payload.corpus.sources.map(\.name), gradient: gradient
    ) { _ in [] }
    return StepAssessment(metrics: metrics, workUnits: UInt64(corpus.tokens(step: step)))
  }

  func validationRow(_ row: Int) throws -> (set: Int, tokens: TokenRow?, byteCount: Int) {
    let (set, shards, place) = corpus.validationExample(row)
    return (set, place.map { packedRow([shards[$0.shard].sequence(example: $0.example)]) }, 0)
  }
}
