import Foundation
import Testing
import Tokenizers

@Suite struct LoadingTests {
  private func folder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "admix-tokenizer-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  private func message(_ folder: URL) -> String {
    do {
      _ = try loadTokenizer(modelDirectory: folder.path)
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test func theTokenizerOfAModelDirectoryIsFound() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(message(folder).contains("neither tokenizer.json nor tokenizer.model"))
    try Data("{}".utf8).write(to: folder.appending(path: "tokenizer.json"))
    #expect(message(folder).contains("tokenizer.json: model: no field \"model\""))
    try FileManager.default.removeItem(at: folder.appending(path: "tokenizer.json"))

    let model = try Inputs.model("small-prefix.model")
    try Data(model).write(to: folder.appending(path: "tokenizer.model"))
    let loaded = try loadTokenizer(modelDirectory: folder.path)
    #expect(loaded.fileBytes == model)
    #expect(loaded.tokenizer.addsBeginningOfText)

    let configuration = folder.appending(path: "tokenizer_config.json")
    try Data(#"{"add_bos_token": false, "model_max_length": 1e30}"#.utf8).write(to: configuration)
    #expect(try loadTokenizer(modelDirectory: folder.path).tokenizer.addsBeginningOfText == false)
    try Data(#"{"add_bos_token": "yes"}"#.utf8).write(to: configuration)
    #expect(message(folder).contains("tokenizer_config.json"))

    try FileManager.default.removeItem(at: configuration)
    try Data(model.prefix(1000)).write(to: folder.appending(path: "tokenizer.model"))
    #expect(message(folder).contains("tokenizer.model: "))
  }

  @Test func aFolderThatIsNotThereIsNamed() {
    #expect(message(URL(filePath: "/nowhere/at/all")).contains("/nowhere/at/all"))
  }
}
