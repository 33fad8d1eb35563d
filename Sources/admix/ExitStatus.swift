import ArgumentParser
import Benchmarks
import ControlClient
import CoordinatorDaemon
import Corpora
import Glibc
import JobKit
import KernelTable
import Results
import StateFiles
import Study
import Tokenizers
import Transport
import WireProtocol
import WorkerDaemon

/// What the shell is told.
enum ExitStatus: Int32 {
  case ok = 0
  case jobFailed = 1
  case usage = 2
  case unreachable = 3
  case refused = 4
  case timedOut = 5
  case notFound = 6
  case cancelled = 7
}

/// An error whose exit status its thrower knows.
struct CommandFailure: Error, CustomStringConvertible {
  let status: ExitStatus
  let description: String
  init(_ status: ExitStatus, _ description: String) {
    self.status = status
    self.description = description
  }
}

/// Prints the error (or the help that was asked for) and ends the process.
func leave(because error: any Error) -> Never {
  // Thrown by commands that have said everything there is to say.
  if let code = error as? ExitCode { exit(code.rawValue) }
  if let status = status(of: error) {
    Console.shared.complain(String(describing: error))
    exit(status.rawValue)
  }
  // ArgumentParser's own: help and version go to stdout, mistakes to stderr.
  let isHelp = Admix.exitCode(for: error) == .success
  let text = Admix.fullMessage(for: error)
  if isHelp { Console.shared.print(text) } else { Console.shared.note(text) }
  exit(isHelp ? ExitStatus.ok.rawValue : ExitStatus.usage.rawValue)
}

/// Nil for what ArgumentParser throws and formats itself.
func status(of error: any Error) -> ExitStatus? {
  switch error {
  case let failure as CommandFailure: failure.status
  case is SpecError, is OutputError: .usage
  case is JobNotFound: .notFound
  case let error as ClientError: clientStatus(error)
  case is StoreError, is TransportError, is CoordinatorError, is WorkerError, is InstructionSetError: .usage
  case is HostMemoryError, is BenchInputError, is TokenizerError, is CorpusError, is StudyError: .usage
  default: Admix.exitCode(for: error) == .failure ? .jobFailed : nil
  }
}

private func clientStatus(_ error: ClientError) -> ExitStatus {
  switch error.code {
  case .address: .usage
  case .unreachable, .connectionLost: .unreachable
  case .refused: .refused
  case .timedOut: .timedOut
  case .requestFailed where error.requestFailure == .notFound: .notFound
  case .requestFailed where error.requestFailure == .wrongState: .usage
  case .requestFailed where error.requestFailure == .refused: .refused
  default: .jobFailed
  }
}
