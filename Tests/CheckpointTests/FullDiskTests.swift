import Foundation
import Testing

@testable import Checkpoints

/// A file system too small for a second checkpoint, in a mount namespace of its own that ends with the test. This
/// process reaches it through the `root` entry of the namespace's process, and needs no rights for that.
private final class SmallDisk {
  private(set) var path = ""
  private let process = Process()
  private let input = Pipe()

  /// Nil where namespaces are not to be had.
  init?(kilobytes: Int) {
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    let script = "mount -t tmpfs -o size=\(kilobytes)k tmpfs /mnt && echo ready && exec cat > /dev/null"
    process.arguments = ["unshare", "-rm", "sh", "-c", script]
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let answer = output.fileHandleForReading.availableData
    guard answer == Data("ready\n".utf8) else { return nil }
    path = "/proc/\(process.processIdentifier)/root/mnt"
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  static let isAvailable = SmallDisk(kilobytes: 16) != nil
}

@Suite struct FullDiskTests {
  @Test(.enabled(if: SmallDisk.isAvailable, "unshare -rm with a tmpfs is not permitted here"))
  func aFullDiskKeepsThePreviousCheckpointAndNamesHostPathAndBytes() throws {
    // A checkpoint takes about 250 KiB: one fits, two do not, at whichever file room runs out.
    for kilobytes in stride(from: 276, through: 496, by: 20) {
      let disk = try #require(SmallDisk(kilobytes: kilobytes))
      let root = CheckpointRoot(path: disk.path + "/checkpoints")
      try RunInMemory().write(step: 10, root: root.path)
      let before = try root.newestValid().found?.listFiles()
      #expect(before?.isEmpty == false)

      let error = try checkpointError { _ = try RunInMemory().write(step: 20, root: root.path) }
      #expect(error.code == .noSpace && error.systemError == ENOSPC, "\(error)")
      #expect(error.file.hasPrefix(root.path) && error.host?.isEmpty == false)
      #expect(error.description.contains("No space left on device"))
      #expect(try #require(error.bytesNeeded) > 3 * 4 * 19_616)

      #expect(try FileManager.default.contentsOfDirectory(atPath: root.path) == ["step-000010"])
      #expect(try root.newestValid().found?.listFiles() == before)

      // Room made, the same write succeeds.
      try FileManager.default.removeItem(atPath: root.path + "/step-000010")
      try RunInMemory().write(step: 20, root: root.path)
      #expect(try root.newestValid().found?.state.step == 20)
    }
  }

  @Test(.enabled(if: SmallDisk.isAvailable, "unshare -rm with a tmpfs is not permitted here"))
  func aFullDiskLeavesNoHalfModel() throws {
    let disk = try #require(SmallDisk(kilobytes: 60))
    let run = try RunInMemory()
    let error = try checkpointError {
      try run.weights.withUnsafeBufferPointer {
        try run.writer.writeModel(at: disk.path + "/out/model", step: 1, weights: $0)
      }
    }
    #expect(error.code == .noSpace)
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path + "/out").isEmpty)
  }
}
