import Checkpoints
import Crypto
import Foundation
import JobKit
import KernelTable
import Templates
import Tokenizers
import TrainingJobs
import Transformer
import WireProtocol

/// Makes the plan of an `eval`: rows and definitions (`tasks`), ranges of items (`items`), tables (`results`).
struct EvalPlanner {
  let specification: EvalSpecification
  let context: any PlanningContext

  /// Items of a shard: a minute or so of work for a model of a few hundred million parameters. It depends on the kind
  /// of task alone, so that a larger limit or another set of tasks finds the shards of before.
  static func itemsPerShard(_ type: TaskDefinition.OutputType) -> Int { type == .generateUntil ? 64 : 256 }

  func plan() throws -> JobPlan {
    let model = try planModel()
    let wanted = try chosenTasks()
    var inputs: [InputReference] = []
    let tasks = try wanted.tasks.map {
      try planTask($0.definition, $0.places, isBuiltIn: $0.isBuiltIn, model.chat, &inputs)
    }
    let trained = try specification.trainedOn.enumerated().map { number, path in
      try context.input(named: "trained-\(number)", path: path, kind: .file)
    }
    var shards: [ShardPlan] = []
    var results: [ResultsPayload.Task] = []
    for task in tasks {
      let ranges = try self.shards(task, model: model)
      shards += ranges.map(\.plan)
      results.append(
        ResultsPayload.Task(
          name: task.definition.name, numFewshot: task.numFewshot, itemCount: task.itemCount,
          allCount: task.allCount, trees: ranges.map(\.tree)))
    }
    let payload = ResultsPayload(
      modelName: specification.model.text, limit: limitText, tasks: results, groups: wanted.groups,
      allowsCode: specification.allowsCode, trainedFiles: specification.trainedOn.map(\.text),
      chat: specification.chat)
    var phases = [
      PhasePlan(
        name: "tasks",
        work: .sharded([
          ShardPlan(
            name: "tasks", payload: try encodeJSON(TasksPayload(tasks, chat: specification.chat)),
            inputs: [model.reference] + inputs)
        ])),
      PhasePlan(name: "items", work: .sharded(shards)),
    ]
    if !trained.isEmpty {
      phases.append(
        PhasePlan(
          name: "overlap",
          work: .sharded([
            ShardPlan(
              name: "overlap",
              payload: try encodeJSON(
                OverlapPayload(
                  files: trained.count, field: specification.trainedField, tasks: tasks.map(\.definition.name))),
              inputs: [.phase(0)] + trained.map(\.reference))
          ])))
    }
    let earlier = phases.indices.map { InputReference.phase(UInt32($0)) }
    phases.append(
      PhasePlan(
        name: "results",
        work: .sharded([ShardPlan(name: "results", payload: try encodeJSON(payload), inputs: earlier)])))
    return JobPlan(
      jobType: "eval", pluginVersion: EvalJob.version, name: specification.header.name, phases: phases,
      outputs: [EvalTree.results], notes: notes(tasks, shards: shards.count) + model.notes)
  }

  private func notes(_ tasks: [PlannedTask], shards: Int) -> [String] {
    let items = tasks.reduce(0) { $0 + $1.itemCount }
    return ["\(items) items of \(tasks.count) task\(tasks.count == 1 ? "" : "s") in \(shards) shards."]
  }

  private var limitText: String? {
    switch specification.limit {
    case .items(let count)?: "\(count)"
    case .share(let share)?: "\(share)"
    case nil: nil
    }
  }

  // MARK: the model

  private struct Model {
    let reference: InputReference
    /// Everything about it that results depend on; empty for an earlier stage's, whose files the coordinator adds to a
    /// shard's key.
    let digests: [String]
    let memoryBytes: UInt64
    let notes: [String]
    /// Nil in plain text, and for an earlier stage's.
    let chat: ChatPrompting?
  }

