import Chat
import Checkpoints
import Corpora
import Foundation
import JobKit
import Tokenizers
import WireProtocol

/// Makes the plan of an `sft` or `dpo` job: render and tokenize every file (`prepare`), hold out and count (`index`),
/// for pairs the reference's log-probabilities (`reference`), train (`train`).
struct TuningPlanner {
  let specification: TuningSpecification
  let context: any PlanningContext

  private var kind: TuningKind { specification.kind }
  private var recipe: Recipe { specification.recipe }

  func plan(jobType: String, version: UInt32) throws -> JobPlan {
    let start = try StartPlanner(
      recipe: recipe, rowLength: recipe.sequenceLength * kind.sequencesPerExample, context: context
    ).model(specification.model)
    let chat = try planChat(start)
    var files = FileShards(prepare: PreparePhase(tokenizer: start.tokenizer))
    let sources = try specification.sources.map { source in
      TuningSourcePayload(
        name: source.name, shardTrees: try source.paths.map { try add($0, chat, start, &files) })
    }
    let sets = try specification.validationSets.map { set in
      switch set.origin {
      case .heldOut(let source, let fraction):
        TuningSetPayload(name: set.name, rows: set.rows, heldOutFrom: source, fraction: fraction, shardTrees: [])
      case .files(let paths):
        TuningSetPayload(
          name: set.name, rows: set.rows, heldOutFrom: nil, fraction: nil,
          shardTrees: try paths.map { try add($0, chat, start, &files) })
      }
    }
    let corpus = TuningCorpusPayload(
      kind: kind, sources: sources, sets: sets, validationSeed: specification.validationSeed,
      shares: specification.shares, packs: specification.packs)
    var phases = [
      PhasePlan(name: "prepare", work: .sharded(files.prepare.shards)),
      PhasePlan(
        name: "index",
        work: .sharded([ShardPlan(name: "index", payload: try encodePayload(corpus), inputs: [.phase(0)])])),
    ]
    var preference: PreferencePayload?
    if let asked = specification.preference {
      let reference = try ReferencePlanner(specification: specification, context: context, start: start).plan(files)
      phases.append(PhasePlan(name: "reference", work: .sharded(reference.shards)))
      preference = PreferencePayload(
        beta: asked.beta, labelSmoothing: asked.labelSmoothing, referenceTrees: reference.trees)
    }
    phases.append(
      PhasePlan(name: "train", work: .stepped(try planTraining(start, corpus, chat, preference, after: phases.count))))
    return JobPlan(
      jobType: jobType, pluginVersion: version, name: specification.header.name, phases: phases,
      outputs: ["model", "checkpoint", "ledger"], notes: start.notes)
  }

  /// The files' shards, with what is known of each for the reference's.
  struct FileShards {
    struct Known {
      let cacheKey: WireProtocol.Digest?
      let byteCount: UInt64
    }
    var prepare: PreparePhase
    /// By tree, in the order they were added.
    var trees: [(name: String, known: Known)] = []
  }

  private func add(
    _ path: SpecScalar, _ chat: ChatPayload, _ start: PlannedStart, _ files: inout FileShards
  ) throws -> String {
    let length = recipe.sequenceLength
    let options = String(
      decoding: try encodePayload(chat), as: UTF8.self)
    let added = try files.prepare.add(
      path, options: "conversations \(ConversationShards.version) \(kind.rawValue) \(length) \(options)",
      deciding: { !$0.hasSuffix(".md") }, context: context
    ) { tree in
      try encodePayload(
        ConversationPreparePayload(
          file: path.text, kind: kind, chat: chat, sequenceLength: length, outputTree: tree))
    } check: { file in
      try naming(path) { try checkBeginning(of: file, chat, start) }
    }
    if !files.trees.contains(where: { $0.name == added.tree }) {
      files.trees.append((added.tree, FileShards.Known(cacheKey: added.cacheKey, byteCount: added.byteCount)))
    }
    return added.tree
  }

  /// Prepares the first rows, so that a file of another form, or a template that fails over it, is answered before
  /// anything runs.
  private func checkBeginning(of file: String, _ chat: ChatPayload, _ start: PlannedStart) throws {
    guard let opened = start.opened else { return }
    let format = try ChatFormat(
      configuration: opened.model.configuration, companions: opened.model.companions,
      tokenizer: opened.tokenizer.tokenizer, template: chat.template)
    let preparation = RowPreparation(
      kind: kind, format: format, chat: chat, sequenceLength: recipe.sequenceLength)
    var rows = try ConversationFile(path: file)
    for _ in 0..<8 {
      guard let row = try rows.next() else { return }
      _ = try rows.atRow { try preparation.prepare(row) }
    }
  }

  private func planChat(_ start: PlannedStart) throws -> ChatPayload {
    let source = try specification.template.map { template in
      if let named = NamedTemplate(rawValue: template.text) { return named.source }
      guard template.text.hasSuffix(".jinja") else {
        throw SpecError(
          position: template.position, path: template.path, problem: "no template is named \(template.text)",
          remedy: "The names are \(NamedTemplate.allCases.map(\.rawValue).joined(separator: ", ")); a file's ends in "
            + ".jinja")
      }
      let input = try context.input(named: "template", path: template, kind: .file)
      guard let file = input.localPath, let bytes = FileManager.default.contents(atPath: file),
        let text = String(validating: bytes, as: UTF8.self)
      else {
        throw SpecError(
          position: template.position, path: template.path, problem: "the template cannot be read as UTF-8",
          remedy: "Write the path of a file at hand")
      }
      return text
    }
    let chat = ChatPayload(template: source, learning: specification.learning, date: specification.date)
    if let opened = start.opened {
      let place = specification.template ?? specification.model
      try naming(specification.model) {
        if opened.model is ModelDirectory { try ModelDirectory.checkParts(opened.model.path) }
      }
      try naming(place) {
        _ = try ChatFormat(
          configuration: opened.model.configuration, companions: opened.model.companions,
          tokenizer: opened.tokenizer.tokenizer, template: source)
      }
    }
    return chat
  }

  private func planTraining(
    _ start: PlannedStart, _ corpus: TuningCorpusPayload, _ chat: ChatPayload, _ preference: PreferencePayload?,
    after phases: Int
  ) throws -> SteppedPlan {
    let references = TrainingSpecification.References(almr: nil, learningRate: specification.learningRate)
    let deferred = try references.planned(context)
    let payload = TuningPayload(
      recipe: recipe, corpus: corpus, chat: chat, preference: preference, deferred: deferred.values)
    return SteppedPlan(
      payload: try encodePayload(payload),
      inputs: start.inputs + deferred.inputs + (0..<phases).map { .phase(UInt32($0)) },
      stepCount: UInt64(recipe.steps), sliceCount: UInt32(recipe.slices), measures: corpus.measures,
      evaluationRowCount: UInt32(corpus.validationRowCount),
      evaluationInterval: UInt64(specification.evaluationInterval),
      checkpointInterval: UInt64(specification.checkpointInterval),
      checkpointsKept: UInt32(specification.checkpointsKept), stateBytes: start.stateBytes, workUnit: "tok")
  }
}
