import Glibc
import Testing
@testable import Transport
import WireProtocol

@Suite("Child processes")
struct ChildProcessTests {
  static func shell(_ script: String) -> ChildProcess.Launch {
    ChildProcess.Launch(executable: "/bin/sh", arguments: ["-c", script])
  }

  static func run(_ launch: ChildProcess.Launch, then act: @escaping (ChildProcess) -> Void = { _ in }) throws
    -> ChildExit
  {
    try withLoop { loop, finish in act(try ChildProcess.spawn(launch, loop: loop) { finish($0) }) }
  }

  @Test("An exit status comes with the last lines of standard output and error")
  func exitStatus() throws {
    let exit = try Self.run(Self.shell("echo one; echo two >&2; exit 3"))
    #expect(exit == ChildExit(status: 3, signal: 0, lastLines: "one\ntwo\n"))
  }

  @Test("A child that is killed is reported with its signal")
  func signals() throws {
    let exit = try Self.run(Self.shell("echo dying; kill -SEGV $$"))
    #expect(exit.signal == SIGSEGV && exit.lastLines.contains("dying"))
    let killed = try Self.run(Self.shell("exec sleep 60")) { $0.kill(SIGKILL) }
    #expect(killed.signal == SIGKILL)
    #expect("\(killed)".contains("signal 9"))
  }

  @Test("A kill reaches the whole group, what was forked included")
  func groups() throws {
    let (exit, line): (ChildExit, String) = try withLoop { loop, finish in
      var line = ""
      var child: ChildProcess?
      let launch = Self.shell("sleep 61 & echo $!; wait")
      child = try ChildProcess.spawn(
        launch, loop: loop,
        onLine: { text in
          line = text
          child?.kill(SIGKILL)
        }, onExit: { finish(($0, line)) })
    }
    #expect(exit.signal == SIGKILL)
    let grandchild = try #require(pid_t(line))
    // Gone, or a zombie that init has yet to wait for.
    let deadline = EventLoop.now + .seconds(5)
    while isAlive(grandchild), EventLoop.now < deadline { usleep(10_000) }
    #expect(!isAlive(grandchild))
  }

  private func isAlive(_ process: pid_t) -> Bool {
    guard kill(process, 0) == 0, let file = fopen("/proc/\(process)/stat", "r") else { return false }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = fread(&bytes, 1, bytes.count, file)
    return !String(decoding: bytes[..<count], as: UTF8.self).contains(") Z ")
  }

  @Test("Only the end of much output is kept, and the end of a last line without a newline too")
  func keptOutput() throws {
    var launch = Self.shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; printf last")
    launch.keptOutputBytes = 1000
    let exit = try Self.run(launch)
    #expect(exit.status == 0)
    #expect(exit.lastLines.utf8.count == 1000 && exit.lastLines.hasSuffix("line 19999\nlast"))
  }

  @Test("A descriptor is inherited under the number asked for, and its end of file is seen when the child dies")
  func descriptors() throws {
    let (bytes, exit): ([UInt8], ChildExit) = try withLoop { loop, finish in
      let pair = try SocketPair.make()
      var launch = Self.shell("read word <&3; echo got $word >&3")
      launch.descriptors = [(ours: pair.theirs, child: 3)]
      launch.environment = ["PATH=/bin:/usr/bin"]
      var bytes: [UInt8] = []
      var exit: ChildExit?
      var ended = false
      func check() {
        if ended, let exit { finish((bytes, exit)) }
      }
      _ = try ChildProcess.spawn(launch, loop: loop) {
        exit = $0
        check()
      }
      pair.closeTheirs()
      let connection = try Connection.adopt(fileDescriptor: pair.ours, name: "child", loop: loop)
      connection.stream.onBytes = { bytes += $0 }
      connection.stream.onEnd = { _ in
        ended = true
        check()
      }
      connection.stream.startReading()
      connection.stream.write(Array("hello\n".utf8))
    }
    #expect(String(decoding: bytes, as: UTF8.self) == "got hello\n")
    #expect(exit.status == 0)
  }

  @Test("An executable that is not there is an error with its name")
  func missingExecutable() throws {
    let error: TransportError = try withLoop { loop, finish in
      do throws(TransportError) {
        _ = try ChildProcess.spawn(.init(executable: "/nowhere/admix"), loop: loop) { _ in }
      } catch { finish(error) }
    }
    #expect("\(error)" == "cannot start /nowhere/admix: no such file or directory")
  }
}