  private func planModel() throws -> Model {
    let path = specification.model
    let input = try context.input(named: EvalTree.model, path: path, kind: .fileOrDirectory)
    guard let local = input.localPath, case .files(let tree) = input.reference else {
      return Model(
        reference: input.reference, digests: [], memoryBytes: 0,
        notes: ["The model is an earlier stage's; it is checked when that stage is done."], chat: nil)
    }
    do {
      let source = try openModel(local)
      if source is ModelDirectory { try ModelDirectory.checkParts(source.path) }
      let layout = ParameterLayout(try LlamaShape(source.configuration))
      try source.check(layout.placements)
      let tokenizer = try loadTokenizer(of: source).tokenizer
      try tokenizer.checkFits(vocabSize: source.configuration.vocabularySize)
      return Model(
        reference: input.reference, digests: tree.files.map { "\($0.path) \($0.digest.hex)" },
        memoryBytes: UInt64(4 * layout.count), notes: [],
        chat: try specification.chat.map { way in
          try ChatPrompting(source, tokenizer, way)
        })
    } catch {
      throw SpecError(position: path.position, path: path.path, problem: "\(error)", remedy: "")
    }
  }

  // MARK: the tasks

  private struct ChosenTask {
    let definition: TaskDefinition
    let places: [SpecScalar]
    let isBuiltIn: Bool
  }

  private func chosenTasks() throws -> (tasks: [ChosenTask], groups: [GroupDefinition]) {
    let reading = TaskCatalogue.Reading(
      text: { try context.document(text: $0, name: $1) }, file: { try context.document(at: $0) })
    var catalogue = try TaskCatalogue(reading)
    var names: [String] = []
    var groups: [GroupDefinition] = []
    for written in specification.tasks {
      var name = written
      if written.text.hasSuffix(".yaml") || written.text.hasSuffix(".yml") {
        name = SpecScalar(
          text: try catalogue.add(fileAt: written), isQuoted: true, path: written.path, position: written.position)
      }
      let found = try catalogue.expand(name)
      names += found.tasks.filter { !names.contains($0) }
      for group in found.groups where !groups.contains(where: { $0.name == group.name }) { groups.append(group) }
    }
    let tasks = try names.map { name in
      guard case .task(let mapping)? = catalogue[name] else { preconditionFailure("\(name) expands to itself") }
      let reader = try TaskReader(mapping, includes: catalogue.include)
      let (definition, places) = try reader.definition()
      if definition.runsCode, !specification.allowsCode {
        throw SpecError(
          position: specification.tasks[0].position, path: "tasks",
          problem: "the task `\(name)` runs what the model writes",
          remedy:
            "If that is wanted, write `allow_code_execution: true` or give `--allow-code-execution`: it then runs "
            + "in a sandbox, or not at all where the host has none")
      }
      return ChosenTask(definition: definition, places: places, isBuiltIn: catalogue.isBuiltIn(name))
    }
    return (tasks, groups)
  }

  private func planTask(
    _ written: TaskDefinition, _ places: [SpecScalar], isBuiltIn: Bool, _ chat: ChatPrompting?,
    _ inputs: inout [InputReference]
  ) throws -> PlannedTask {
    var definition = written
    var rows: [String: [TemplateDictionary]] = [:]
    var contents: [String] = []
    let numFewshot = definition.numFewshot == 0 ? 0 : specification.numFewshot ?? definition.numFewshot ?? 0
    let needed = [definition.askedSplit, numFewshot > 0 ? definition.exampleSplit : nil]
    definition.files = definition.files.filter { file in needed.contains { $0 == file.split } }
    for (index, file) in definition.files.enumerated() {
      guard let place = zip(written.files, places).first(where: { $0.0 == file })?.1 else { continue }
      let path = isBuiltIn ? place.inside(specification.data) : place.beside
      let input: PlannedInput
      do {
        // Trees are named by their number: hundreds of them go into one plan.
        input = try context.input(named: "d\(inputs.count)", path: path, kind: .file)
      } catch let error as SpecError {
        guard isBuiltIn, let origin = DataSources.origin(ofFile: file.name) else { throw error }
        throw SpecError(
          position: error.position, path: error.path, problem: "task \(definition.name): \(error.problem)",
          remedy: "Its data is at \(origin); say where it lies with `data:` or `--data`")
      }
      guard let local = input.localPath else {
        throw SpecError(
          position: place.position, path: place.path, problem: "a task's data cannot be an earlier stage's output",
          remedy: "Write a path")
      }
      definition.files[index].tree = "d\(inputs.count)"
      inputs.append(input.reference)
      if case .files(let tree) = input.reference { contents += tree.files.map { "\(file.split) \($0.digest.hex)" } }
      do {
        rows[file.split, default: []] += try DataFile.rows(at: local, format: definition.format, name: file.name)
      } catch {
        throw SpecError(position: path.position, path: path.path, problem: "\(error)", remedy: "")
      }
    }
    let asked = definition.asked(rows)
    let count = specification.limit?.count(of: asked.count) ?? asked.count
    let task = PlannedTask(
      definition: definition, contents: contents, itemCount: count, allCount: asked.count, numFewshot: numFewshot)
    try checkItems(task, asked: Array(asked.prefix(count)), rows: rows, chat)
    return task
  }

