import Foundation
import Testing

@testable import Checkpoints

@Suite struct ModelExportTests {
  private func hash(_ path: String) throws -> String { try hexadecimal(openModel(path).weightsHash()) }

  @Test func everyRoundingToBF16IsPyTorchs() throws {
    let file = try SafetensorsFile(path: Fixture.gguf + "/rounding.safetensors")
    let (single, brain) = (try #require(file["single"]), try #require(file["brain"]))
    var floats = [Float](repeating: 0, count: single.count)
    try floats.withUnsafeMutableBufferPointer { try file.readFloats(single, into: $0) }
    var bits = [UInt16](repeating: 1, count: brain.count)
    try bits.withUnsafeMutableBytes { try file.readBytes(of: brain, into: $0) }
    #expect(floats.count { $0.isNaN } > 2)
    for (float, bits) in zip(floats, bits) {
      let rounded = bfloat16Bits(float)
      // Which NaN it is depends on PyTorch's processor.
      let isRight = float.isNaN ? rounded == 0x7FC0 && bits & 0x7FFF > 0x7F80 : rounded == bits
      if !isRight { Issue.record("\(float.bitPattern): \(rounded) instead of \(bits)") }
    }
  }

  @Test func aGGUFModelBecomesTheDirectoryItCameFrom() throws {
    let scratch = try Scratch()
    let written = try openModel(Fixture.gguf + "/tiny-llama.gguf").export(to: scratch.at("model"))
    let original = try Fixture.bytes(Fixture.tiny + "/model.safetensors")
    #expect(try Fixture.bytes(scratch.at("model/model.safetensors")) == original)
    #expect(try written == hash(Fixture.tiny) && written == hash(scratch.at("model")))
    let names = try FileManager.default.contentsOfDirectory(atPath: scratch.at("model")).sorted()
    #expect(
      names == [
        "config.json", "generation_config.json", "manifest.json", "model.safetensors", "tokenizer.json",
        "tokenizer_config.json",
      ])
    let (manifest, _) = try CheckpointDirectory.checkedManifest(scratch.at("model"), verify: true)
    #expect(manifest.weightsSHA256 == written)
  }

  @Test func aboveASizeThereAreSeveralFilesAndTheSameWeights() throws {
    let scratch = try Scratch()
    for shardBytes in [1, 5000, 20_000, 40_000, 1 << 30] {
      let path = scratch.at("model-\(shardBytes)")
      try openModel(Fixture.tiny).export(to: path, shardBytes: shardBytes)
      #expect(try hash(path) == hash(Fixture.tiny))
      let files = try openModel(path).listFiles().map(\.path).filter { $0.hasSuffix(".safetensors") }
      switch shardBytes {
      case 1: #expect(files.count == 21 && files.first == "model-00001-of-00021.safetensors")
      case 1 << 30: #expect(files == ["model.safetensors"])
      default: #expect(files.count > 1)
      }
      for file in files where files.count > 1 {
        let tensors = try SafetensorsFile(path: path + "/" + file).tensors
        #expect(tensors.count == 1 || tensors.reduce(0) { $0 + $1.dataRange.count } <= shardBytes)
      }
      _ = try CheckpointDirectory.checkedManifest(path, verify: true)
    }
  }

  @Test func bf16IsRoundedOnceAndSaidInTheConfiguration() throws {
    let scratch = try Scratch()
    let written = try openModel(Fixture.tiny).export(to: scratch.at("half"), as: .bf16)
    #expect(try written == hash(scratch.at("half")) && written != hash(Fixture.tiny))
    #expect(try openModel(scratch.at("half")).tensors.allSatisfy { $0.storedType == "BF16" })
    let json = try JSONSerialization.jsonObject(with: Data(Fixture.bytes(scratch.at("half/config.json"))))
    #expect((json as? [String: Any])?["torch_dtype"] as? String == "bfloat16")
    #expect(try openModel(scratch.at("half")).export(to: scratch.at("again"), as: .bf16) == written)
    #expect(try openModel(scratch.at("half")).export(to: scratch.at("whole")) == written)
    let whole = try JSONSerialization.jsonObject(with: Data(Fixture.bytes(scratch.at("whole/config.json"))))
    #expect((whole as? [String: Any])?["torch_dtype"] as? String == "float32")
  }

  @Test func anExportNeverReplacesSomethingElse() throws {
    let scratch = try Scratch()
    try Fixture.write([1], to: scratch.at("model"))
    let error = try checkpointError { try openModel(Fixture.tiny).export(to: scratch.at("model")) }
    #expect(error.code == .alreadyExists)
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["model"])
  }

  /// transformers loads every form written and gives the logits of the original; ADMIX_TEST_PYTHON names a Python that
  /// has it.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["ADMIX_TEST_PYTHON"] != nil, "ADMIX_TEST_PYTHON is not set"))
  func transformersGivesTheSameLogits() throws {
    let scratch = try Scratch()
    let source = try openModel(Fixture.gguf + "/tiny-llama.gguf")
    try source.export(to: scratch.at("whole"))
    try source.export(to: scratch.at("sharded"), shardBytes: 20_000)
    try source.export(to: scratch.at("half"), as: .bf16, shardBytes: 20_000)
    let process = Process()
    process.executableURL = URL(filePath: try #require(ProcessInfo.processInfo.environment["ADMIX_TEST_PYTHON"]))
    let script = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../scripts/fixtures/gguf_reference.py").standardized.path
    process.arguments = [script, "exports", Fixture.tiny] + ["whole", "sharded", "half"].map(scratch.at)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let answer = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Bool])
    #expect(answer == ["fp32_logits_equal": true, "bf16_weights_rounded_by_torch": true, "tokenizer_loads": true])
  }
}
