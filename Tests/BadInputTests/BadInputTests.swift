import Foundation
import TestSupport
import Testing

@Suite("Bad input at the command line")
struct BadInputTests {
  @Test(
    "is answered by one error that names place, finding and expectation, with exit code 2; nothing is made",
    arguments: Defect.texts + Defect.models + Defect.weights + Defect.formats + Defect.jobFiles)
  func refused(defect: Defect) throws {
    let job = try TinyJob()
    try job.write()
    try defect.spoil(job)
    let before = try job.additions()
    for command in [["validate"], ["run", "--output", "out"]] {
      let ended = try job.admix([command[0], "job.yaml"] + command.dropFirst())
      #expect(ended.status == 2, "\(command): \(ended.error)")
      #expect(ended.output.isEmpty, "\(ended.output)")
      let lines = ended.error.split(separator: "\n")
      #expect(lines.count == 1 && lines.first?.hasPrefix("error: ") == true, "\(ended.error)")
      for word in defect.says { #expect(ended.error.contains(word), "\(ended.error)") }
    }
    #expect(try job.additions() == before)
  }

  @Test("The job without a defect is valid")
  func unspoiled() throws {
    let job = try TinyJob()
    try job.write()
    let ended = try job.admix(["validate", "job.yaml", "--json"])
    #expect(ended.status == 0, "\(ended.error)")
    let answer = try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any]
    #expect(answer?["schema"] as? Int == 1 && answer?["valid"] as? Bool == true)
    #expect(try job.additions().isEmpty)
  }

  @Test(
    "An output directory that cannot be made is named",
    arguments: [("job.yaml", "is a file"), ("job.yaml/out", "ot a directory"), ("/proc/out", "No such file")])
  func output(place: String, says: String) throws {
    let job = try TinyJob()
    try job.write()
    let ended = try job.admix(["run", "job.yaml", "--output", place])
    #expect(ended.status == 2, "\(ended.error)")
    #expect(ended.error.contains(place) && ended.error.contains(says), "\(ended.error)")
  }

  @Test("An output directory with something else in it is refused, and left as it is")
  func foreignOutput() throws {
    let job = try TinyJob()
    try job.write()
    try job.directory.write("mine", to: "out/thesis.txt")
    let ended = try job.admix(["run", "job.yaml"])
    #expect(ended.status == 2)
    #expect(ended.error.contains("is not empty") && ended.error.contains("--force"), "\(ended.error)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: job.file("out").path) == ["thesis.txt"])
  }

  @Test(
    "A file that may not be read is named with the reason", .enabled(if: canGiveUpRoot, "no user namespaces"),
    arguments: [
      "zh.jsonl", "model/config.json", "model/model.safetensors", "model/tokenizer.model", "job.yaml", "zh.jsonl.zst",
      "model.gguf", "model/tokenizer.json",
    ])
  func unreadable(name: String) throws {
    let job = try TinyJob()
    try job.write()
    if !FileManager.default.fileExists(atPath: job.file(name).path) { try job.take(name) }
    let before = try job.additions()
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: job.file(name).path)
    // Root reads everything, unless it is root of nothing.
    let ended = try job.run("/usr/bin/unshare", ["-U", Subprocess.admix.path, "run", "job.yaml"])
    #expect(ended.status == 2, "\(ended.error)")
    #expect(ended.error.contains(job.file(name).lastPathComponent), "\(ended.error)")
    #expect(ended.error.contains("not readable for this user"), "\(ended.error)")
    #expect(try job.additions() == before)
  }

  private static let canGiveUpRoot =
    (try? TinyJob().run("/usr/bin/unshare", ["-U", "/usr/bin/true"]).status) == 0

  @Test("A command that is mistyped is answered with the nearest one")
  func commands() throws {
    let job = try TinyJob()
    let ended = try job.admix(["stauts"])
    #expect(ended.status == 2)
    #expect(ended.error.contains("`stauts`") && ended.error.contains("`status`"), "\(ended.error)")
  }
}
