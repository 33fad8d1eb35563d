import Foundation
import Testing

@testable import Checkpoints

@Suite struct CheckpointRoundTripTests {
  @Test func everythingComesBackToTheBit() throws {
    let scratch = try Scratch()
    let run = try RunInMemory()
    let path = try run.write(step: 10, root: scratch.at("checkpoints"))
    #expect(path == scratch.at("checkpoints/step-000010"))
    let checkpoint = try CheckpointDirectory.open(path)
    #expect(checkpoint.state == run.state(step: 10))
    #expect(checkpoint.manifest.step == 10 && checkpoint.manifest.kind == .checkpoint)
    #expect(checkpoint.model.configuration.json == run.configuration.json)
    #expect(checkpoint.model.companions == run.companions)

    var weights = [Float](repeating: .nan, count: run.weights.count)
    var (first, second) = (weights, weights)
    try weights.withUnsafeMutableBufferPointer { try checkpoint.loadWeights(run.placements, into: $0) }
    try first.withUnsafeMutableBufferPointer { first in
      try second.withUnsafeMutableBufferPointer { second in
        try checkpoint.loadTrainingState(run.placements, firstMoment: first, secondMoment: second)
      }
    }
    #expect(weights[5...].elementsEqual(run.weights[5...].map { $0 + 10 }))
    #expect(first[5...].elementsEqual(run.firstMoment[5...]))
    #expect(second[5...].elementsEqual(run.secondMoment[5...]))
  }

  @Test func theSameStateGivesTheSameBytes() throws {
    let scratch = try Scratch()
    let run = try RunInMemory()
    let one = try CheckpointDirectory.open(try run.write(step: 3, root: scratch.at("a"))).listFiles()
    let other = try CheckpointDirectory.open(try run.write(step: 3, root: scratch.at("b"))).listFiles()
    #expect(one == other)
  }

  @Test func listedFilesAreAllFilesWithTheirHashes() throws {
    let scratch = try Scratch()
    let path = try RunInMemory().write(step: 1, root: scratch.path)
    let listed = try CheckpointDirectory.open(path).listFiles()
    #expect(Set(listed.map(\.path)) == Set(try FileManager.default.contentsOfDirectory(atPath: path)))
    for file in listed {
      let onDisk = try ReadableFile(path + "/" + file.path)
      #expect(onDisk.size == file.size)
      #expect(try onDisk.sha256() == file.sha256)
    }
    // Put together elsewhere from contents alone, it is the same checkpoint.
    let copy = scratch.at("copy")
    try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: false)
    for file in listed {
      try FileManager.default.copyItem(atPath: path + "/" + file.path, toPath: copy + "/" + file.path)
    }
    #expect(try CheckpointDirectory.open(copy).listFiles() == listed)
  }

  @Test func anUntrainedModelIsWrittenAsItWasRead() throws {
    let scratch = try Scratch()
    let run = try RunInMemory()
    try run.weights.withUnsafeBufferPointer {
      try run.writer.writeModel(at: scratch.at("model"), step: 0, weights: $0)
    }
    for name in ["model.safetensors", "config.json"] {
      #expect(try Fixture.bytes(scratch.at("model/" + name)) == Fixture.bytes(Fixture.tiny + "/" + name))
    }
    let manifest = try CheckpointDirectory.checkedManifest(scratch.at("model"), verify: true).manifest
    #expect(manifest.kind == .model)
    let golden = try Fixture.golden()["tiny_weights_sha256"] as? String
    #expect(manifest.weightsSHA256 == golden)
    let error = try checkpointError { _ = try CheckpointDirectory.open(scratch.at("model")) }
    #expect(error.code == .inconsistent && error.field == "kind")
  }

  @Test func aFolderThatAdmixDidNotWriteIsNeverReplaced() throws {
    let scratch = try Scratch()
    let run = try RunInMemory()
    let path = scratch.at("model")
    func write(replacing: Bool) throws {
      try run.weights.withUnsafeBufferPointer {
        try run.writer.writeModel(at: path, step: 0, weights: $0, replacing: replacing)
      }
    }
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    try Fixture.write([1], to: path + "/thesis.txt")
    #expect(try checkpointError { try write(replacing: true) }.code == .alreadyExists)
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["model"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["thesis.txt"])
    try FileManager.default.removeItem(atPath: path)
    try write(replacing: false)
    #expect(try checkpointError { try write(replacing: false) }.code == .alreadyExists)
    try write(replacing: true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["model"])
  }

  @Test func stateOfAnotherModelIsRefused() throws {
    let scratch = try Scratch()
    let run = try RunInMemory()
    let checkpoint = try CheckpointDirectory.open(try run.write(step: 1, root: scratch.path))
    func error(_ placements: [TensorPlacement]) throws -> CheckpointError {
      try checkpointError {
        var (first, second) = (run.weights, run.weights)
        try first.withUnsafeMutableBufferPointer { first in
          try second.withUnsafeMutableBufferPointer { second in
            try checkpoint.loadTrainingState(placements, firstMoment: first, secondMoment: second)
          }
        }
      }
    }
    #expect(try error(Array(run.placements.dropLast())).code == .inconsistent)
    var renamed = run.placements
    renamed[0].name = "other"
    #expect(try error(renamed).tensor == "first_moment.other")
    var reshaped = run.placements
    reshaped[0].shape.reverse()
    #expect(try error(reshaped).code == .shapeMismatch)
  }

  @Test(.enabled(if: Fixture.hasStories, "the data folder is absent"))
  func stories260KIsWrittenAsItWasReadToTheByte() throws {
    let scratch = try Scratch()
    let run = try RunInMemory(model: Fixture.stories)
    try run.weights.withUnsafeBufferPointer {
      try run.writer.writeModel(at: scratch.at("model"), step: 0, weights: $0)
    }
    for name in ["model.safetensors", "config.json", "tokenizer.model"] {
      #expect(try Fixture.bytes(scratch.at("model/" + name)) == Fixture.bytes(Fixture.stories + "/" + name))
    }
  }

  /// transformers and safetensors read a checkpoint of ours; run with ADMIX_TEST_PYTHON naming a Python that has them.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["ADMIX_TEST_PYTHON"] != nil, "ADMIX_TEST_PYTHON is not set"))
  func transformersLoadsWhatWasWritten() throws {
    let scratch = try Scratch()
    let run = try RunInMemory()
    let path = try run.write(step: 10, root: scratch.path)
    let process = Process()
    process.executableURL = URL(filePath: try #require(ProcessInfo.processInfo.environment["ADMIX_TEST_PYTHON"]))
    let script = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../scripts/fixtures/checkpoint_reference.py").standardized.path
    process.arguments = [script, "check", path]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let result = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
    let manifest = try CheckpointDirectory.open(path).manifest
    #expect(result["weights_sha256"] as? String == manifest.weightsSHA256)
    #expect((result["problems"] as? [String: Any])?.isEmpty == true, "\(result["problems"] ?? "")")
    let metadata = run.state(step: 10).metadata(weightsSHA256: manifest.weightsSHA256)
    #expect(result["metadata"] as? [String: String] == metadata)
    for (key, moment) in [("first_moment", run.firstMoment), ("second_moment", run.secondMoment)] {
      let hash = moment.withUnsafeBufferPointer { hexadecimal(weightsHash(run.placements, weights: $0)) }
      #expect(result[key] as? String == hash)
    }
  }
}
