import Corpora
import JobKit
import Transformer
import WireProtocol

/// One worker's copy of a model in continual pre-training: the rows of every step, and what is told of them. Its state
/// after step t is a function of (start, texts, recipe) alone.
final class CPTMember: TrainingMember {
  let trained: TrainedModel
  let payload: MemberPayload
  let corpus: TrainingCorpus

  var recipe: Recipe { payload.recipe }
  /// For each source the sum of its losses and its valid tokens.
  var statisticsCount: Int { 2 * payload.corpus.sources.count }
  var validationSetCount: Int { payload.corpus.sets.count }

  init(_ context: MemberContext) throws {
    payload = try decodePayload(MemberPayload.self, from: context.payload).resolved(inputs: context.inputs)
    trained = try TrainedModel(
      context, start: payload.start, configuration: payload.configuration, recipe: payload.recipe,
      recipeSHA256: payloadSHA256(payload))
    corpus = try TrainingCorpus(
      payload, inputs: context.inputs, vocabularySize: trained.model.shape.vocabularySize)
    context.progress("ready", 1)
  }

  func computeSlice(
    step: UInt64, slice: Int, gradient: UnsafeMutablePointer<Float>, ready: (Range<Int>) -> Void
  ) throws -> [Double] {
    let first = slice * recipe.rowsPerSlice
    let rows = try (first..<first + recipe.rowsPerSlice).map { slot in
      let row = try corpus.row(step: step, slot: slot)
      return (source: row.source, tokens: row.tokens)
    }
    return trained.accumulate(rows, sources: payload.corpus.sources.count, gradient: gradient, ready: ready)
  }

  func assess(step: UInt64, statistics: [Double], gradient: any ReducedGradient) throws -> StepAssessment {
    let metrics = try trained.assess(
      step: step, statistics: statistics, sources: payload.corpus.sources.map(\.name), gradient: gradient
    ) { _ in [Metric("almr", corpus.addedShare(steps: step))] }
    return StepAssessment(metrics: metrics, workUnits: UInt64(recipe.tokensPerStep))
  }

  func validationRow(_ row: Int) throws -> (set: Int, tokens: TokenRow?, byteCount: Int) {
    try corpus.validationRow(row)
  }

  func finish(_ finish: Finish, chain: WireProtocol.Digest) throws -> ShardResult {
    let ledger = try corpus.ledger(steps: finish.step)
    return try trained.finish(finish, chain: chain, ledger: ledger.json) { weightsSHA256 in
      TrainingResult(
        weightsSHA256: weightsSHA256, parameters: trained.model.layout.count, mixture: ledger.mixture)
    }
  }
}

/// What a finished training adds to `result.json`.
struct TrainingResult: Codable {
  struct Mixture: Codable {
    struct Source: Codable {
      let name: String
      let role: SourceRole
      let requested: Double
      let achieved: Double
      let rows: Int
      let tokens: Int
      let bytes: Int
      /// The tokenizer's fertility on the source's whole text.
      let tokensPerByte: Double?
      let tokensPerCharacter: Double?

      enum CodingKeys: String, CodingKey {
        case name, role, requested, achieved, rows, tokens, bytes
        case tokensPerByte = "tokens_per_byte"
        case tokensPerCharacter = "tokens_per_character"
      }
    }
    /// The share of tokens from sources whose role is added.
    let requested: Double
    let achieved: Double
    let sources: [Source]
  }
  let weightsSHA256: String
  let parameters: Int
  let mixture: Mixture

  enum CodingKeys: String, CodingKey {
    case weightsSHA256 = "weights_sha256"
    case parameters, mixture
  }
}
