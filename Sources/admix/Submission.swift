import ArgumentParser
import ControlClient
import EvaluationJob
import JobFiles
import JobKit
import PipelineJob
import Results
import StudyJobs
import TrainingJobs
import WireProtocol

/// The job types that are built in. Coordinator and workers never see this list.
let jobTypes: [any JobType] = [
  CPTJob(), SFTJob(), DPOJob(), TokenizerJob(), SweepJob(), StudyJob(), VerifyJob(), EvalJob(), Pipeline(),
]

/// A job file, and where its relative paths start.
struct JobFileArgument: ParsableArguments {
  @Argument(help: "A job file (YAML).", completion: .file(extensions: ["yaml", "yml"]))
  var file: String

  @Option(help: "Where relative input paths start (default: the job file's folder).", completion: .directory)
  var base: String?

  func plan() throws -> PlannedJob {
    try PlannedJob(JobFile(readingFrom: file), base: base, jobTypes: jobTypes)
  }
}

extension CoordinatorConnection {
  /// Uploads what the store does not have, then submits. Repeating it with one token gives one job.
  func submit(_ planned: PlannedJob, token: Token128) throws -> JobID {
    let files = planned.files.map { LocalFile(path: $0.path, digest: $0.digest, byteCount: $0.byteCount) }
    try upload(files) { done in
      guard done.bytesTotal > 0 else { return }
      Console.shared.progress(
        "uploading \(bytes(done.bytesDone)) of \(bytes(done.bytesTotal)), file \(done.filesDone) of \(done.filesTotal)")
    }
    Console.shared.endProgress()
    return try submit(
      Submit(
        plan: planned.plan, jobFile: planned.resolved.yaml, recipeDigest: planned.recipeDigest, submission: token))
  }
}

extension Token128 {
  /// Of 128 random bits.
  static func drawn() -> Token128 {
    var generator = SystemRandomNumberGenerator()
    return Token128(high: generator.next(), low: generator.next())
  }
}
