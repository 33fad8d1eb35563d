import ArgumentParser
import KernelTable
import Results

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks whether this host can run Admix, and says what to do if not.",
    discussion: """
      Takes about a second, in which it measures how fast this host computes. Ends with 1 when something fails; \
      warnings are no failure. What is checked against is the demo (scripts/demo.sh) with two workers.
      """)

  @Option(help: "Where results are to go.", completion: .directory) var directory = "out"
  @Option(help: "The port of a coordinator on this host.") var port: UInt16 = 7450
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let needs = HostNeeds.demo
    let readings = HostReadings.take(directory: Machine.absolute(directory), port: port)
    let findings = diagnosis(readings, for: needs)
    let worst = findings.map(\.verdict).max() ?? .ok
    if json {
      Console.shared.print(object(findings, worst: worst, readings: readings).text(indented: true))
    } else {
      Console.shared.print(doctorLines(findings))
      let answer = worst == .fail ? "cannot run \(needs.what) as it is" : "can run \(needs.what)"
      Console.shared.print("this host \(answer)")
    }
    if worst == .fail { throw ExitCode(ExitStatus.jobFailed.rawValue) }
  }

  private func object(_ findings: [Finding], worst: Finding.Verdict, readings: HostReadings) -> JSONNode {
    let list = findings.map { finding -> JSONNode in
      [
        "subject": .string(finding.subject), "verdict": .string(finding.verdict.rawValue),
        "text": .string(finding.text), "remedy": finding.remedy.isEmpty ? .null : .string(finding.remedy),
      ]
    }
    return [
      "schema": .integer(schemaVersion), "verdict": .string(worst.rawValue), "findings": .array(list),
      "instruction_set": readings.instructionSet.map { .string($0.rawValue) } ?? .null,
      "processors": .integer(Int64(readings.processors)), "memory_available_bytes": .unsigned(readings.memoryAvailable),
      "disk_free_bytes": readings.diskFree.map(JSONNode.unsigned) ?? .null,
      "flops_per_second": readings.flopsPerSecond.map(JSONNode.number) ?? .null,
    ]
  }
}

/// `warn  open files  256 at a time (ulimit -n)`, and below it the way out.
func doctorLines(_ findings: [Finding]) -> [String] {
  findings.flatMap { finding in
    let subject = finding.subject + String(repeating: " ", count: max(0, 12 - finding.subject.count))
    let line = "\(finding.verdict.rawValue)\(finding.verdict == .ok ? "  " : "")  \(subject)\(finding.text)"
    return [line] + (finding.remedy.isEmpty ? [] : [String(repeating: " ", count: 18) + "→ \(finding.remedy)"])
  }.map(printable)
}
