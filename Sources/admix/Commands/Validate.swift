import ArgumentParser
import JobFiles
import JobKit
import KernelTable
import Results
import WireProtocol

struct Validate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks a job file and everything it names, and starts nothing.")

  @OptionGroup var jobFile: JobFileArgument
  @Flag(help: "Print the job file with every default filled in.") var resolved = false
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let planned = try jobFile.plan()
    let shortage = MemoryNeed(planned.plan).shortage(workers: 1, try HostMemory.now())
    let notes = planned.plan.notes + (shortage.map { ["`admix run` would refuse it here: \($0)."] } ?? [])
    let byteCount = planned.files.reduce(0) { $0 + $1.byteCount }
    if json {
      let object: JSONNode = [
        "schema": .integer(schemaVersion), "valid": .boolean(true), "name": .string(planned.plan.name),
        "kind": .string(planned.plan.jobType), "recipe_sha256": .string(planned.recipeDigest.hex),
        "files": .integer(Int64(planned.files.count)), "bytes": .unsigned(byteCount),
        "notes": .array(notes.map(JSONNode.string)), "resolved": .string(planned.resolved.yaml),
      ]
      Console.shared.print(object.text(indented: true))
    } else if resolved {
      Console.shared.print(String(planned.resolved.yaml.dropLast()))
    } else {
      Console.shared.print(
        "\(jobFile.file) is valid: \(planned.plan.jobType) \(planned.plan.name), "
          + "\(planned.files.count) input files of \(bytes(byteCount)), results in \(planned.output)")
      Console.shared.print(notes.map { "  \($0)" })
    }
  }
}
