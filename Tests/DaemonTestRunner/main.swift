// A runner for tests, in a process of its own: does a shard by joining its inputs into one file, and misbehaves as the
// shard's payload says. With arguments (`ADDRESS CACHE`) it is a worker whose runners are this program.

import Foundation
import Transport
import WireProtocol
import WorkerDaemon

func runWorker(_ arguments: [String]) throws -> Never {
  var options = WorkerOptions(
    coordinator: arguments[1], name: "process", runner: .init(executable: arguments[0], arguments: []),
    cacheDirectory: arguments[2], build: "test-build", numericsVersion: 7, isa: "avx2", threads: 1)
  options.plugins = [PluginVersion(name: "test", version: 1)]
  options.adoptsOrphans = true
  options.exitsWithParent = true
  options.handlesSignals = true
  let daemon = try WorkerSupervisor(options)
  try daemon.start()
  daemon.waitUntilStopped()
  exit(0)
}

if CommandLine.arguments.count > 2 { try runWorker(CommandLine.arguments) }

let loop = EventLoop(name: "test runner")
let connection = try Connection.adopt(fileDescriptor: 3, name: "worker", loop: loop)

/// Whether the payload asked for something else than work.
func misbehave(_ text: String) -> Bool {
  switch text {
  case "": return false
  case "trap":
    FileHandle.standardError.write(Data("about to fail\nthe last line\n".utf8))
    abort()
  case "sleep": return true
  default:
    // `fork NUMBER`: leaves a grandchild in our process group, and one in a session of its own.
    let number = text.dropFirst(5)
    let child = Process()
    child.executableURL = URL(fileURLWithPath: "/bin/sh")
    child.arguments = ["-c", "sleep \(number) & setsid sleep \(number) & wait"]
    try? child.run()
    return true
  }
}

func publish(_ begin: Begin) throws {
  var joined = Data()
  for tree in begin.assign.inputs {
    for file in tree.files {
      joined += try Data(contentsOf: URL(fileURLWithPath: "\(begin.directory)/inputs/\(tree.name)/\(file.path)"))
    }
  }
  let path = "\(begin.directory)/scratch/joined"
  try joined.write(to: URL(fileURLWithPath: path))
  try connection.send(
    Publish(request: 1, items: [Publish.Item(absolutePath: path, path: "joined.bin")]),
    stream: begin.assign.assignment.number)
}

func receive(_ frame: Frame) throws {
  switch frame.type {
  case .begin:
    let begin: Begin = try frame.decode()
    if !misbehave(String(decoding: begin.assign.payload, as: UTF8.self)) { try publish(begin) }
  case .published:
    let published: Published = try frame.decode()
    let number = frame.header.stream
    if let failure = published.failure {
      try connection.send(Failed(message: failure), stream: number)
    } else {
      try connection.send(
        Completed(outputs: [NamedTree(name: "out", files: published.files)], result: "{\"files\": 1}"), stream: number)
    }
  case .leave: exit(0)
  default: break
  }
}

connection.onClose = { _ in exit(1) }
connection.sayHello(
  Hello(
    wireVersionLow: 1, wireVersionHigh: 1, role: .runner, boot: Token128(high: 1, low: 1), build: "test",
    numericsVersion: 7), checksums: false
) { answer in
  guard case .success = answer else { exit(2) }
  connection.onFrame = { frame in
    do { try receive(frame) } catch {
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      exit(3)
    }
  }
}
loop.run()
