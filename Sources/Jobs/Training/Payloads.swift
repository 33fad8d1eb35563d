import Corpora
import Foundation
import JobKit

// What the plan writes for each phase and the runners read: JSON with sorted keys, so that equal plans are equal bytes.

/// How one input file becomes a token shard.
struct PreparePayload: Codable, Equatable {
  /// The input as the job file names it: what its owner looks for when something is wrong with it.
  let file: String
  let textField: String
  let documents: DocumentOptions.Boundary
  /// Name of the output tree: the same for the same file, tokenizer and options whichever job asks.
  let outputTree: String
}

/// A source as the index and the trainer know it.
struct SourcePayload: Codable, Equatable {
  let name: String
  let role: SourceRole
  let weight: Double?
  /// Trees with the token shards of its files, in the order of `paths`.
  let shardTrees: [String]
}

struct ValidationSetPayload: Codable, Equatable {
  let name: String
  let role: SourceRole
  let tokens: Int
  /// Of the source it is held out from, with `fraction`; nil for a set with texts of its own.
  let heldOutFrom: String?
  let fraction: Double?
  let shardTrees: [String]
}

/// What the trainer and the index both need to know of the texts.
struct CorpusPayload: Codable, Equatable {
  let sources: [SourcePayload]
  let sets: [ValidationSetPayload]
  let validationSeed: UInt64
  let sequenceLength: Int
}

extension CorpusPayload {
  /// A measure a set, its mean loss, and then one a set for how the loss varies between rows: the mean over rows of the
  /// row's mean loss squared, whose `byteCount` counts rows. `Results` makes standard errors of them.
  var measures: [String] { sets.map(\.name) + sets.map { ".\($0.name)/squares" } }
}

struct MixturePayload: Codable, Equatable {
  /// Stands for a ratio that an earlier stage will have found; no mixture takes it.
  static let unknownRatio = -1.0

  var almr: Double?
  /// In the order of the sources; nil when `almr` decides.
  let shares: [Double]?
}

struct MemberPayload: Codable {
  enum Start: String, Codable {
    case model, random
  }
  let start: Start
  var recipe: Recipe
  let corpus: CorpusPayload
  var mixture: MixturePayload
  /// Numbers that earlier stages have found by the time a runner reads this.
  var deferred: DeferredValues?
  /// Of `random`: the config.json that the job file has written out; nil where it is an input.
  var configuration: String?

  /// With every number in its place: what decides the run, whoever found them.
  func resolved(inputs: [String: String]) throws -> MemberPayload {
    var payload = self
    if let place = deferred?.learningRate { payload.recipe.learningRate = try place.read(inputs) }
    if let place = deferred?.almr { payload.mixture.almr = try place.readRatio(inputs) }
    payload.deferred = nil
    return payload
  }
}

/// Names of the trees that runners get.
enum InputTree {
  static let model = "model"
  static let configuration = "configuration"
  static let tokenizer = "tokenizer"
  static let file = "file"
  static let index = "index"
  /// The file in the tree `index`.
  static let indexFile = "corpus.index"
}

func encodePayload(_ payload: some Encodable) throws -> [UInt8] {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return [UInt8](try encoder.encode(payload))
}

func decodePayload<Payload: Decodable>(_ type: Payload.Type, from bytes: [UInt8]) throws -> Payload {
  try JSONDecoder().decode(type, from: Data(bytes))
}