  /// Makes every item once: what a template asks for and a row lacks is found before anything runs.
  private func checkItems(
    _ task: PlannedTask, asked: [TemplateDictionary], rows: [String: [TemplateDictionary]], _ chat: ChatPrompting?
  ) throws {
    do {
      guard !asked.isEmpty else {
        throw EvaluationError("task \(task.definition.name)", problem: "there are no rows to ask", remedy: "")
      }
      var maker = try ItemMaker(
        task.definition, rows: asked, exampleRows: try task.definition.examples(rows), numFewshot: task.numFewshot,
        chat: chat)
      let scorer = try ItemScorer(task.definition, code: nil)
      for number in asked.indices {
        let item = try maker.item(number)
        try scorer.check(item)
      }
    } catch let error as EvaluationError {
      throw SpecError(position: specification.tasks[0].position, path: "tasks", problem: "\(error)", remedy: "")
    }
  }

  // MARK: shards

  /// What a limit cuts off a shard is cut at quarters of one, so that a higher limit finds those of before.
  static func ranges(_ task: PlannedTask) -> [Range<Int>] {
    let size = itemsPerShard(task.definition.outputType)
    return stride(from: 0, to: task.itemCount, by: size).flatMap { first in
      let end = min(first + size, task.itemCount)
      let isCut = end < min(first + size, task.allCount)
      return isCut ? stride(from: first, to: end, by: size / 4).map { $0..<min($0 + size / 4, end) } : [first..<end]
    }
  }

  private func shards(_ task: PlannedTask, model: Model) throws -> [(plan: ShardPlan, tree: String)] {
    return try Self.ranges(task).map { range in
      let (first, end) = (range.lowerBound, range.upperBound)
      let name = "\(task.definition.name) \(first)-\(end - 1)"
      let key = try cacheKey(task, first..<end, model)
      let tree = "items-" + key.hex.prefix(16)
      let payload = ItemsPayload(
        task: task.definition.name, first: first, end: end, numFewshot: task.numFewshot,
        batchTokens: specification.batchTokens, allowsCode: specification.allowsCode, outputTree: tree,
        chat: specification.chat)
      return (
        ShardPlan(
          name: name, payload: try encodeJSON(payload), inputs: [model.reference, .phase(0)], cacheKey: key,
          memoryBytes: model.memoryBytes), tree
      )
    }
  }

  /// What a range of items' results depend on: the model's files, the task with its data and examples, the range. Not
  /// the batch, nor the worker.
  private func cacheKey(_ task: PlannedTask, _ range: Range<Int>, _ model: Model) throws -> WireProtocol.Digest {
    var hash = SHA256()
    func add(_ text: String) { hash.update(data: Array("\(text)\n".utf8)) }
    add("eval \(EvalJob.version) numerics \(numericsVersion)")
    for digest in model.digests { add(digest) }
    var definition = task.definition
    // The tree's number is the plan's business; the file's content counts.
    for index in definition.files.indices { definition.files[index].tree = "" }
    hash.update(data: try encodeJSON(definition))
    for content in task.contents { add(content) }
    if let chat = specification.chat { add("chat, examples as turns: \(chat.isMultiturn)") }
    add("\(range.lowerBound) \(range.upperBound) of \(task.numFewshot)-shot")
    return WireProtocol.Digest(sha256: hash.finalize())
  }
}
