import CLinux
import Glibc
public import JobKit
import Transport
import WireProtocol

/// A job runner: the child process that does one assignment's work. Third-party job types in Swift call `run` from
/// their own executable.
public enum RunnerMain {
  /// Says HELLO on the socket, takes BEGIN and works until it is told to leave (0), the supervisor is gone (0), or the
  /// runner itself cannot go on (1).
  ///
  /// When it returns, a plugin may still be computing on its thread: end the process with `_exit`.
  public static func run(
    jobTypes: [any JobType], socketDescriptor: Int32, settings: RunnerSettings = RunnerSettings()
  ) -> Int32 {
    if settings.ownsProcess {
      // The worker's death also shows as the end of the socket; this is for a loop that does not get there any more.
      _ = admix_set_parent_death_signal(SIGKILL)
      // Ctrl-C is the supervisor's to hear: it asks its runners to leave.
      signal(SIGINT, SIG_IGN)
    }
    let failpoints: Failpoints
    do throws(FailpointError) {
      failpoints = try Failpoints.fromEnvironment()
    } catch {
      return complain("\(error)")
    }
    let loop = EventLoop(name: "runner")
    let connection: Connection
    do throws(TransportError) {
      connection = try Connection.adopt(fileDescriptor: socketDescriptor, name: "worker", loop: loop)
    } catch {
      return complain("\(error)")
    }
    let session = RunnerSession(
      connection: connection, jobTypes: jobTypes, settings: settings, failpoints: failpoints)
    session.start()
    loop.run()
    return session.status
  }

  /// One line on standard error, whose last lines travel with RUNNER_EXITED.
  static func complain(_ sentence: String) -> Int32 {
    _ = "runner: \(sentence)\n".withCString { Glibc.write(2, $0, strlen($0)) }
    return 1
  }
}
