import Foundation
import TestSupport

@testable import Tokenizers

/// Where the tests find their inputs.
enum Inputs {
  static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

  /// The folder of real inputs, when it has the models.
  static let data: URL? =
    FileManager.default.fileExists(atPath: TestData.place.path + "/models/stories260K/hf") ? TestData.place : nil

  static let smallModels = ["small-prefix.model", "small-collapse.model", "small-bare.model"]

  static func model(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: fixtures.appending(path: name)))
  }

  /// A fixture model by its name, or a real one by its path below the data folder.
  static func tokenizer(_ name: String) throws -> SentencePieceBPE? {
    if smallModels.contains(name) { return try SentencePieceBPE(model: try model(name)) }
    guard let data else { return nil }
    return try SentencePieceBPE(model: Array(try Data(contentsOf: data.appending(path: name))))
  }
}

struct TextFixture: Decodable {
  struct Expected: Decodable {
    var ids: [Int32]
    var decoded: String
  }
  struct Text: Decodable {
    var text: String
    var models: [String: Expected]
  }
  struct Decoded: Decodable {
    var model: String
    var ids: [Int32]
    var decoded: String
  }
  var texts: [Text]
  var decoded: [Decoded]

  static func load() throws -> TextFixture {
    let file = Inputs.fixtures.appending(path: "texts.json")
    return try JSONDecoder().decode(TextFixture.self, from: try Data(contentsOf: file))
  }
}
