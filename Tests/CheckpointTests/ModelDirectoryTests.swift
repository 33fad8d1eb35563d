import Foundation
import Testing

@testable import Checkpoints

@Suite struct ModelDirectoryTests {
  private func load(_ path: String, _ placements: [TensorPlacement]? = nil) throws -> [Float] {
    let model = try ModelDirectory.open(path)
    let placements = placements ?? model.configuration.placements()
    var weights = [Float](repeating: .nan, count: placements.floatCount)
    try weights.withUnsafeMutableBufferPointer { try model.loadWeights(placements, into: $0) }
    return weights
  }

  /// Writes the tiny model's weights as `name` in `directory`, with tensors renamed, dropped (nil) or added.
  private func rewrite(
    _ directory: String, name: String = "model.safetensors", rename: (String) -> String? = { $0 },
    adding extra: [(String, [Float])] = []
  ) throws {
    let file = try SafetensorsFile(path: Fixture.tiny + "/model.safetensors")
    var tensors: [(name: String, shape: [Int], values: [Float])] = []
    for tensor in file.tensors {
      guard let name = rename(tensor.name) else { continue }
      var values = [Float](repeating: 0, count: tensor.count)
      try values.withUnsafeMutableBufferPointer { try file.readFloats(tensor, into: $0) }
      tensors.append((name, tensor.shape, values))
    }
    tensors += extra.map { ($0.0, [$0.1.count], $0.1) }
    let path = directory + "/" + name
    try? FileManager.default.removeItem(atPath: path)
    var writer = try SafetensorsWriter(
      creating: path, tensors.map { .init(name: $0.name, shape: $0.shape) }, metadata: [:])
    for tensor in tensors { try tensor.values.withUnsafeBufferPointer { try writer.append(tensor.name, $0) } }
    _ = try writer.finish()
  }

  @Test func weightsLandInTheirPlacesAndNowhereElse() throws {
    let weights = try load(Fixture.tiny)
    #expect(weights[..<5].allSatisfy { $0.isNaN })
    #expect(weights[5...].allSatisfy { $0.isFinite })
  }

