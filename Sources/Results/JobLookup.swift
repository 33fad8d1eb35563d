public import WireProtocol

/// A job as it was named on the command line could not be found, or not only one.
public struct JobNotFound: Error, Sendable, CustomStringConvertible {
  public let description: String
}

/// The job that `word` names: its number, its name, or the only name that begins with it. Of several jobs with the
/// whole name the latest is meant; a stage of a pipeline is named by number or as `pipeline/stage`.
public func job(named word: String, among jobs: [JobStatus]) throws(JobNotFound) -> JobStatus {
  if let number = UInt32(word) {
    if let job = jobs.first(where: { $0.id.number == number }) { return job }
    throw JobNotFound(description: "there is no job \(number). \(hint(jobs))")
  }
  func fullName(_ job: JobStatus) -> String {
    guard let parent = jobs.first(where: { $0.id == job.parent }) else { return job.name }
    return "\(parent.name)/\(job.name)"
  }
  if let latest = jobs.filter({ fullName($0) == word }).max(by: { $0.id < $1.id }) { return latest }
  let matches = jobs.filter { $0.parent.number == 0 || word.contains("/") }.filter { fullName($0).hasPrefix(word) }
  guard let latest = matches.max(by: { $0.id < $1.id }), !word.isEmpty else {
    throw JobNotFound(description: "no job is named `\(printable(word))`. \(hint(jobs))")
  }
  let names = Set(matches.map(fullName))
  guard names.count == 1 else {
    let list = names.sorted().prefix(6).joined(separator: ", ")
    throw JobNotFound(
      description: "`\(printable(word))` begins the names of several jobs: \(list). Give more of it, or a number")
  }
  return latest
}

private func hint(_ jobs: [JobStatus]) -> String {
  jobs.isEmpty ? "The coordinator has no jobs yet" : "`admix jobs` lists them"
}
