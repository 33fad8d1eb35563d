import Foundation
import Testing

@testable import Checkpoints

@Suite struct CheckpointFaultTests {
  private let files = FileManager.default

  /// Copies the root after every effect on the disk: each copy is what a kill just then leaves.
  private func rootsAfterEachEffect(writing step: Int, root: String, scratch: Scratch) throws -> [(String, String)] {
    var copies: [(effect: String, root: String)] = []
    try RunInMemory().write(step: step, root: root) { effect in
      let copy = scratch.at("kill-\(copies.count)")
      try FileManager.default.copyItem(atPath: root, toPath: copy)
      copies.append((effect, copy))
    }
    return copies
  }

  @Test func aKillAtAnyPointLeavesNoCheckpointOrAWholeOne() throws {
    let scratch = try Scratch()
    let root = scratch.at("checkpoints")
    try RunInMemory().write(step: 10, root: root)
    let copies = try rootsAfterEachEffect(writing: 20, root: root, scratch: scratch)
    #expect(copies.count >= 9)
    var found: [Int] = []
    for (effect, copy) in copies {
      let (checkpoint, rejected) = try CheckpointRoot(path: copy).newestValid()
      #expect(rejected.isEmpty, "\(effect)")
      found.append(try #require(checkpoint).state.step)
      let removed = try CheckpointRoot(path: copy).removeLeftovers()
      #expect(removed.count == (checkpoint?.state.step == 20 ? 0 : 1), "\(effect)")
      let names = try files.contentsOfDirectory(atPath: copy)
      #expect(names.allSatisfy { $0.hasPrefix("step-") }, "\(effect)")
    }
    #expect(found == found.sorted() && Set(found) == [10, 20])
  }

  @Test func aKillWhileReplacingLeavesNoHalfCheckpoint() throws {
    let scratch = try Scratch()
    let root = scratch.at("checkpoints")
    try RunInMemory().write(step: 10, root: root)
    try RunInMemory().write(step: 20, root: root)
    let cut = root + "/step-000020/model.safetensors"
    #expect(truncate(cut, 4096) == 0)
    for (effect, copy) in try rootsAfterEachEffect(writing: 20, root: root, scratch: scratch) {
      let (checkpoint, rejected) = try CheckpointRoot(path: copy).newestValid()
      #expect(checkpoint != nil, "\(effect)")
      #expect(rejected.count <= 1, "\(effect)")
    }
    #expect(try CheckpointRoot(path: root).newestValid().found?.state.step == 20)
    #expect(try files.contentsOfDirectory(atPath: root).sorted() == ["step-000010", "step-000020"])
  }

  @Test func aFailureInTheMiddleLeavesNothing() throws {
    struct Stop: Error {}
    let scratch = try Scratch()
    for count in 0..<9 {
      var effects = 0
      #expect(throws: Stop.self) {
        try RunInMemory().write(step: 20, root: scratch.at("checkpoints")) { _ in
          effects += 1
          if effects > count { throw Stop() }
        }
      }
      let left = try files.contentsOfDirectory(atPath: scratch.at("checkpoints"))
      #expect(left.allSatisfy { $0 == "step-000020" }, "\(left)")
    }
  }

  @Test func aCheckpointCutAtAny4KiBFallsBackToTheOneBefore() throws {
    let scratch = try Scratch()
    let root = CheckpointRoot(path: scratch.at("checkpoints"))
    try RunInMemory().write(step: 10, root: root.path)
    let newest = try RunInMemory().write(step: 20, root: root.path)
    var cuts = 0
    for name in try files.contentsOfDirectory(atPath: newest) {
      let path = newest + "/" + name
      let whole = try Fixture.bytes(path)
      for length in stride(from: 0, to: whole.count, by: 4096) {
        // A cut, and what a disk that lost the tail's blocks shows: zeros at the old length.
        let cut = Array(whole[..<length])
        for spoiled in [cut, cut + [UInt8](repeating: 0, count: whole.count - length)] {
          try Fixture.write(spoiled, to: path)
          let (found, rejected) = try root.newestValid()
          #expect(found?.state.step == 10, "\(name) cut at \(length)")
          #expect(rejected.count == 1 && rejected.first?.path == newest)
          #expect(rejected.first?.reason.file == path, "\(rejected)")
          cuts += 1
        }
      }
      try files.removeItem(atPath: path)
      #expect(try root.newestValid().found?.state.step == 10, "\(name) missing")
      try Fixture.write(whole, to: path)
    }
    #expect(cuts > 100)
    #expect(try root.newestValid().found?.state.step == 20)
  }