  @Test func theWeightsHashIsPythons() throws {
    let configuration = try ModelDirectory.open(Fixture.tiny).configuration
    let golden = try Fixture.golden()["tiny_weights_sha256"] as? String
    let weights = try load(Fixture.tiny)
    for placements in [configuration.placements(), configuration.placements().reversed()] {
      #expect(weights.withUnsafeBufferPointer { hexadecimal(weightsHash(placements, weights: $0)) } == golden)
    }
    var changed = weights
    changed[7] = changed[7].nextUp
    #expect(
      changed.withUnsafeBufferPointer { hexadecimal(weightsHash(configuration.placements(), weights: $0)) } != golden)
  }

  @Test(.enabled(if: Fixture.hasStories, "the data folder is absent"))
  func theWeightsHashOfStories260KIsPythons() throws {
    let configuration = try ModelDirectory.open(Fixture.stories).configuration
    let placements = configuration.placements()
    #expect(placements.reduce(0) { $0 + $1.count } == 260_032)
    let weights = try load(Fixture.stories)
    let hash = weights.withUnsafeBufferPointer { hexadecimal(weightsHash(placements, weights: $0)) }
    let golden = try Fixture.golden()["stories260K_weights_sha256"] as? String
    #expect(hash == golden)
  }

  @Test func aMissingTensorIsNamed() throws {
    let scratch = try Scratch()
    let path = try scratch.tinyModel()
    try rewrite(path, rename: { $0 == "model.norm.weight" ? nil : $0 })
    let error = try checkpointError { _ = try load(path) }
    #expect(error.code == .missingTensor && error.tensor == "model.norm.weight")
  }

  @Test func aMissingHeadPointsToTying() throws {
    let scratch = try Scratch()
    let path = try scratch.tinyModel()
    try rewrite(path, rename: { $0 == "lm_head.weight" ? nil : $0 })
    let error = try checkpointError { _ = try load(path) }
    #expect(error.tensor == "lm_head.weight" && error.wayOut?.contains("tie_word_embeddings") == true)
  }

  @Test func anExtraTensorIsNamedButRotaryFrequenciesAreNot() throws {
    let scratch = try Scratch()
    let path = try scratch.tinyModel()
    try rewrite(path, adding: [("model.layers.0.self_attn.rotary_emb.inv_freq", [1, 2])])
    #expect(try load(path).dropFirst(5).elementsEqual(load(Fixture.tiny).dropFirst(5)))
    try rewrite(path, adding: [("model.layers.0.self_attn.q_proj.bias", [1, 2])])
    let error = try checkpointError { _ = try load(path) }
    #expect(error.code == .unexpectedTensor && error.tensor == "model.layers.0.self_attn.q_proj.bias")
  }

  @Test func anotherShapeIsNamed() throws {
    let scratch = try Scratch()
    let path = try scratch.tinyModel()
    let swapped = [
      "model.layers.1.mlp.up_proj.weight": "model.layers.1.mlp.down_proj.weight",
      "model.layers.1.mlp.down_proj.weight": "model.layers.1.mlp.up_proj.weight",
    ]
    try rewrite(path, rename: { swapped[$0] ?? $0 })
    let error = try checkpointError { _ = try load(path) }
    #expect(error.code == .shapeMismatch && error.found == "[32, 48]" && error.expected.hasPrefix("[48, 32]"))
  }

  @Test func aTiedHeadMustEqualTheEmbedding() throws {
    let scratch = try Scratch()
    let path = try scratch.tinyModel()
    let text = String(decoding: try Fixture.bytes(path + "/config.json"), as: UTF8.self)
    let tied = text.replacingOccurrences(of: "\"tie_word_embeddings\": false", with: "\"tie_word_embeddings\": true")
    try Fixture.write(Array(tied.utf8), to: path + "/config.json")
    let error = try checkpointError { _ = try load(path) }
    #expect(error.code == .inconsistent && error.tensor == "lm_head.weight")

    let embedding = Array(try load(Fixture.tiny)[5..<5 + 64 * 32])
    try rewrite(path, rename: { $0 == "lm_head.weight" ? nil : $0 })
    #expect(try load(path).count == 5 + 19_616 - 64 * 32)
    let file = try SafetensorsFile(path: path + "/model.safetensors")
    var writer = try SafetensorsWriter(
      creating: path + "/second.safetensors",
      file.tensors.map { .init(name: $0.name, shape: $0.shape) } + [.init(name: "lm_head.weight", shape: [64, 32])],
      metadata: [:])
    for tensor in file.tensors {
      var values = [Float](repeating: 0, count: tensor.count)
      try values.withUnsafeMutableBufferPointer { try file.readFloats(tensor, into: $0) }
      try values.withUnsafeBufferPointer { try writer.append(tensor.name, $0) }
    }
    try embedding.withUnsafeBufferPointer { try writer.append("lm_head.weight", $0) }
    _ = try writer.finish()
    #expect(rename(path + "/second.safetensors", path + "/model.safetensors") == 0)
    #expect(try load(path).dropFirst(5).allSatisfy { $0.isFinite })
  }

  @Test func shardsAreReadAndMustAgreeWithTheirIndex() throws {
    let scratch = try Scratch()
    let path = try scratch.tinyModel()
    try FileManager.default.removeItem(atPath: path + "/model.safetensors")
    let first: (String) -> Bool = { $0.contains("layers.0") }
    let (one, two) = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    try rewrite(path, name: one, rename: { first($0) ? $0 : nil })
    try rewrite(path, name: two, rename: { first($0) ? nil : $0 })
    let names = try SafetensorsFile(path: Fixture.tiny + "/model.safetensors").tensors.map(\.name)
    func writeIndex(_ home: (String) -> String) throws {
      let map = names.map { JSONValue.Member(key: $0, value: .string(home($0))) }
      let index = JSONValue.object([.init(key: "weight_map", value: .object(map))])
      try Fixture.write(Array(index.text().utf8), to: path + "/model.safetensors.index.json")
    }
    try writeIndex { first($0) ? one : two }
    #expect(try load(path).dropFirst(5).elementsEqual(load(Fixture.tiny).dropFirst(5)))
    #expect(try ModelDirectory.open(path).listFiles().map(\.path).contains(two))

    try writeIndex { _ in one }
    #expect(try checkpointError { _ = try load(path) }.code == .inconsistent)
    try writeIndex { first($0) ? two : one }
    #expect(try checkpointError { _ = try load(path) }.code == .inconsistent)
    try writeIndex { first($0) ? one : "../\(two)" }
    #expect(try checkpointError { _ = try load(path) }.code == .outOfRange)
    try writeIndex { first($0) ? one : "absent.safetensors" }
    #expect(try checkpointError { _ = try load(path) }.code == .missing)
  }

  @Test func companionsAreKeptAsTheyWere() throws {
    let scratch = try Scratch()
    let path = try scratch.tinyModel()
    try Fixture.write(Array("abc".utf8), to: path + "/tokenizer.model")
    try Fixture.write(Array("not a companion".utf8), to: path + "/notes.txt")
    let model = try ModelDirectory.open(path)
    try Fixture.write(Array("changed".utf8), to: path + "/tokenizer.model")
    #expect(model.companions == [CompanionFile(name: "tokenizer.model", contents: Array("abc".utf8))])
  }

  @Test func oddEntriesAreErrorsThatNameThem() throws {
    let scratch = try Scratch()
    func code(_ spoil: (String) throws -> Void) throws -> CheckpointError.Code {
      let path = try scratch.tinyModel(UUID().uuidString)
      try spoil(path + "/model.safetensors")
      let error = try checkpointError { _ = try load(path) }
      #expect(error.file.hasPrefix(path), "\(error)")
      return error.code
    }
    let files = FileManager.default
    #expect(try code { try files.removeItem(atPath: $0) } == .missing)
    #expect(try code { try Fixture.write([], to: $0) } == .truncated)
    #expect(try code { try Fixture.write([1, 2, 3], to: $0) } == .truncated)
    #expect(
      try code {
        try files.removeItem(atPath: $0)
        try files.createDirectory(atPath: $0, withIntermediateDirectories: false)
      } == .notRegularFile)
    #expect(
      try code {
        try files.removeItem(atPath: $0)
        guard mkfifo($0, 0o600) == 0 else { throw POSIXError(.EIO) }
      } == .notRegularFile)
    #expect(
      try code {
        try files.removeItem(atPath: $0)
        try files.createSymbolicLink(atPath: $0, withDestinationPath: "/nowhere/at/all")
      } == .missing)
    #expect(try checkpointError { _ = try load("/nowhere/at/all") }.code == .missing)
    #expect(try checkpointError { _ = try load(Fixture.tiny + "/config.json") }.code == .notDirectory)
  }

  @Test func aSymbolicLinkIsFollowedAsHuggingFacesCacheNeeds() throws {
    let scratch = try Scratch()
    let path = try scratch.tinyModel()
    try FileManager.default.moveItem(atPath: path + "/model.safetensors", toPath: scratch.at("blob"))
    try FileManager.default.createSymbolicLink(
      atPath: path + "/model.safetensors", withDestinationPath: scratch.at("blob"))
    #expect(try load(path).count == 5 + 19_616)
  }

  /// Root may read anything; giving up root's file-system identity for this thread makes permissions count again.
  @Test func anUnreadableFileNamesThePermission() throws {
    let scratch = try Scratch()
    let path = try scratch.tinyModel()
    #expect(chmod(path + "/model.safetensors", 0) == 0)
    let asNobody: (() throws -> Void) throws -> Void = { body in
      guard geteuid() == 0 else { return try body() }
      typealias SetFileSystemUser = @convention(c) (UInt32) -> Int32
      let symbol = try #require(dlsym(nil, "setfsuid"))
      let setFileSystemUser = unsafeBitCast(symbol, to: SetFileSystemUser.self)
      _ = setFileSystemUser(65_534)
      defer { _ = setFileSystemUser(0) }
      try body()
    }
    let error = try checkpointError { try asNobody { _ = try SafetensorsFile(path: path + "/model.safetensors") } }
    #expect(error.code == .permissionDenied && error.found.contains("Permission denied"), "\(error)")
    #expect(error.file == path + "/model.safetensors" && error.host != nil)
  }
}
