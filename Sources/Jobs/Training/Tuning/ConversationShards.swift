import Chat
import Checkpoints
import Corpora
import Foundation
import JobKit
import Tokenizers

/// The sharded phases `prepare` and `index` of conversations.
enum ConversationShards {
  /// Changes whenever the same rows, model and options would give other shards.
  static let version = 1

  static func file(inTree directory: String) -> String { directory + "/conversations.shard" }

  /// One file of rows becomes a shard of examples, and a count of what was left out.
  static func prepare(_ context: ShardContext) throws -> ShardResult {
    let payload = try decodePayload(ConversationPreparePayload.self, from: context.payload)
    let input = try onlyFile(in: try context.inputs.directory(InputTree.file))
    let (format, tokenizer) = try chatFormat(context, payload.chat)
    let preparation = RowPreparation(
      kind: payload.kind, format: format, chat: payload.chat, sequenceLength: payload.sequenceLength)
    let directory = context.scratchDirectory + "/conversations"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    do {
      var rows = try ConversationFile(path: input)
      var writer = try ConversationShardWriter(
        path: file(inTree: directory), vocabularySize: tokenizer.vocabularySize,
        sequencesPerExample: payload.kind.sequencesPerExample)
      var counts = RowCounts()
      while let row = try rows.next() {
        counts.rows += 1
        switch try rows.atRow({ try preparation.prepare(row) }) {
        case .dropped(let defect): counts.drop(defect, row: rows.row)
        case .example(let sequences, let truncated, let straddles):
          try writer.append(sequences)
          counts.used += 1
          counts.truncated += truncated ? 1 : 0
          counts.straddles += straddles
        }
        if counts.rows % 64 == 0 { context.progress("tokenizing", rows.fraction) }
      }
      guard counts.used > 0 else {
        throw CorpusError(
          .empty, "none of its \(counts.rows) rows can be learned from: \(counts.droppedText)", file: input)
      }
      counts.tokens = writer.tokenCount
      counts.learned = writer.learnedCount
      try writer.commit()
      try Data(try encodePayload(counts)).write(to: URL(fileURLWithPath: directory + "/" + RowCounts.file))
    } catch var error as CorpusError where error.file == input {
      error.file = payload.file
      throw error
    }
    return ShardResult(outputs: [OutputTree(name: payload.outputTree, directory: directory)])
  }

  private static func chatFormat(
    _ context: ShardContext, _ chat: ChatPayload
  ) throws -> (ChatFormat, any Tokenizer) {
    let directory = try context.inputs.directory(InputTree.tokenizer)
    let tokenizer = try loadTokenizer(ofTree: directory).tokenizer
    if let file = try onlyGGUF(in: directory) {
      let model = try GGUFModel(path: directory + "/" + file)
      return (
        try ChatFormat(
          configuration: model.configuration, companions: model.companions, tokenizer: tokenizer,
          template: chat.template), tokenizer
      )
    }
    return (
      try ChatFormat(
        configuration: ModelConfiguration(path: directory + "/config.json"),
        companions: CompanionFile.all(in: directory), tokenizer: tokenizer, template: chat.template), tokenizer
    )
  }

  /// Which examples are held out, and what all files had.
  static func index(_ context: ShardContext) throws -> ShardResult {
    let corpus = try decodePayload(TuningCorpusPayload.self, from: context.payload)
    context.progress("indexing", 0)
    let sources = try corpus.sources.map { source in
      let set = corpus.sets.first { $0.heldOutFrom == source.name }
      let held = try set.map { set in
        try HeldOutExamples(
          openShards(source.shardTrees, inputs: context.inputs), fraction: set.fraction ?? 0,
          seed: corpus.validationSeed, source: source.name)
      }
      return TuningIndex.Source(name: source.name, heldOut: held)
    }
    let directory = context.scratchDirectory + "/index"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try Data(try encodePayload(TuningIndex(sources: sources)))
      .write(to: URL(fileURLWithPath: directory + "/" + TuningIndex.file))
    let report = try ConversationReport(corpus, inputs: context.inputs)
    return ShardResult(
      outputs: [OutputTree(name: InputTree.index, directory: directory)],
      result: String(decoding: try encodePayload(["conversations": report]), as: UTF8.self))
  }

  static func openShards(_ trees: [String], inputs: [String: String]) throws -> [ConversationShard] {
    try trees.map { try ConversationShard(path: file(inTree: try inputs.directory($0))) }
  }
}

/// What `result.json` says of the rows: how many were used, cut and left out, and why.
struct ConversationReport: Codable {
  struct Files: Codable {
    let name: String
    let rows: Int
    let used: Int
    let truncated: Int
    let dropped: [String: RowCounts.Dropped]
    let straddling: Int
    let tokens: Int
    let learned: Int
  }
  let sources: [Files]
  let sets: [Files]

  init(_ corpus: TuningCorpusPayload, inputs: [String: String]) throws {
    func files(_ name: String, _ trees: [String]) throws -> Files {
      let counts = try trees.map { tree in
        let path = try inputs.directory(tree) + "/" + RowCounts.file
        return try decodePayload(RowCounts.self, from: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
      }.reduce(RowCounts(), +)
      return Files(
        name: name, rows: counts.rows, used: counts.used, truncated: counts.truncated,
        dropped: Dictionary(counts.dropped.map { ("\($0.reason)", $0) }) { first, _ in first },
        straddling: counts.straddles, tokens: counts.tokens, learned: counts.learned)
    }
    sources = try corpus.sources.map { try files($0.name, $0.shardTrees) }
    sets = try corpus.sets.filter { !$0.shardTrees.isEmpty }.map { try files($0.name, $0.shardTrees) }
  }
}
