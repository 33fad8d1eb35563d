import JobFiles
import Results

/// What `admix plan` says of a job with a sweep before it runs, kept as `plan.json` beside the results, so that the
/// report can hold what it cost against it.
enum PlannedCost {
  /// Prices the job once for `workers` that share this machine. That it cannot be priced is said and stops nothing.
  static func record(_ argument: JobFileArgument, workers: Int, threads: Int, in directory: String) throws {
    let path = "\(directory)/plan.json"
    // Pricing reads models and times this machine; only jobs whose report tells the cost pay.
    guard try JobFile(readingFrom: argument.file).text.contains("sweep"), readText(path) == nil else { return }
    do {
      let plan = try Plan(of: argument, options: ["--workers", "\(workers)", "--threads", "\(threads)"])
      try replaceFile(path, with: plan.page().object.text(indented: true) + "\n")
    } catch {
      Console.shared.note("what this will cost was not planned: \(error)")
    }
  }
}