  @Test func everyBitOfACheckpointIsGuarded() throws {
    let scratch = try Scratch()
    let root = CheckpointRoot(path: scratch.path)
    let path = try RunInMemory().write(step: 20, root: root.path)
    let original = try CheckpointDirectory.open(path)
    var random = SeededRandom(state: 20)
    for file in original.listFiles() {
      let whole = try Fixture.bytes(path + "/" + file.path)
      for _ in 0..<60 {
        var spoiled = whole
        spoiled[Int.random(in: 0..<whole.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        try Fixture.write(spoiled, to: path + "/" + file.path)
        // A flip in the manifest may fall on a space; whatever opens must then be the same checkpoint.
        if let opened = try root.newestValid().found {
          #expect(file.path == "manifest.json" && opened.manifest == original.manifest, "\(file.path)")
        }
      }
      try Fixture.write(whole, to: path + "/" + file.path)
    }
  }

  @Test func aManifestMayNotReachOutOfItsDirectory() throws {
    let json = """
      {"schema":1,"kind":"model","step":0,"weights_sha256":"\(String(repeating: "0", count: 64))",
      "files":[{"name":"../x","size":0,"sha256":"\(String(repeating: "0", count: 64))"}]}
      """
    let error = try checkpointError { _ = try CheckpointManifest(json: Array(json.utf8), path: "manifest.json") }
    #expect(error.field == "files[0].name" && error.found == "../x")
  }

  @Test func aCheckpointUnderAnotherStepsNameIsRejected() throws {
    let scratch = try Scratch()
    try RunInMemory().write(step: 10, root: scratch.path)
    #expect(rename(scratch.at("step-000010"), scratch.at("step-000030")) == 0)
    let (found, rejected) = try CheckpointRoot(path: scratch.path).newestValid()
    #expect(found == nil && rejected.map(\.reason.code) == [.inconsistent])
  }

  @Test func pruningKeepsTheNewestWholeOnes() throws {
    let scratch = try Scratch()
    let root = CheckpointRoot(path: scratch.path)
    for step in [10, 20, 30, 40] { try RunInMemory().write(step: step, root: root.path) }
    #expect(truncate(scratch.at("step-000040/model.safetensors"), 100) == 0)
    let removed = try root.prune(keep: 2)
    #expect(removed.map(lastComponent) == ["step-000010"])
    #expect(try root.steps() == [20, 30, 40])
    #expect(try root.newestValid().found?.state.step == 30)
    try root.prune(keep: 1)
    #expect(try root.steps() == [30, 40])
    #expect(try files.contentsOfDirectory(atPath: root.path).count == 2)
  }

  @Test func leftoversOfALivingWriterStay() throws {
    let scratch = try Scratch()
    let root = CheckpointRoot(path: scratch.path)
    let living = try StagedDirectory(for: scratch.at("step-000010"))
    try files.createDirectory(
      atPath: scratch.at(".admix-tmp-step-000020-1-dead/inner"), withIntermediateDirectories: true)
    try Fixture.write([1], to: scratch.at(".admix-tmp-step-000020-1-dead/model.safetensors"))
    #expect(try root.removeLeftovers().map(lastComponent) == [".admix-tmp-step-000020-1-dead"])
    #expect(files.fileExists(atPath: living.temporaryPath))
    #expect(try root.newestValid().found == nil)
  }

  @Test func aRootThatIsNotThereHasNoCheckpoints() throws {
    let root = CheckpointRoot(path: "/nowhere/at/all")
    let (found, rejected) = try root.newestValid()
    #expect(found == nil && rejected.isEmpty)
    #expect(try root.removeLeftovers().isEmpty && root.prune(keep: 1).isEmpty)
  }

  @Test func namesSortByStepPastAMillion() throws {
    #expect(CheckpointRoot.name(step: 10) == "step-000010")
    let scratch = try Scratch()
    for name in ["step-1000000", "step-999999", "step-00007", "step-x", "model"] {
      try files.createDirectory(atPath: scratch.at(name), withIntermediateDirectories: false)
    }
    #expect(try CheckpointRoot(path: scratch.path).steps() == [999_999, 1_000_000])
  }
}
