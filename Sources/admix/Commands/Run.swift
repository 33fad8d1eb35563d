import ArgumentParser
import ControlClient
import Foundation
import JobFiles
import JobKit
import KernelTable
import Results
import StateFiles
import WireProtocol

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs a job on this machine, without any cluster.",
    discussion: """
      Ctrl-C finishes the step and writes a checkpoint; a second one stops at once. The same command goes on where the \
      job stopped.
      """)

  @OptionGroup var jobFile: JobFileArgument
  @Option(help: "The directory for the results (default: the job file's `output`).", completion: .directory)
  var output: String?
  @Option(help: "Worker processes.") var workers = 1
  @Option(help: "Threads of each worker (default: the processors divided among the workers).") var threads: Int?
  @Flag(help: "Rename an output directory that holds something else.") var force = false
  @Option(help: "Of a pipeline: compute this stage and what needs it again, whatever is done.") var from: String?
  @Flag(help: "Check and plan the job, print what it would do, and run nothing.") var dryRun = false
  @Flag(help: "Print the result as JSON.") var json = false
  @Option(
    help: "A list of known weights (NUMERICS RECIPE_SHA256 WEIGHTS_SHA256 a line); ends with 1 if ours are others.",
    completion: .file())
  var known: String?
  @Flag(help: .hidden) var failpoints = false
  @OptionGroup(visibility: .hidden) var timing: TimingOptions

  func validate() throws {
    guard (1...64).contains(workers) else {
      throw ValidationError("--workers takes a number from 1 to 64, found \(workers)")
    }
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads takes a number from 1 to 1024, found \(threads)")
    }
  }

  func run() throws {
    let planned = try jobFile.plan()
    try HoursBudget.check(jobFile)
    try run(try from.map(planned.redoing) ?? planned) {
      try PlannedCost.record(jobFile, workers: workers, threads: threadsPerWorker, in: $0)
    }
  }

  private var threadsPerWorker: Int { threads ?? max(1, Machine.processorCount / workers) }

  /// Runs a job that is planned already; `prepare` gets the claimed output directory. With a family, the directory may
  /// hold the results of an earlier job of it, whose shards are taken over.
  func run(
    _ planned: PlannedJob, family: OutputClaim.Family? = nil, prepare: (String) throws -> Void = { _ in }
  ) throws {
    if dryRun { return Console.shared.print(dryRunLines(planned)) }
    let known = try known.map(KnownWeights.init(path:))
    _ = try InstructionSet.choose()
    try MemoryNeed(planned.plan).check(workers: workers)
    let directory = Machine.absolute(output ?? planned.output)
    let claim = try OutputClaim.claim(directory, recipe: planned.recipeDigest, family: family, force: force) {
      Console.shared.note("what was in \(directory) is now in \($0)")
    }
    if from != nil, claim == .same, finishedResult(of: planned, in: directory) != nil {
      throw CommandFailure(
        .usage,
        "\(directory) is finished, and what its stages took over was cleared away; --force without --from computes all "
          + "of it again")
    }
    if claim == .same, let result = finishedResult(of: planned, in: directory) {
      Console.shared.note("\(directory) holds the finished results of this recipe; nothing is left to do")
      if show(result, lines: resultLines(result), known: known) { return }
      throw ExitCode(ExitStatus.jobFailed.rawValue)
    }
    for note in planned.plan.notes { Console.shared.note(note) }
    try prepare(directory)
    let (state, isKnown) = try train(
      planned, directory: directory, known: known, cancelsEarlier: from != nil || claim == .related)
    if state == .completed {
      if family != nil { removeInputs(of: planned, directory) }
      removeWorkingFiles(directory, keeping: ["output.json"] + (family != nil ? ["coordinator"] : []))
    }
    let status = isKnown ? exitStatus(of: state) : .jobFailed
    if status != .ok { throw ExitCode(status.rawValue) }
  }

  /// Runs the job to its end or to a stop, and prints what came of it. `isKnown` is false for weights that are not the
  /// known ones.
  private func train(
    _ planned: PlannedJob, directory: String, known: KnownWeights?, cancelsEarlier: Bool
  ) throws -> (JobState, isKnown: Bool) {
    let cluster = try LocalCluster(
      LocalCluster.Settings(
        directory: "\(directory)/.admix", workers: workers,
        threads: threadsPerWorker, timing: timing, failpoints: failpoints))
    defer { cluster.stop() }
    let connection = try cluster.connect()
    defer { connection.close() }
    // A token made of the recipe: submitted again after a crash it is the same job. With --from it is another one, and
    // takes over the finished stages of the one before.
    if cancelsEarlier { try cancelUnfinished(on: connection) }
    let job = try connection.submit(planned, token: from == nil ? token(of: planned.recipeDigest) : .drawn())
    try goOn(job, on: connection)
    Interrupts.count()
    let tree = try OutputTree(directory: directory) { outputViews(of: $0) }
    let ended = try LocalRun(connection: connection, job: job, tree: tree).follow()
    Console.shared.endProgress()
    let isKnown = show(ended.result, lines: resultLines(ended.detail, result: ended.result), known: known)
    if ended.detail.status.state == .paused {
      Console.shared.note("the same command goes on from step \(ended.detail.status.step)")
      if ended.wasInterrupted { throw ExitCode(ExitStatus.cancelled.rawValue) }
    }
    return (ended.detail.status.state, isKnown)
  }

  /// Prints the result; false when its weights are not the known ones.
  private func show(_ result: JSONNode, lines: [String], known: KnownWeights?) -> Bool {
    let verdict = known.flatMap { $0.line(result, numerics: numericsVersion) }
    Console.shared.print(json ? [result.text(indented: true)] : lines + (verdict.map { [$0.text] } ?? []))
    if json, let verdict { Console.shared.note(verdict.text) }
    return verdict?.isBroken != true
  }

  private func cancelUnfinished(on connection: CoordinatorConnection) throws {
    for job in try connection.status().jobs where job.parent.number == 0 && !job.state.isFinal {
      try connection.control(job.id, .cancel)
    }
  }

  /// A job of an earlier run is taken up again, whatever made it stop.
  private func goOn(_ job: JobID, on connection: CoordinatorConnection) throws {
    switch try connection.detail(of: job).status.state {
    case .paused: try connection.control(job, .resume)
    case .failed, .cancelled: try connection.control(job, .retry)
    case .pending, .running, .completed: break
    }
  }

  /// By its recipe, since a run of another recipe of the family may have ended after the directory was claimed.
  private func finishedResult(of planned: PlannedJob, in directory: String) -> JSONNode? {
    guard let text = try? String(contentsOfFile: "\(directory)/result.json", encoding: .utf8),
      let result = JSONNode(parsing: text), result["state"] == "COMPLETED",
      result["recipe_sha256"] == .string(planned.recipeDigest.hex)
    else { return nil }
    if case .string(let model)? = result["model"], !FileManager.default.fileExists(atPath: model) { return nil }
    return result
  }

  /// Journal, artifacts and caches of a job that is over; its results are in the output tree.
  private func removeWorkingFiles(_ directory: String, keeping kept: [String]) {
    let folder = "\(directory)/.admix"
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where !kept.contains(name) {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
  }

  /// Leaves in the coordinator's store what later jobs of the family take over: what shards came to.
  private func removeInputs(of planned: PlannedJob, _ directory: String) {
    do {
      let store = try BlobStore(root: "\(directory)/.admix/coordinator")
      for file in planned.files { try store.remove(file.digest) }
    } catch {
      Console.shared.warn("\(error)")
    }
  }

  private func token(of digest: Digest) -> Token128 {
    func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    return Token128(high: word(digest.bytes[0..<8]), low: word(digest.bytes[8..<16]))
  }
}
