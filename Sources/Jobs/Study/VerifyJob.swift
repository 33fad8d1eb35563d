import Foundation
public import JobKit
import Study
public import WireProtocol

/// Says whether the setting that a study carried held on the larger model: yes, no or not tested, with regret. It reads
/// the study's output and the table of confirmation cells that the larger model was trained on.
public struct VerifyJob: JobType {
  static let tree = "verification"
  private static let studyTree = "study"

  public let name = "verify"
  public var version: UInt32 { 1 }

  public init() {}

  public func plan(_ specification: SpecMapping, context: any PlanningContext) throws -> JobPlan {
    let ((header, study, cells), resolved) = try SpecReader.read(specification) { reader in
      (
        try reader.header(of: name), try reader.required("study", .path, example: "\"${choose.study}\""),
        try reader.requiredList("cells", of: .path, count: 1...64, example: "[\"${confirm.sweep}\"]")
      )
    }
    let answer = try context.input(named: Self.studyTree, path: study, kind: .directory)
    if let path = answer.localPath, !FileManager.default.fileExists(atPath: "\(path)/\(SettledStudy.file)") {
      throw SpecError(
        position: study.position, path: study.path, problem: "\(path) has no \(SettledStudy.file)",
        remedy: "Name the folder `study` of a finished study's output")
    }
    let tables = try TableInputs.planned(cells, context: context)
    context.resolved(resolved)
    return JobPlan(
      jobType: name, pluginVersion: version, name: header.name,
      phases: [
        PhasePlan(
          name: "verify",
          work: .sharded([
            ShardPlan(name: "verify", payload: [], inputs: [answer.reference] + tables.map(\.reference))
          ]))
      ], outputs: [Self.tree])
  }

  public func runShard(_ context: ShardContext) throws -> ShardResult {
    guard let directory = context.inputs[Self.studyTree] else { throw MissingStudy() }
    let settled = try JSONDecoder().decode(
      SettledStudy.self, from: try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(SettledStudy.file)")))
    let tables = try TableInputs.read(context.inputs)
    let carried = Setting(ratio: settled.carried.almr, learningRate: settled.carried.learningRate)
    let check = try Verification(of: carried, in: tables.cells, options: settled.options.study)
    let files = ResultFolder(context.scratchDirectory + "/verification")
    try files.write(check.json, "verification.json")
    try files.write(check.markdown, "verification.md")
    let summary = VerificationSummary(
      verdict: check.verdict.rawValue, regret: check.regret, sentences: check.sentences)
    return ShardResult(
      outputs: [OutputTree(name: Self.tree, directory: files.path)],
      result: String(decoding: try encoded(["verification": summary]), as: UTF8.self))
  }

  public func makeMember(_ context: MemberContext) throws -> any SteppedMember { throw NoGang() }

  struct NoGang: Error, CustomStringConvertible {
    var description: String { "a verification has no stepped phase" }
  }
  struct MissingStudy: Error, CustomStringConvertible {
    var description: String { "the study's answer did not arrive with the assignment" }
  }
}

/// What `result.json` says of it.
private struct VerificationSummary: Codable {
  let verdict: String
  /// As a share of the new loss; nil where it is not known.
  let regret: Double?
  let sentences: [String]
}
