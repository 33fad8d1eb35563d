import GradientExchange
import Foundation
import Synchronization
import Transport
import WireProtocol

/// Runner processes on socketpairs, with the test in the place of worker and coordinator.
final class RunnerBench: Sendable {
  let loop = EventLoop(name: "bench")
  let directory: String
  let token = Token128.random()
  private let shared = Mutex(Shared())

  private struct Shared: Sendable {
    var frames: [UInt32: [Frame]] = [:]
    var connections: [UInt32: Connection] = [:]
    var children: [UInt32: ChildProcess] = [:]
    var exits: [UInt32: ChildExit] = [:]
    var startFailures: [UInt32: String] = [:]
    var refusesUploads: String?
  }

  init() throws {
    directory = NSTemporaryDirectory() + "admix-runners-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    loop.start()
  }

  func stop() {
    let bench = self
    loop.execute { bench.killAll() }
    loop.stop()
    loop.join()
    try? FileManager.default.removeItem(atPath: directory)
  }

  private func killAll() {
    for child in shared.withLock({ $0.children.filter { [exits = $0.exits] in exits[$0.key] == nil } }).values {
      child.kill(SIGKILL)
    }
  }

  /// PUBLISH is answered with this failure from now on; nil uploads again.
  func refuseUploads(_ failure: String?) { shared.withLock { $0.refusesUploads = failure } }

  /// Starts a runner and gives it BEGIN.
  func start(
    _ number: UInt32, work: Assign.Work = .member, payload: String = "", token: Token128? = nil,
    environment: [String: String] = [:]
  ) throws {
    let home = directory + "/\(number)"
    try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
    let assign = Assign(
      assignment: AssignmentID(number), job: JobID(1), jobType: "toy", phase: 0, phaseName: "toy", work: work,
      payload: Array(payload.utf8), inputs: [], checkpoint: nil, checkpointStep: 0, checkpointChain: .zero,
      runToken: token ?? self.token)
    let begin = Begin(
      assign: assign, directory: home, threads: 1, advertisedHost: "127.0.0.1", dataPortLow: 0, dataPortHigh: 0)
    let pair = try SocketPair.make()
    let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent("toy-runner").path
    var launch = ChildProcess.Launch(executable: executable, arguments: ["3"])
    launch.descriptors = [(pair.theirs, 3)]
    launch.keptOutputBytes = nil
    launch.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0.key)=\($0.value)" }
    let prepared = launch
    let bench = self
    loop.execute {
      do {
        let child = try ChildProcess.spawn(prepared, loop: bench.loop) { exit in
          bench.shared.withLock { $0.exits[number] = exit }
        }
        pair.closeTheirs()
        bench.shared.withLock { $0.children[number] = child }
        try bench.serve(number, pair.ours, begin)
      } catch {
        bench.shared.withLock { $0.startFailures[number] = "\(error)" }
      }
    }
  }

  private func serve(_ number: UInt32, _ descriptor: CInt, _ begin: Begin) throws {
    let connection = try Connection.adopt(fileDescriptor: descriptor, name: "runner \(number)", loop: loop)
    shared.withLock { $0.connections[number] = connection }
    let policy = ServerHandshake.Policy(
      roles: [.runner], numericsVersion: ExchangeNumerics.version, build: "bench", allowsMissingBodyChecksum: true)
    connection.onFrame = { frame in self.received(frame, from: number) }
    connection.awaitHello(policy) { _ in
      connection.admit(
        Welcome(
          wireVersion: 1, cluster: .zero, worker: WorkerID(1), generation: 1, heartbeatMilliseconds: 100,
          suspicionMilliseconds: 300, leaseMilliseconds: 1000, fenceMilliseconds: 800))
      try? connection.send(begin, generation: 1)
    }
  }

  private func received(_ frame: Frame, from number: UInt32) {
    if frame.type == .publish, let publish = try? frame.decode(Publish.self) {
      let refusal = shared.withLock { $0.refusesUploads }
      let files = publish.items.map { item in
        FileReference(path: item.path, digest: .zero, byteCount: Self.size(item.absolutePath))
      }
      let answer = Published(request: publish.request, files: refusal == nil ? files : [], failure: refusal)
      try? shared.withLock { $0.connections[number] }?.send(answer)
    }
    shared.withLock { $0.frames[number, default: []].append(frame) }
  }

  private static func size(_ path: String) -> UInt64 {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return (attributes?[.size] as? NSNumber)?.uint64Value ?? 0
  }

  func say<Message: WireMessage>(_ message: Message, to number: UInt32) {
    let bench = self
    loop.execute { try? bench.shared.withLock { $0.connections[number] }?.send(message, generation: 1) }
  }

  /// Closes the socket, as a dying worker does.
  func hangUp(_ number: UInt32) {
    let bench = self
    loop.execute { bench.shared.withLock { $0.connections[number] }?.abort("test") }
  }

  func signal(_ signal: Int32, to number: UInt32) {
    let bench = self
    loop.execute { bench.shared.withLock { $0.children[number] }?.kill(signal) }
  }

  /// The next message of this type from a runner that `accept` takes; those before it are dropped, but for one type.
  func wait<Message: WireMessage>(
    for type: Message.Type, from number: UInt32, seconds: Double = 60, keeping kept: MessageType? = nil,
    where accept: (Message) -> Bool = { _ in true }
  ) throws -> Message {
    let end = Date().addingTimeInterval(seconds)
    var passed: [Frame] = []
    defer { shared.withLock { $0.frames[number, default: []].insert(contentsOf: passed, at: 0) } }
    while Date() < end {
      while let frame = next(from: number) {
        if frame.type == .failed, Message.type != .failed {
          throw BenchFailure("FAILED: \(try frame.decode(Failed.self).message)")
        }
        if frame.type == Message.type {
          let message = try frame.decode(Message.self)
          if accept(message) { return message }
        }
        if frame.type == kept { passed.append(frame) }
      }
      if let failure = shared.withLock({ $0.startFailures[number] }) { throw BenchFailure(failure) }
      if let exit = shared.withLock({ $0.exits[number] }) { throw BenchFailure("runner \(number): \(exit)") }
      usleep(2000)
    }
    throw BenchFailure("runner \(number) did not say \(Message.type) within \(seconds) s")
  }

  private func next(from number: UInt32) -> Frame? {
    shared.withLock { shared in
      guard shared.frames[number]?.isEmpty == false else { return nil }
      return shared.frames[number]?.removeFirst()
    }
  }

  func waitForExit(_ number: UInt32, seconds: Double = 10) throws -> ChildExit {
    let end = Date().addingTimeInterval(seconds)
    while Date() < end {
      if let exit = shared.withLock({ $0.exits[number] }) { return exit }
      usleep(2000)
    }
    throw BenchFailure("runner \(number) has not ended within \(seconds) s")
  }
}

struct BenchFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
