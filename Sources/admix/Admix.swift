import ArgumentParser
import Glibc
import JobKit
import Results

@main
struct Admix: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "admix",
    abstract: "Continually pre-trains language models on mixtures, on one machine or a cluster of them.",
    discussion: """
      On this machine:  admix run job.yaml
      On a cluster:     admix coordinator, admix worker on each host, then admix submit job.yaml and admix status

      Exit codes: 0 ok, 1 job failed, 2 usage, 3 unreachable, 4 refused, 5 timed out, 6 not found, 7 cancelled.
      """,
    version: buildName,
    subcommands: [
      Run.self, Eval.self, Validate.self, Plan.self, CoordinatorCommand.self, WorkerCommand.self, SubmitCommand.self,
      StatusCommand.self, Inspect.self, Export.self, Jobs.self, Show.self, Logs.self, Wait.self, Cancel.self,
      Pause.self, Resume.self, Retry.self, Fetch.self, Report.self, Tokenize.self, TokenizerCommand.self,
      CorpusCommand.self, StudyCommand.self, ChatCommand.self, ServeCommand.self, Doctor.self, Bench.self, Runner.self,
    ])

  static func main() {
    // A reader that goes away (`admix jobs | head`) is an error of write, not the end of a worker.
    signal(SIGPIPE, SIG_IGN)
    // Whoever started this process may have blocked signals, and a process inherits that. Before any thread exists.
    Interrupts.unblock()
    do {
      try refuseMistypedCommand()
      var command = try parseAsRoot()
      try command.run()
    } catch {
      leave(because: error)
    }
  }

  /// What resembles no command is the argument parser's to answer.
  private static func refuseMistypedCommand() throws {
    let names = configuration.subcommands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
    guard let word = CommandLine.arguments.dropFirst().first, !word.hasPrefix("-"), !names.contains(word),
      !["help", Runner._commandName].contains(word), let near = nearest(to: word, among: names)
    else { return }
    throw CommandFailure(
      .usage, "there is no command `\(printable(word))`. Did you mean `\(near)`? `admix --help` lists all of them")
  }
}

/// What HELLO and `--version` say.
let buildName = "admix 0.1.0"
