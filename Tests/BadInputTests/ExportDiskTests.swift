import Foundation
import TestSupport
import Testing

/// A model exported to a disk too small for it.
@Suite(
  "An export to a full disk", .enabled(if: SmallDisk.isAvailable, "unshare -rm with a tmpfs is not permitted here"))
struct ExportDiskTests {
  @Test(
    "says so with file and bytes, and leaves nothing half-written",
    arguments: [("hf", 16), ("hf", 100), ("gguf", 16), ("gguf", 60)])
  func full(format: String, kilobytes: Int) throws {
    let job = try TinyJob()
    // Only what runs on the small disk sees it: the listing is part of the command.
    let script = #"""
      "$0" export model /mnt/exported --format "$1"; status=$?
      echo "left: $(ls -A /mnt)"
      exit $status
      """#
    let command = SmallDisk.command(kilobytes: kilobytes) + ["bash", "-c", script, Subprocess.admix.path, format]
    let ended = try job.run("/usr/bin/env", command)
    #expect(ended.status == 2, "\(ended.status): \(ended.error)")
    #expect(ended.output == "left: \n", "\(ended.output)")
    #expect(ended.error.split(separator: "\n").count == 1, "\(ended.error)")
    for word in ["error: ", "/mnt", "No space left on device"] { #expect(ended.error.contains(word), "\(ended.error)") }
  }
}
