import Checkpoints
import Crypto
import Foundation
import JobKit
import TrainingJobs
import Transformer

/// A `study` job file as it was read.
struct StudySpecification {
  let header: JobHeader
  /// Output trees of sweeps, or tables with their columns.
  let cells: [SpecScalar]
  let options: StudyRequest.Options
  let transfer: WrittenTransfer?

  struct WrittenTransfer {
    let small: WrittenConfiguration
    let large: WrittenConfiguration
    let byBytes: Bool
    let growsRatio: Bool
    let smallTokens: Int?
    let largeTokens: Int?
    let smallBytesPerToken: Double?
    let largeBytesPerToken: Double?
  }
}

extension StudySpecification {
  static func read(_ reader: SpecReader) throws -> StudySpecification {
    let header = try reader.header(of: "study")
    let cells = try reader.requiredList("cells", of: .path, count: 1...64, example: "[\"${grid.sweep}\"]")
    let newSets = try reader.dictionary("new_sets", of: .number(above: 0), example: "zh_held: 1")
    let rise = try reader.value("max_retained_rise", .riseOrNone, default: .rise(0.03))
    let options = StudyRequest.Options(
      newSets: newSets.map { sets in Dictionary(uniqueKeysWithValues: sets.map { ($0.key, $0.value) }) },
      retainedSets: try reader.list("retained_sets", of: .name, count: 0...64),
      independentSets: try reader.list("independent_sets", of: .name, count: 0...64),
      maximumRetainedRise: rise.value,
      newLossWeight: try reader.value("new_loss_weight", .number(above: 0, through: 1), default: 0.5),
      confidence: try reader.value("confidence", .number(from: 0.5, below: 1), default: 0.9),
      bootstrapCount: try reader.value("bootstrap", .integer(10...100_000), default: 1000),
      seed: UInt64(try reader.value("seed", .integer(from: 0), default: 1)),
      laws: try reader.list("laws", of: .name, count: 1...32),
      predictor: try reader.optional("predictor", .name, example: "surface"),
      budgetTokens: try reader.optional("budget_tokens", .count, example: "2B").map(Double.init))
    let transfer = try reader.mappingIfPresent("transfer", example: "from: small/config.json, to: large/config.json") {
      try readTransfer($0)
    }
    return StudySpecification(header: header, cells: cells, options: options, transfer: transfer)
  }

  private static func readTransfer(_ reader: SpecReader) throws -> WrittenTransfer {
    func shape(_ key: String) throws -> WrittenConfiguration {
      guard let written = try reader.configuration(key) else {
        throw reader.refusal(
          key, "this key is missing", remedy: "Write `\(key): config.json`, or the numbers of one as a mapping")
      }
      return written
    }
    return WrittenTransfer(
      small: try shape("from"), large: try shape("to"),
      byBytes: try reader.value("by_bytes", .boolean, default: false),
      growsRatio: try reader.value("grow_ratio", .boolean, default: false),
      smallTokens: try reader.optional("from_tokens", .count, example: "2B"),
      largeTokens: try reader.optional("to_tokens", .count, example: "100B"),
      smallBytesPerToken: try reader.optional("from_bytes_per_token", .number(above: 0), example: "3.9"),
      largeBytesPerToken: try reader.optional("to_bytes_per_token", .number(above: 0), example: "4.3"))
  }

  /// A table alone says nothing of what its sets are.
  func checkRolesAreKnown(_ inputs: [TableInput]) throws {
    guard options.newSets == nil || options.retainedSets == nil,
      let bare = inputs.first(where: { $0.localPath.map { !TableInputs.hasRoles($0) } ?? false })
    else { return }
    throw SpecError(
      position: bare.scalar.position, path: bare.scalar.path,
      problem: "a table alone does not say which validation sets are new and which were known before",
      remedy: "Write `new_sets: {zh: 1}` and `retained_sets: [en]`, or name a sweep's output, which has sweep.json")
  }
}

extension StudySpecification.WrittenTransfer {
  func planned(_ context: any PlanningContext) throws -> TransferRequest {
    TransferRequest(
      small: try shape(small, "small-configuration", smallBytesPerToken, context),
      large: try shape(large, "large-configuration", largeBytesPerToken, context), byBytes: byBytes,
      growsRatio: growsRatio, smallTokens: smallTokens.map(Double.init), largeTokens: largeTokens.map(Double.init))
  }

  private func shape(
    _ written: WrittenConfiguration, _ tree: String, _ bytesPerToken: Double?, _ context: any PlanningContext
  ) throws -> TransferRequest.Shape {
    let place = written.place
    var hash: String?
    let configuration: ModelConfiguration
    do {
      switch written {
      case .inline(let json, _): configuration = try ModelConfiguration(json: Array(json.utf8), file: place.path)
      case .file(let path):
        let input = try context.input(named: tree, path: path, kind: .file)
        guard let file = input.localPath else {
          throw SpecError(
            position: place.position, path: place.path, problem: "a model's shape must be at hand",
            remedy: "Write the path of a config.json, or its numbers as a mapping")
        }
        configuration = try ModelConfiguration(path: file)
        let beside = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent("tokenizer.json")
        hash = (try? Data(contentsOf: beside)).map { data in
          SHA256.hash(data: data).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
      }
      let shape = try LlamaShape(configuration)
      return TransferRequest.Shape(
        name: place.text.isEmpty ? "a model \(configuration.hiddenSize) wide" : place.text,
        parameters: Double(ParameterLayout(shape).count),
        width: configuration.hiddenSize, layers: configuration.layerCount,
        vocabularySize: configuration.vocabularySize, tokenizerHash: hash, bytesPerToken: bytesPerToken)
    } catch let error as SpecError {
      throw error
    } catch {
      throw SpecError(position: place.position, path: place.path, problem: "\(error)", remedy: "")
    }
  }
}

/// How far a retained loss may rise.
enum AllowedRise {
  case rise(Double)
  case unlimited

  var value: Double? {
    if case .rise(let value) = self { value } else { nil }
  }
}

extension SpecKind where Value == AllowedRise {
  /// A share of the loss before training, or the word `none`.
  static var riseOrNone: SpecKind<AllowedRise> {
    SpecKind(
      expectation: "a share of at least 0, or `none`", example: "0.03",
      parse: { scalar in
        if scalar.text == "none" { return .unlimited }
        guard !scalar.isQuoted, let value = Double(scalar.text), value >= 0, value.isFinite else { return nil }
        return .rise(value)
      }, resolve: { $0.value.map { .double($0) } ?? .text("none") })
  }
}
