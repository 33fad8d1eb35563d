import Corpora
import JobKit
import WireProtocol

/// Makes the plan of a `cpt` job: tokenize every file (`prepare`), index what came of it (`index`), train (`train`).
struct CPTPlanner {
  let specification: TrainingSpecification
  let context: any PlanningContext

  func plan() throws -> JobPlan {
    let texts = try planTexts()
    return JobPlan(
      jobType: "cpt", pluginVersion: CPTJob.version, name: specification.header.name,
      phases: [
        PhasePlan(name: "prepare", work: .sharded(texts.prepare)),
        PhasePlan(name: "index", work: .sharded([texts.index(payload: try encodePayload(texts.corpus))])),
        PhasePlan(name: "train", work: .stepped(try planTraining(texts))),
      ],
      outputs: ["model", "checkpoint", "ledger"], notes: texts.base.notes)
  }

  /// What a training starts from, the shards that tokenize its files, and what the index and the trainer know of them.
  struct Texts {
    let base: PlannedStart
    let prepare: [ShardPlan]
    let corpus: CorpusPayload

    /// The one shard of the phase after `prepare`.
    func index(payload: [UInt8]) -> ShardPlan {
      ShardPlan(name: "index", payload: payload, inputs: [base.tokenizer, .phase(0)])
    }
  }

  func planTexts() throws -> Texts {
    let base = try planStart()
    var prepare = PreparePhase(tokenizer: base.tokenizer)
    let sources = try specification.sources.map { source in
      SourcePayload(
        name: source.name, role: source.role, weight: source.weight,
        shardTrees: try source.paths.map {
          try prepare.add(document: $0, textField: source.textField, documents: source.documents, context: context)
        })
    }
    let sets = try specification.validationSets.map { try plan($0, &prepare) }
    let corpus = CorpusPayload(
      sources: sources, sets: sets, validationSeed: specification.validationSeed,
      sequenceLength: specification.recipe.sequenceLength)
    return Texts(base: base, prepare: prepare.shards, corpus: corpus)
  }

  private func planStart() throws -> PlannedStart {
    let planner = StartPlanner(recipe: specification.recipe, context: context)
    return switch specification.start {
    case .model(let path): try planner.model(path)
    case .random(let configuration, let tokenizer): try planner.random(configuration, tokenizer: tokenizer)
    }
  }

  private func plan(
    _ set: TrainingSpecification.ValidationSet, _ prepare: inout PreparePhase
  ) throws -> ValidationSetPayload {
    switch set.origin {
    case .heldOut(let source, let fraction):
      return ValidationSetPayload(
        name: set.name, role: set.role, tokens: set.tokens, heldOutFrom: source, fraction: fraction, shardTrees: [])
    case .files(let paths, let textField, let documents):
      return ValidationSetPayload(
        name: set.name, role: set.role, tokens: set.tokens, heldOutFrom: nil, fraction: nil,
        shardTrees: try paths.map {
          try prepare.add(document: $0, textField: textField, documents: documents, context: context)
        })
    }
  }

  private func planTraining(_ texts: Texts) throws -> SteppedPlan {
    let recipe = specification.recipe
    let (base, corpus) = (texts.base, texts.corpus)
    let deferred = try specification.references.planned(context)
    let payload = MemberPayload(
      start: base.start, recipe: recipe, corpus: corpus, mixture: specification.mixturePayload,
      deferred: deferred.values, configuration: base.configuration)
    return SteppedPlan(
      payload: try encodePayload(payload), inputs: base.inputs + deferred.inputs + [.phase(0), .phase(1)],
      stepCount: UInt64(recipe.steps), sliceCount: UInt32(recipe.slices), measures: corpus.measures,
      evaluationRowCount: UInt32(corpus.validationRowCount),
      evaluationInterval: UInt64(specification.evaluationInterval),
      checkpointInterval: UInt64(specification.checkpointInterval),
      checkpointsKept: UInt32(specification.checkpointsKept), stateBytes: base.stateBytes, workUnit: "tok")
  }
}

extension TrainingSpecification {
  var mixturePayload: MixturePayload {
    switch mixture {
    case .almr(let ratio): MixturePayload(almr: ratio, shares: nil)
    case .shares(let shares):
      MixturePayload(
        almr: nil, shares: sources.map { source in shares.first { $0.source == source.name }?.share ?? 0 })
    }
  }
}

extension CorpusPayload {
  /// Rows of all validation sets; a set may have fewer than it has places for.
  var validationRowCount: Int { sets.reduce(0) { $0 + $1.rowCount(sequenceLength: sequenceLength) } }
}

extension ValidationSetPayload {
  /// Rows that its tokens make, at most; a short text may have fewer.
  func rowCount(sequenceLength: Int) -> Int { (tokens - 1) / sequenceLength + 1 }
}
