import Chat
import Corpora

// What the plans of `sft` and `dpo` write for each phase and the runners read.

/// What a row of the files is to a training.
enum TuningKind: String, Codable {
  /// A conversation to imitate.
  case imitation
  /// A prompt with two answers, of which one is preferred.
  case preference

  var sequencesPerExample: Int { self == .imitation ? 1 : 2 }
}

/// How conversations become text.
struct ChatPayload: Codable, Equatable {
  /// In place of the checkpoint's own template.
  let template: String?
  let learning: LearnedTurns
  /// What `strftime_now` tells in templates that ask; part of the recipe, as the text depends on it.
  let date: ChatDate?
}

/// How one file of rows becomes a shard of conversations.
struct ConversationPreparePayload: Codable {
  /// The file as the job file names it.
  let file: String
  let kind: TuningKind
  let chat: ChatPayload
  /// Longer conversations are cut to so many input positions.
  let sequenceLength: Int
  let outputTree: String
}

struct TuningSourcePayload: Codable, Equatable {
  let name: String
  let shardTrees: [String]
}

struct TuningSetPayload: Codable, Equatable {
  let name: String
  /// Examples evaluated, at most.
  let rows: Int
  let heldOutFrom: String?
  let fraction: Double?
  let shardTrees: [String]
}

struct TuningCorpusPayload: Codable, Equatable {
  let kind: TuningKind
  let sources: [TuningSourcePayload]
  let sets: [TuningSetPayload]
  let validationSeed: UInt64
  /// In the order of the sources; nil goes by their tokens.
  let shares: [Double]?
  /// Whether a row takes several conversations.
  let packs: Bool

  var validationRowCount: Int { sets.reduce(0) { $0 + $1.rows } }

  /// As the coordinator adds them up: the loss of each set, how it varies, and for pairs how often the preferred answer
  /// won.
  var measures: [String] {
    let names = sets.map(\.name)
    return names + names.map { ".\($0)/squares" } + (kind == .preference ? names.map { "\($0)/accuracy" } : [])
  }
}

/// The loss over pairs of Rafailov et al. 2023 (arXiv 2305.18290), with label smoothing as in TRL.
struct PreferencePayload: Codable, Equatable {
  let beta: Double
  let labelSmoothing: Double
  /// Trees with the reference's log-probabilities of each shard tree.
  let referenceTrees: [String: [String]]
}

struct TuningPayload: Codable {
  var recipe: Recipe
  let corpus: TuningCorpusPayload
  let chat: ChatPayload
  let preference: PreferencePayload?
  var deferred: DeferredValues?

  func resolved(inputs: [String: String]) throws -> TuningPayload {
    var payload = self
    if let place = deferred?.learningRate { payload.recipe.learningRate = try place.read(inputs) }
    payload.deferred = nil
    return payload
  }
}

/// Which rows of a file were used, and why others were not.
struct RowCounts: Codable, Equatable {
  struct Dropped: Codable, Equatable {
    let reason: ConversationRow.Defect
    var rows: Int
    /// The first of them, counted from 1.
    let firstRow: Int
  }
  var rows = 0
  var used = 0
  /// Used, but cut to the sequence's length.
  var truncated = 0
  /// Answers whose first token reaches over their border.
  var straddles = 0
  var tokens = 0
  var learned = 0
  var dropped: [Dropped] = []

  static let file = "rows.json"

  mutating func drop(_ reason: ConversationRow.Defect, row: Int) {
    if let index = dropped.firstIndex(where: { $0.reason == reason }) {
      dropped[index].rows += 1
    } else {
      dropped.append(Dropped(reason: reason, rows: 1, firstRow: row))
    }
  }

  static func + (left: RowCounts, right: RowCounts) -> RowCounts {
    var sum = left
    sum.rows += right.rows
    sum.used += right.used
    sum.truncated += right.truncated
    sum.straddles += right.straddles
    sum.tokens += right.tokens
    sum.learned += right.learned
    for one in right.dropped {
      if let index = sum.dropped.firstIndex(where: { $0.reason == one.reason }) {
        sum.dropped[index].rows += one.rows
      } else {
        sum.dropped.append(one)
      }
    }
    return sum
  }

  /// `3 without an assistant turn (first: row 7)`.
  var droppedText: String {
    dropped.map { "\($0.rows) \($0.reason.rawValue) (first: row \($0.firstRow))" }.joined(separator: ", ")
  }
}

/// What the phase `index` leaves: which examples are held out.
struct TuningIndex: Codable {
  struct Source: Codable {
    let name: String
    let heldOut: HeldOutExamples?
  }
  let sources: [Source]

  static let file = "conversations.json"
}
